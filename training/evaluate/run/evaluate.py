"""The exported model, measured for its manifest and its card: held-out songs and the open real set."""

from collections.abc import Callable
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

from paces_live.analysis.classifier import load_classifier
from training.corpus.songs import load
from training.errors import TrainingError
from training.evaluate.report.card import card
from training.evaluate.report.wording import of_songs, of_verdicts, of_windows
from training.evaluate.run import real_music
from training.evaluate.run import songs as listening
from training.evaluate.run.baselines import LIBROSA
from training.evaluate.run.predictions import judge_shards
from training.evaluate.run.songs import Condition, Heard

NAME = "paces-live"


def evaluate(
    corpus: Path,
    batches: Path,
    model: Path,
    *,
    split: str = "test",
    seed: int,
    workers: int = 2,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[dict[str, Any], list[Heard]]:
    """Measure the exported `model` on a split of the generated corpus; return the measures and the songs heard.

    Single verdicts are those of the megabatch. Whole songs, degraded, go through the live engine as `analyze` does.
    """
    songs = load(corpus)
    items = listening.generated(songs, split)
    heard = listening.hear_all(items, {NAME: model}, seed=seed, workers=workers, on_done=on_done)
    measures = {
        "split": split,
        "candidates": of_verdicts(judge_shards(batches, split, songs, load_classifier(model))),
        "whole_songs": of_songs(heard),
        "by_meter": {
            meter: of_songs([one for one in heard if one.item.meter == meter])["flag_f1"]
            for meter in sorted({item.meter for item in items})
        },
    }
    return measures, heard


def evaluate_openset(
    csv: Path,
    folder: Path,
    model: Path,
    condition: Condition,
    *,
    seed: int,
    workers: int = 2,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[dict[str, Any], list[Heard]]:
    """Measure the exported `model`, and librosa beside it, on the rendered tracks of the open real set.

    Only tracks of constant tempo are heard. Single verdicts are those on full windows.

    Raises
    ------
    TrainingError
        None of the tracks is rendered.
    """
    items = listening.open_set(real_music.read(csv), folder, condition, (LIBROSA,))
    if not items:
        raise TrainingError(f"no track of {csv} is rendered in {folder}; see what `openset` says above")
    heard = listening.hear_all(items, {NAME: model}, seed=seed, workers=workers, on_done=on_done)
    return of_songs(heard) | {"candidates": of_verdicts(of_windows(heard))}, heard


def record(model: Path, name: str, measures: dict[str, Any]) -> None:
    """Write `measures` into the manifest under `name`, and the model card anew from the manifest."""
    manifest = load_classifier(model).manifest
    manifest = replace(manifest, metrics=manifest.metrics | {name: _rounded(measures)})
    manifest.write(model)
    (model.parent / "README.md").write_text(card(manifest, model), "utf-8")


def _rounded(value: Any) -> Any:
    """Return the measures in five decimals; what could not be measured is left out, for JSON has no nan."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items() if not (isinstance(item, float) and isnan(item))}
    return round(value, 5) if isinstance(value, float) else value
