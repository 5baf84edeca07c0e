"""The exported model, measured: through the runtime and the engine that a runner uses."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from paces_live.analyze import song_paces
from paces_live.classifier import Classifier, TfliteClassifier, load_classifier
from paces_live.engine import EngineConfig
from paces_live.sources import ArraySource, FileSource
from training.cases.degrade import degrade
from training.cases.table import Table
from training.corpus.songs import Song, load
from training.evaluation import openset
from training.evaluation.card import card
from training.evaluation.metrics import Judged, SongResult, candidate_measures, song_measures

HEARD = 1000
"""Number of the degraded version that whole songs are judged in; the megabatch uses those from 0."""


def evaluate(
    corpus: Path,
    batches: Path,
    model: Path,
    *,
    split: str = "test",
    seed: int,
    workers: int = 2,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[dict[str, Any], list[Judged]]:
    """Measure the exported `model` on a split of the generated corpus; return the measures and the judged songs.

    Single verdicts are those of the megabatch. Whole songs, degraded, go through the live engine as `analyze` does.
    """
    table = Table.read(batches, split)
    table = table.take(table.label >= 0)
    probability = probabilities(load_classifier(model), table)
    songs = [(index, song) for index, song in enumerate(load(corpus)) if song.split == split]
    judged: list[Judged] = []
    with ProcessPoolExecutor(workers) as pool:
        for song in pool.map(_judge, *zip(*((corpus, model, index, song, seed) for index, song in songs), strict=True)):
            judged.append(song)
            on_done(len(judged), len(songs))
    measures: dict[str, Any] = {
        "split": split,
        "candidates": candidate_measures(table.label, probability),
        "whole_songs": song_measures([song.result for song in judged]),
    }
    measures["by_meter"] = {
        group: song_measures([song.result for song in judged if song.group == group])["flag_f1"]
        for group in sorted({song.group for song in judged})
    }
    return measures, judged


def evaluate_openset(csv: Path, folder: Path, model: Path) -> tuple[dict[str, Any], list[Judged]]:
    """Measure the exported `model` on the rendered tracks of constant tempo of the open real set."""
    classifier = load_classifier(model)
    judged = []
    for track in openset.read(csv):
        path = folder / f"{track.id}.flac"
        if track.constant and path.exists():
            source = FileSource(path, classifier.features.sample_rate, fast=True)
            found = song_paces(source, source.duration, classifier, EngineConfig())
            result = SongResult(openset.truth_of(track), tuple(pace.spm for pace in found))
            judged.append(Judged(track.id, track.family, track.tempo, result))
    return song_measures([song.result for song in judged]), judged


def probabilities(classifier: Classifier, table: Table) -> NDArray[np.float32]:
    """Return what the exported model says of stored cases, in their order."""
    return np.concatenate([classifier.probabilities(part.cases()) for part in table.load()])


def librosa_tempo(path: Path) -> float:
    """Return the one tempo that librosa gives for the first two minutes of a file, to compare with."""
    import librosa

    samples, rate = librosa.load(path, sr=22050, duration=120.0)
    return float(librosa.feature.tempo(y=samples, sr=rate)[0])


def record(model: Path, name: str, measures: dict[str, Any]) -> None:
    """Write `measures` into the manifest under `name`, and the model card anew from the manifest."""
    manifest = load_classifier(model).manifest
    manifest = replace(manifest, metrics=manifest.metrics | {name: _rounded(measures)})
    manifest.write(model)
    (model.parent / "README.md").write_text(card(manifest, model), "utf-8")


def _judge(corpus: Path, model: Path, index: int, song: Song, seed: int) -> Judged:
    classifier = _classifier(model)
    samples, rate = soundfile.read(corpus / "audio" / f"{song.id}.flac", dtype="float32")
    heard = degrade(samples, rate, np.random.default_rng([seed, index, HEARD]))
    source = ArraySource(heard, rate, classifier.features.sample_rate)
    found = song_paces(source, len(heard) / rate, classifier, EngineConfig())
    return Judged(song.id, song.meter, song.tempo, SongResult(song.truth, tuple(pace.spm for pace in found)))


@lru_cache(maxsize=1)
def _classifier(model: Path) -> TfliteClassifier:
    """Return the classifier of this worker process, loaded once."""
    return load_classifier(model)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 5) if isinstance(value, float) else value
