"""Measures in the manifest of a model, and the model card that follows from it."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from math import isnan
from pathlib import Path
from types import MappingProxyType
from typing import Any

from paces_live.analysis.classifier import load_classifier
from training.corpus.contents import Contents, kinds
from training.evaluate.report.card import card
from training.evaluate.run.songs import Condition

REAL_MUSIC: Mapping[Condition, str] = MappingProxyType(
    {"clean": "open real set, constant tempo", "degraded": "open real set, constant tempo, degraded"}
)
"""Names of the groups of measures in the manifest; models that ship have the old name of the real-music set."""


def held_out(contents: Contents, split: str = "test") -> str:
    """Return the name of the group of measures on the songs of a split, by the songs that it has.

    Examples
    --------
    >>> held_out({"generated": {"test": 392}})
    'held-out generated songs, degraded'
    >>> held_out({"generated": {"test": 392}, "annotated": {"test": 20}})
    'held-out generated and annotated songs, degraded'
    """
    return f"held-out {' and '.join(kinds(contents, split))} songs, degraded"


def measured(work: Path, model: Path) -> Path:
    """Return the file whose manifest has the measures of `model` in a work folder.

    That is `model` itself if it is in the folder. Another model stays as it is: a copy of it gets the measures.
    """
    if model.resolve().is_relative_to(work.resolve()):
        return model
    return work / "measured" / load_classifier(model).manifest.sha256[:12] / model.name


def record(work: Path, model: Path, name: str, measures: dict[str, Any]) -> Path:
    """Write `measures` as the group `name` into the manifest, see `measured`, and the model card again.

    A copy of a model from elsewhere gets no card: the corpus of the work folder need not be that of its training.

    Returns
    -------
    Path
        The manifest.
    """
    target = measured(work, model)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        for file in (model, model.with_suffix(".json")):
            shutil.copyfile(file, target.with_suffix(file.suffix))
    manifest = load_classifier(target).manifest
    manifest = replace(manifest, metrics=manifest.metrics | {name: _rounded(measures)})
    manifest.write(target)
    if target == model:
        (target.parent / "README.md").write_text(card(manifest, target), "utf-8")
    return target.with_suffix(".json")


def _rounded(value: Any) -> Any:
    """Return the measures with five decimals, without nan, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items() if not (isinstance(item, float) and isnan(item))}
    return round(value, 5) if isinstance(value, float) else value
