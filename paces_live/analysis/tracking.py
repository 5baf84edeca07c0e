"""Verdicts of single readings to paces that last: smoothing, hysteresis, and agreement with each other."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paces_live.events import Pace, SongPace

SAME = 0.025
"""Tempi closer than this ratio are one pace."""
MEMORY_S = 4.0
"""Time constant of the smoothing, seconds of audio."""
DOUBT = 1.8
"""Added to the log odds that a tempo must have to be shown, divided by how often it was judged: chance does not repeat
itself. What was judged only once must be 90 % probable where 60 % are enough in the long run."""
KEPT = 8
"""Paces followed at a time."""
FORGOTTEN = -1.5
"""Smoothed logit under which a tempo is no longer followed."""
RELATED = (2.0, 3.0, 4.0, 6.0, 8.0)
"""Ratios in which the paces of one song may stand.

In the hand-labelled songs 158 of 162 neighbouring paces stand 2:1 and the others 3:1; never 3:2 or 4:3.
"""
FAVOURITE, RELUCTANCE = 100.0, 1.0
"""Of tempi that contradict each other, as the beat of a jig and two thirds of it, both may be certain. Each octave away
from the rate that people tap by themselves, a beat every 600 ms (Fraisse 1982), counts as so much less log odds."""
TEMPI = 61
"""Newest tempi of a track that its pace is the median of."""
MOST = 32
"""Tracks remembered at a time: a stream without boundaries must not grow."""
SHARE = 0.3
"""A pace of a whole song was judged in at least this part of its readings, and more probable than not on the whole."""


@dataclass(slots=True)
class Track:
    """A tempo followed through time."""

    spm: float
    logit: float
    shown: bool = False
    judged: int = 0
    seen: int = 0
    total: float = 0.0
    tempi: deque[float] = field(default_factory=lambda: deque(maxlen=TEMPI))

    @property
    def probability(self) -> float:
        """Smoothed probability."""
        return _probability(self.logit)

    def precedence(self, logit: float) -> float:
        """Return how much speaks for this tempo against another: `logit`, less what its rate takes away."""
        return logit - RELUCTANCE * abs(math.log2(self.spm / FAVOURITE))


class Tracker:
    """Follows tempi from reading to reading within one song."""

    def __init__(self, thresholds: tuple[float, float]) -> None:
        self._on, self._off = thresholds
        self._tracks: list[Track] = []
        self.readings = 0

    @property
    def followed(self) -> tuple[float, ...]:
        """The tempi that the next reading must judge, most probable first."""
        alive = [track for track in self._tracks if track.logit > FORGOTTEN]
        return tuple(track.spm for track in sorted(alive, key=lambda track: -track.logit)[:KEPT])

    def update(self, spm: NDArray[np.float64], probabilities: NDArray[np.float32], elapsed_s: float) -> None:
        """Take in the verdicts of one reading, `elapsed_s` seconds of audio after the last one."""
        self.readings += 1
        weight = 1.0 - math.exp(-elapsed_s / MEMORY_S)
        unjudged = set(range(len(self._tracks)))
        for tempo, probability in zip(spm.tolist(), probabilities.tolist(), strict=True):
            logit = _logit(probability)
            index = self._nearest(tempo, unjudged)
            if index is None:
                self._tracks.append(Track(tempo, logit, judged=1, total=logit, tempi=deque([tempo], TEMPI)))
                continue
            unjudged.discard(index)
            track = self._tracks[index]
            track.judged += 1
            track.total += logit
            # The first verdicts count alike, later ones fade with age.
            track.logit += max(1.0 / track.judged, weight) * (logit - track.logit)
            track.tempi.append(tempo)
            track.spm = _median(list(track.tempi)[-7:])
        for index in unjudged:
            # A tempo that the tempogram no longer proposes fades as if it had been judged improbable.
            self._tracks[index].logit += weight * (_logit(0.1) - self._tracks[index].logit)
        self._show()
        # What is improbable now and always was need not be remembered.
        self._tracks = [track for track in self._tracks if track.logit > FORGOTTEN or track.total > 0.0]
        self._tracks = sorted(self._tracks, key=lambda track: -max(track.logit, track.total))[:MOST]

    def shown(self) -> tuple[Pace, ...]:
        """Return the compatible paces, most probable first."""
        tracks = sorted((track for track in self._tracks if track.shown), key=lambda track: -track.logit)
        return tuple(Pace(track.spm, track.probability) for track in tracks)

    def rejected(self) -> tuple[Pace, ...]:
        """Return the tempi still followed that are not compatible, most probable first."""
        tracks = [track for track in self._tracks if not track.shown and track.logit > FORGOTTEN]
        return tuple(Pace(track.spm, track.probability) for track in sorted(tracks, key=lambda track: -track.logit))

    def summary(self) -> tuple[SongPace, ...]:
        """Return the paces of the whole song so far, most probable first."""
        paces = []
        for track in self._lasting():
            share = track.seen / self.readings
            paces.append(SongPace(_median(track.tempi), _probability(track.total / track.judged), share))
        return tuple(sorted(paces, key=lambda pace: -pace.probability))

    def _lasting(self) -> list[Track]:
        """Return the tracks of the song as a whole."""
        lasting = [track for track in self._tracks if track.total > 0.0 and track.judged >= SHARE * self.readings]
        return _agreeing(sorted(lasting, key=lambda track: -track.precedence(track.total / track.judged)))

    def _nearest(self, tempo: float, among: set[int]) -> int | None:
        distances = {index: abs(tempo / self._tracks[index].spm - 1.0) for index in among}
        nearest = min(distances, key=distances.__getitem__, default=None)
        return nearest if nearest is not None and distances[nearest] <= SAME else None

    def _passes(self, track: Track) -> bool:
        """Tell whether a track is probable enough to be shown."""
        if track.shown:
            return track.probability >= self._off
        return track.logit >= _logit(self._on) + DOUBT / track.judged

    def _show(self) -> None:
        """Decide anew which tracks are shown: by hysteresis, then the foremost that agree with each other."""
        passing = [track for track in self._tracks if self._passes(track)]
        passing.sort(key=lambda track: -track.precedence(track.logit) - 0.5 * track.shown)
        agreeing = _agreeing(passing)
        for track in self._tracks:
            track.shown = any(track is other for other in agreeing)
            track.seen += track.shown


def related(first: float, second: float) -> bool:
    """Tell whether two paces can belong to one song."""
    ratio = max(first, second) / min(first, second)
    return any(abs(ratio / whole - 1.0) <= SAME for whole in RELATED)


def _agreeing(tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks that agree with all better ones, given best first."""
    kept: list[Track] = []
    for track in tracks:
        if all(related(track.spm, other.spm) for other in kept):
            kept.append(track)
    return kept


def _median(values: Iterable[float]) -> float:
    """Return the median; of a few numbers at a time, numpy would take twenty times as long."""
    ordered = sorted(values)
    return 0.5 * (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2])


def _logit(probability: float) -> float:
    bounded = min(max(probability, 0.004), 0.996)
    return math.log(bounded / (1.0 - bounded))


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))
