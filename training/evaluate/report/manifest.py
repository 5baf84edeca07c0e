"""Measures in the manifest of a model, and the model card that follows from it."""

from collections.abc import Mapping
from dataclasses import replace
from math import isnan
from pathlib import Path
from types import MappingProxyType
from typing import Any

from paces_live.analysis.classifier import load_classifier
from paces_live.analysis.manifest import Manifest
from training.evaluate.report.card import card
from training.evaluate.run.songs import Condition

HELD_OUT = "held-out generated songs, degraded"
HELD_OUT_ANNOTATED = "held-out songs, degraded"
"""Names of the measures on held-out songs: all generated, or annotated ones among them."""
REAL_MUSIC_MEASURES: Mapping[Condition, str] = MappingProxyType(
    {"clean": "open real set, constant tempo", "degraded": "open real set, constant tempo, degraded"}
)
"""Names of the groups of measures in the manifest; models that ship have the old name of the real-music set."""


def record(model: Path, name: str, measures: dict[str, Any]) -> None:
    """Write `measures` into the manifest as the group `name`, and write the model card again."""
    manifest = load_classifier(model).manifest
    manifest = replace(manifest, metrics=manifest.metrics | {name: _rounded(measures)})
    manifest.write(model)
    write_card(manifest, model)


def write_card(manifest: Manifest, model: Path) -> None:
    """Write the model card next to the model."""
    (model.parent / "README.md").write_text(card(manifest, model), "utf-8")


def _rounded(value: Any) -> Any:
    """Return the measures with five decimals, without nan, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items() if not (isinstance(item, float) and isnan(item))}
    return round(value, 5) if isinstance(value, float) else value
