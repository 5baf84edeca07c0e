"""The live path: audio through the decoder and the session that runners use.

This is the only module of `training` that knows sources and sessions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.errors import PacesError
from paces_live.events import End, Event, Reading, Song
from paces_live.session import Session, SessionConfig, run, whole_song
from paces_live.session.whole_song import MARGIN_S, WHOLE_S
from paces_live.sources import ArraySource, FileSource, Source
from training.errors import TrainingError

__all__ = [
    "CANDIDATES",
    "MARGIN_S",
    "TARGET",
    "WHOLE_S",
    "Heard",
    "Paces",
    "decode",
    "listen",
    "reading_times",
    "song_paces",
]

Samples = NDArray[np.float32]
Paces = tuple[float, ...]
"""Compatible paces of one reading, steps per minute, most probable first."""

TARGET = 165.0
"""Tempo of interest of every session here, steps per minute."""
CANDIDATES = SessionConfig().max_candidates
"""Number of candidates that a session judges in each reading."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The events of a session.

    Attributes
    ----------
    readings
        Seconds and paces of each reading, a second apart.
    song_ends
        Seconds at which the session reported the end of a song, the last one at the end of the audio.
    """

    readings: tuple[tuple[float, Paces], ...]
    song_ends: tuple[float, ...]


def listen(samples: Samples, rate: int, classifier: Classifier) -> Heard:
    """Return the readings and the song ends of a live session that hears `samples`."""
    source = ArraySource(samples, rate, classifier.features.sample_rate)
    interval = SessionConfig().interval
    readings: list[tuple[float, Paces]] = []
    song_ends = []
    for event in _events(source, classifier):
        if isinstance(event, Reading):
            readings.append((event.t, tuple(pace.spm for pace in event.paces)))
        elif isinstance(event, Song):
            # A song is reported just before the reading of the same moment, or at the end of the audio.
            song_ends.append(readings[-1][0] + interval if readings else interval)
    return Heard(tuple(readings), tuple(song_ends))


def song_paces(samples: Samples, rate: int, classifier: Classifier) -> Paces:
    """Return the paces of a whole song, as ``paces-live analyze`` finds them."""
    source = ArraySource(samples, rate, classifier.features.sample_rate)
    song = whole_song(source.blocks(), classifier, of_interest=[TARGET])
    return tuple(pace.spm for pace in song.paces)


def reading_times(path: Path, classifier: Classifier) -> Iterator[float]:
    """Yield the seconds of audio at each reading of a file, as soon as it comes, and at the end."""
    source = FileSource(path, classifier.features.sample_rate, fast=True)
    for event in _events(source, classifier):
        if isinstance(event, Reading | End):
            yield event.t


def _events(source: Source, classifier: Classifier) -> Iterator[Event]:
    session = Session(classifier)
    session.of_interest = [TARGET]
    return run(source, session)


def decode(path: Path, rate: int) -> Samples:
    """Return an audio file as mono samples at `rate`.

    Raises
    ------
    TrainingError
        If the file cannot be read.
    """
    try:
        blocks = [block.samples for block in FileSource(path, rate, fast=True).blocks()]
    except PacesError as error:
        raise TrainingError(str(error)) from error
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)
