"""Whole songs: everything that models and baselines find in them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier, load_classifier
from training import live
from training.annotations.truth import Meter, Truth
from training.corpus.songs import Song
from training.corpus.timing import Knots, mean_speed, newest_speed
from training.dataset.degrade import degrade
from training.errors import TrainingError
from training.evaluate.metrics.candidates import Predictions
from training.evaluate.metrics.songs import OUTCOMES, SongResult, accuracies, octaves, outcome, song_measures
from training.evaluate.metrics.times import time_to_verdict
from training.evaluate.run import real_music
from training.evaluate.run.baselines import BASELINES, RATE, WINDOW_S
from training.evaluate.run.predictions import full_windows
from training.workers import OnDone, ignore_progress, map_in_order

Samples = NDArray[np.float32]
Condition = Literal["clean", "degraded"]

NAME = "paces-live"
"""Name of the measured model among others."""
EXCERPT_S = 120.0
"""Longest part of a track that models and baselines hear after the margin, seconds."""
LIVE_S = 60.0
"""Time from the start of a song in which the verdict must come and stay, seconds."""
DEGRADED = 1000
"""Number of the degraded version of whole songs; the megabatch uses those from 0."""


@dataclass(frozen=True, slots=True)
class Item:
    """A song to evaluate in one condition.

    Attributes
    ----------
    audio : Path
    group : str
        Groove family, or kind of source.
    index : int
        Seed of the degradation.
    baselines : tuple of str
        Names of the baselines that hear the song too.
    tempo, truth
        At the mean speed of the judged part.
    curve : tuple
        Local speed at seconds of the file, relative to that mean; empty in exact time.
    """

    id: str
    audio: Path
    group: str
    meter: Meter
    tempo: float
    truth: Truth
    index: int
    condition: Condition
    baselines: tuple[str, ...] = ()
    curve: Knots = ()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An item with everything that was found in it.

    Attributes
    ----------
    item : Item
    found : dict
        Paces by model, most probable first; the measured model comes first.
    windows : dict
        Predictions on the candidates of full windows, by model.
    verdict_s : float or None
        Time to verdict of the measured model.
    tempi : dict
        The tempo that each baseline estimates, 0 for none.
    cpu_s : dict
        Processor time of each model and baseline for a second of audio, seconds.
    """

    item: Item
    found: dict[str, tuple[float, ...]]
    windows: dict[str, Predictions]
    verdict_s: float | None
    tempi: dict[str, float]
    cpu_s: dict[str, float]

    def result(self, name: str | None = None) -> SongResult:
        """Return the result of a model, by default the measured one, or of a baseline.

        The pace set of a baseline is its tempo, the half and the double of it, as a runner would use it.
        """
        name = name or next(iter(self.found))
        found = self.found[name] if name in self.found else octaves(self.tempi[name])
        return SongResult(self.item.truth, found)

    def predictions(self, name: str | None = None) -> Predictions:
        """Return the predictions of a model, by default the measured one, or those that a baseline's paces imply."""
        name = name or next(iter(self.found))
        if name in self.windows:
            return self.windows[name]
        cases = next(iter(self.windows.values()))
        paces = np.array(octaves(self.tempi[name]))
        fits = (np.abs(cases.spm[:, None] / paces - 1.0) <= self.item.truth.tolerance).any(axis=1)
        return replace(cases, probability=fits.astype(np.float64))


def generated(
    songs: Sequence[Song], split: str, condition: Condition = "degraded", baselines: tuple[str, ...] = ()
) -> list[Item]:
    """Return the songs of a split of the corpus."""
    items = []
    for index, song in enumerate(songs):
        if song.split != split:
            continue
        margin = live.MARGIN_S if song.duration >= live.WHOLE_S else 0.0
        speed = mean_speed(song.curve, margin, song.duration - margin)
        item = Item(
            id=song.id,
            audio=song.audio,
            group=song.family,
            meter=song.meter,
            tempo=song.tempo * speed,
            truth=song.truth.scaled(speed),
            index=index,
            condition=condition,
            baselines=baselines,
            curve=tuple((seconds, local / speed) for seconds, local in song.curve),
        )
        items.append(item)
    return items


def real(
    tracks: Sequence[real_music.Track], folder: Path, condition: Condition, baselines: tuple[str, ...] = ()
) -> list[Item]:
    """Return the tracks of constant tempo that are rendered in `folder`."""
    return [
        Item(
            id=track.id,
            audio=audio,
            group=track.family,
            truth=real_music.truth_of(track),
            meter=real_music.METERS[track.meter],
            tempo=track.tempo,
            index=index,
            condition=condition,
            baselines=baselines,
        )
        for index, track in enumerate(tracks)
        if track.constant and (audio := folder / f"{track.id}.flac").exists()
    ]


