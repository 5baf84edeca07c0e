"""The measures for the manifest: of held-out songs, and of the real-music set."""

from pathlib import Path
from typing import Any

from paces_live.analysis.classifier import load_classifier
from training.corpus.songs import load, missing
from training.dataset.megabatch import check_songs
from training.errors import TrainingError
from training.evaluate.run import real_music, songs
from training.evaluate.run.baselines import LIBROSA
from training.evaluate.run.predictions import predict_shards
from training.evaluate.run.songs import NAME, Condition, Evaluated
from training.workers import OnDone, ignore_progress


def held_out(
    corpus: Path,
    batches: Path,
    model: Path,
    *,
    split: str = "test",
    seed: int,
    workers: int = 2,
    on_done: OnDone = ignore_progress,
) -> tuple[dict[str, Any], list[Evaluated]]:
    """Measure the exported `model` on a split of the corpus; return the measures and the evaluated songs.

    The candidates are those of the megabatch. Whole songs are degraded, and go through the live path.

    Raises
    ------
    TrainingError
        If the split has no songs or no cases, or the cases are of other songs.
    """
    known = load(corpus)
    items = songs.generated(known, split)
    if not items:
        raise TrainingError(missing(corpus, split))
    check_songs(batches, known)
    evaluated = songs.evaluate_all(items, {NAME: model}, seed=seed, workers=workers, on_done=on_done)
    predictions = predict_shards(batches, split, known, load_classifier(model))
    found = {
        "split": split,
        "candidates": predictions.measures(),
        "whole_songs": songs.measures(evaluated),
        "by_meter": {
            meter: songs.measures([song for song in evaluated if song.item.meter == meter])["flag_f1"]
            for meter in sorted({item.meter for item in items})
        },
    }
    return found, evaluated


def real_music_set(
    csv: Path,
    folder: Path,
    model: Path,
    condition: Condition,
    *,
    seed: int,
    workers: int = 2,
    on_done: OnDone = ignore_progress,
) -> tuple[dict[str, Any], list[Evaluated]]:
    """Measure the exported `model` and librosa on the rendered tracks of the real-music set.

    Only tracks of constant tempo count. The candidates are those of full windows.

    Raises
    ------
    TrainingError
        If no track is rendered.
    """
    items = songs.real(real_music.read(csv), folder, condition, (LIBROSA,))
    if not items:
        raise TrainingError(
            f"no track of {csv} is rendered in {folder}: install what is missing with "
            "sudo sh requirements/debian.sh real-music"
        )
    evaluated = songs.evaluate_all(items, {NAME: model}, seed=seed, workers=workers, on_done=on_done)
    return songs.measures(evaluated) | {"candidates": songs.window_predictions(evaluated).measures()}, evaluated
