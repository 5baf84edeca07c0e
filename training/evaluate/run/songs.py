"""What is heard, and what is found in it: songs through the engine that a runner uses, other programs beside it."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier, load_classifier
from paces_live.events import Reading
from paces_live.session.engine import Engine, EngineConfig
from paces_live.session.whole_song import MARGIN_S, WHOLE_S, song_paces
from paces_live.sources import ArraySource
from training.annotations.truth import Meter, Truth
from training.corpus.songs import Song
from training.dataset.degrade import degrade
from training.errors import TrainingError
from training.evaluate.metrics.diagnosis import octaves, time_to_verdict
from training.evaluate.metrics.songs import Judged, SongResult
from training.evaluate.run import real_music
from training.evaluate.run.baselines import RATE, RIVALS
from training.evaluate.run.predictions import Verdicts, full_windows

Samples = NDArray[np.float32]
Condition = Literal["clean", "degraded"]

EXCERPT_S = 120.0
"""Of a long track, so many seconds after the margin are heard, by the model and by the programs beside it."""
LIVE_S = 60.0
"""Seconds from the start of a song in which the verdict has to come, and stay."""
HEARD = 1000
"""Number of the degraded version that whole songs are judged in; the megabatch uses those from 0."""


@dataclass(frozen=True, slots=True)
class Item:
    """A song to be heard in one condition.

    Attributes
    ----------
    audio : Path
    group : str
        Groove family, or the kind of source.
    index : int
        Seeds what is drawn at random.
    rivals : tuple of str
        Names of the other programs that hear it too.
    """

    id: str
    audio: Path
    group: str
    meter: Meter
    tempo: float
    truth: Truth
    index: int
    condition: Condition
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in an item.

    Attributes
    ----------
    item : Item
    found : dict
        Paces by model, most probable first; the model measured is the first one.
    verdicts : dict
        Single verdicts on the candidates of full windows, by model.
    verdict_s : float or None
        Time to verdict of the model measured.
    tempi : dict
        The one tempo that each rival tells; 0 where it tells none.
    took_s : dict
        Processor time of each model and rival, seconds for a second of audio.
    """

    item: Item
    found: dict[str, tuple[float, ...]]
    verdicts: dict[str, Verdicts]
    verdict_s: float | None
    tempi: dict[str, float]
    took_s: dict[str, float]

    def judged(self, name: str | None = None) -> Judged:
        """Return the result of a model, the one measured by default, or of a rival.

        A rival tells one tempo; a runner would take it, its half and its double for the pace set.
        """
        name = name or next(iter(self.found))
        found = self.found[name] if name in self.found else octaves(self.tempi[name])
        return Judged(self.item.id, self.item.group, self.item.tempo, SongResult(self.item.truth, found))

    def singles(self, name: str | None = None) -> Verdicts:
        """Return the single verdicts of a model, the one measured by default, or those that a rival's paces imply."""
        name = name or next(iter(self.found))
        if name in self.verdicts:
            return self.verdicts[name]
        cases = next(iter(self.verdicts.values()))
        paces = np.array(octaves(self.tempi[name]))
        near = (np.abs(cases.spm[:, None] / paces - 1.0) <= self.item.truth.tolerance).any(axis=1)
        return replace(cases, probability=near.astype(np.float64))


def generated(
    songs: Sequence[Song], split: str, condition: Condition = "degraded", rivals: tuple[str, ...] = ()
) -> list[Item]:
    """Return the songs of a split of the corpus."""
    return [
        Item(song.id, song.audio, song.family, song.meter, song.tempo, song.truth, index, condition, rivals)
        for index, song in enumerate(songs)
        if song.split == split
    ]


def open_set(
    tracks: Sequence[real_music.Track], folder: Path, condition: Condition, rivals: tuple[str, ...] = ()
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
            rivals=rivals,
        )
        for index, track in enumerate(tracks)
        if track.constant and (audio := folder / f"{track.id}.flac").exists()
    ]


def hear_all(
    items: Sequence[Item],
    models: Mapping[str, Path],
    *,
    seed: int,
    workers: int = 2,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Heard]:
    """Let every model hear every item, in worker processes; the first model is the one measured.

    Raises
    ------
    TrainingError
        A model hears at another sample rate than the programs beside it.
    """
    for name, path in models.items():
        if (rate := load_classifier(path).features.sample_rate) != RATE:
            raise TrainingError(f"{name} hears at {rate} Hz, songs are judged at {RATE}")
    heard: list[Heard] = []
    with ProcessPoolExecutor(workers) as pool:
        for one in pool.map(hear, items, repeat(models), repeat(seed)):
            heard.append(one)
            on_done(len(heard), len(items))
    return heard


def hear(item: Item, models: Mapping[str, Path], seed: int) -> Heard:
    """Return what the models and the rivals find in an item."""
    samples = read(item.audio)
    if item.condition == "degraded":
        samples = degrade(samples, RATE, np.random.default_rng([seed, item.index, HEARD]))
    part = inner(samples)
    found, verdicts, tempi, took = {}, {}, {}, {}
    windows = {}  # of each feature path: models of the same judge the same candidates
    for name, path in models.items():
        classifier = loaded(path)
        features = classifier.features
        before = time.process_time()
        source = ArraySource(samples, RATE, features.sample_rate)
        paces = song_paces(source, len(samples) / RATE, classifier, EngineConfig())
        took[name] = (time.process_time() - before) * RATE / len(part)
        found[name] = tuple(pace.spm for pace in paces)
        if features.fingerprint not in windows:
            windows[features.fingerprint] = full_windows(
                part, item.truth, features, tempo=item.tempo, family=item.group, meter=item.meter
            )
        verdicts[name] = windows[features.fingerprint].judged(classifier)
    for name in item.rivals:
        before = time.process_time()
        tempi[name] = RIVALS[name][1](part)
        took[name] = (time.process_time() - before) * RATE / len(part)
    verdict_s = _verdict_s(samples, item.truth, loaded(next(iter(models.values()))))
    return Heard(item, found, verdicts, verdict_s, tempi, took)


def inner(samples: Samples) -> Samples:
    """Return the part of a song that is judged: without its beginning and end, unless it is short."""
    margin = round(MARGIN_S * RATE)
    return samples if len(samples) < WHOLE_S * RATE else samples[margin:-margin]


def read(path: Path) -> Samples:
    """Return a file as mono at `RATE`, cut so that what is judged of it is an excerpt of `EXCERPT_S` at most."""
    rate = soundfile.info(path).samplerate
    samples, rate = soundfile.read(
        path, frames=round((EXCERPT_S + 2 * MARGIN_S) * rate), dtype="float32", always_2d=True
    )
    mono = samples.mean(axis=1)
    return np.asarray(mono if rate == RATE else soxr.resample(mono, rate, RATE), np.float32)


@lru_cache(maxsize=8)
def loaded(model: Path) -> Classifier:
    """Return a classifier of this worker process, loaded once."""
    return load_classifier(model)


def _verdict_s(samples: Samples, truth: Truth, classifier: Classifier) -> float | None:
    source = ArraySource(samples[: round(LIVE_S * RATE)], RATE, classifier.features.sample_rate)
    readings = [
        (event.t, tuple(pace.spm for pace in event.paces))
        for event in Engine(classifier, EngineConfig()).events(source)
        if isinstance(event, Reading)
    ]
    return time_to_verdict(readings, truth)