def evaluate_all(
    items: Sequence[Item],
    models: Mapping[str, Path],
    *,
    seed: int,
    workers: int = 2,
    on_done: OnDone = ignore_progress,
) -> list[Evaluated]:
    """Evaluate every item with every model, in worker processes; the first model is the measured one.

    Raises
    ------
    TrainingError
        If a model does not take the sample rate of the songs.
    """
    for name, path in models.items():
        if (rate := load_classifier(path).features.sample_rate) != RATE:
            raise TrainingError(f"{name} needs audio at {rate} Hz, but songs are evaluated at {RATE} Hz")
    return map_in_order(evaluate, items, models, seed, workers=workers, on_done=on_done)


def evaluate(item: Item, models: Mapping[str, Path], seed: int) -> Evaluated:
    """Return everything that the models and the baselines find in an item."""
    samples = read(item.audio)
    if item.condition == "degraded":
        samples = degrade(samples, RATE, np.random.default_rng([seed, item.index, DEGRADED]))
    part, margin = inner(samples), (len(samples) - len(inner(samples))) / 2 / RATE
    found, windows, tempi, cpu_s = {}, {}, {}, {}
    cases = {}  # by feature path: models of the same path judge the same candidates
    for name, path in models.items():
        classifier = loaded(path)
        features = classifier.features
        before = time.process_time()
        found[name] = live.song_paces(samples, RATE, classifier)
        cpu_s[name] = (time.process_time() - before) * RATE / len(part)
        if features.fingerprint not in cases:
            cases[features.fingerprint] = full_windows(
                part,
                item.truth,
                features,
                tempo=item.tempo,
                family=item.group,
                meter=item.meter,
                curve=[(seconds - margin, speed) for seconds, speed in item.curve],
            )
        windows[name] = cases[features.fingerprint].predicted(classifier)
    for name in item.baselines:
        before = time.process_time()
        tempi[name] = BASELINES[name].tempo(part)
        cpu_s[name] = (time.process_time() - before) * RATE / len(part)
    heard = live.listen(samples[: round(LIVE_S * RATE)], RATE, loaded(next(iter(models.values()))))
    verdict_s = time_to_verdict(in_exact_time(heard.readings, item.curve), item.truth)
    return Evaluated(item, found, windows, verdict_s, tempi, cpu_s)


def in_exact_time(
    readings: Sequence[tuple[float, tuple[float, ...]]], curve: Knots
) -> list[tuple[float, tuple[float, ...]]]:
    """Return readings with their paces divided by the speed of their newest stretch, as if the speed did not change.

    Examples
    --------
    >>> in_exact_time([(4.0, (126.0, 63.0)), (8.0, ())], [(0.0, 1.0), (8.0, 1.2)])
    [(4.0, (120.0, 60.0)), (8.0, ())]
    """
    return [
        (seconds, tuple(spm / newest_speed(curve, seconds, min(seconds, WINDOW_S)) for spm in paces))
        for seconds, paces in readings
    ]


def window_predictions(songs: Sequence[Evaluated], name: str | None = None) -> Predictions:
    """Return the predictions on full windows of all songs, by a model or a baseline."""
    return Predictions.joined([song.predictions(name) for song in songs])


def measures(songs: Sequence[Evaluated], name: str | None = None) -> dict[str, float]:
    """Return the measures of whole songs of a model, by default the measured one, or of a baseline.

    Acc1 and Acc2 are those of the most probable pace, or of a baseline's tempo. Only the measured model has times to
    verdict; they are nan if no verdict lasts.
    """
    results = [song.result(name) for song in songs]
    tempi = [song.item.tempo for song in songs]
    outcomes = [outcome(one.item.tempo, one.item.meter, result) for one, result in zip(songs, results, strict=True)]
    found = song_measures(results)
    found |= accuracies(tempi, [result.found[0] if result.found else None for result in results])
    found |= {kind: outcomes.count(kind) / len(outcomes) for kind in OUTCOMES}
    if name is None:
        times = [song.verdict_s for song in songs if song.verdict_s is not None]
        found |= {
            "verdict_median_s": float(np.median(times)) if times else float("nan"),
            "verdict_p90_s": float(np.percentile(times, 90)) if times else float("nan"),
            "no_verdict": 1.0 - len(times) / len(songs),
        }
    return found


def inner(samples: Samples) -> Samples:
    """Return the judged part of a song: without its beginning and end, unless it is short."""
    margin = round(live.MARGIN_S * RATE)
    return samples if len(samples) < live.WHOLE_S * RATE else samples[margin:-margin]


def read(path: Path) -> Samples:
    """Return a file as mono samples at `RATE`, cut so that its judged part is at most `EXCERPT_S` long."""
    rate = soundfile.info(path).samplerate
    frames = round((EXCERPT_S + 2 * live.MARGIN_S) * rate)
    samples, rate = soundfile.read(path, frames=frames, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return np.asarray(mono if rate == RATE else soxr.resample(mono, rate, RATE), np.float32)


@lru_cache(maxsize=8)
def loaded(model: Path) -> Classifier:
    """Return a classifier of this worker process, loaded once."""
    return load_classifier(model)
