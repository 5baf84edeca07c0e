"""Probabilities of single readings to paces that last: smoothing, hysteresis, and agreement among paces."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.tempo_curve import EXACT_TIME, TempoCurve
from paces_live.events import Pace, SongPace
from paces_live.match import SPM_MAX, SPM_MIN

SAME_PACE = 0.025
"""Largest relative difference between two tempi that are one pace."""
FOLLOWS = 0.04
"""Largest relative difference from one reading to the next of a tempo that changes; candidates are further apart."""
MEMORY_S = 4.0
"""Time constant of the smoothing, seconds of audio."""
DOUBT = 1.8
"""Extra log odds that a tempo needs to be shown, divided by how often it was judged: chance does not repeat itself. A
tempo that was judged once must be 90 % probable if 60 % are enough in the long run."""
UNPROPOSED = 0.1
"""Probability that a tracked tempo is given in a reading that does not judge it."""
MAX_FOLLOWED = 8
"""Largest number of tracks that the next reading must judge."""
FORGOTTEN = -1.5
"""Smoothed log odds below which a track is no longer followed."""
RELATED = (2.0, 3.0, 4.0, 6.0, 8.0)
"""Possible ratios between the paces of one song.

In the hand-annotated songs, 158 of 162 neighbouring paces have a ratio of 2:1 and the others 3:1; none 3:2 or 4:3.
"""
PREFERRED_SPM, OCTAVE_COST = 130.0, 0.5
"""Rate that people prefer to step at (Karageorghis and Jones 2014 measured 123 to 131 on treadmills), and the log odds
that a tempo loses for each octave away from it. Of two tempi that contradict each other, such as the beat of a jig and
two thirds of it, both may be certain; this decides if they are about equally so."""
SHOWN_BONUS = 0.5
"""Log odds that a track gains by being shown: two equal tracks must not alternate."""
CURRENT_TEMPI, SONG_TEMPI = 5, 61
"""Number of newest tempi of a track whose median is its current pace, and its pace in the whole song."""
MAX_TRACKS = 32
"""Largest number of tracks: a stream without song changes must not grow."""
COHERENT, INCOHERENT, COHERENCE_S = 0.15, 30.0, 20.0
"""Coherence of the windows, see `TempoCurve`, below which a tempo may be chance, the extra log odds that it needs for
each unit below it, and the time constant of the smoothing, seconds."""
MIN_SHARE = 0.3
"""Smallest share of a song's readings that judged a pace of the whole song."""


@dataclass(slots=True)
class TempoTrack:
    """A tempo followed from reading to reading.

    Attributes
    ----------
    spm : float
        Current tempo, steps per minute.
    logit : float
        Smoothed log odds that the tempo is compatible.
    logit_sum : float
        Sum of the log odds of all readings that judged it.
    times_judged, times_shown : int
        Number of readings that judged it, and that showed it.
    shown : bool
        Whether the tempo is compatible now.
    tempi, means : deque of float
        Its newest tempi, and those of the windows in which they were found, oldest first.
    """

    spm: float
    logit: float
    logit_sum: float = 0.0
    times_judged: int = 0
    times_shown: int = 0
    shown: bool = False
    tempi: deque[float] = field(default_factory=lambda: deque(maxlen=CURRENT_TEMPI))
    means: deque[float] = field(default_factory=lambda: deque(maxlen=SONG_TEMPI))

    @property
    def newest(self) -> float:
        """Its newest tempo, which does not lag as the median of several does."""
        return self.tempi[-1]

    @property
    def probability(self) -> float:
        """Smoothed probability that the tempo is compatible."""
        return _probability(self.logit)

    @property
    def mean_logit(self) -> float:
        """Mean log odds of all readings that judged the tempo."""
        return self.logit_sum / self.times_judged

    def precedence(self, logit: float) -> float:
        """Return `logit` less the cost of the distance from the preferred rate, to rank contradicting tempi."""
        return logit - OCTAVE_COST * abs(math.log2(self.spm / PREFERRED_SPM))


class TempoTracker:
    """Follows tempi from reading to reading within one song.

    Parameters
    ----------
    thresholds : tuple of float
        Probability from which a pace is shown, and below which it is dropped.

    Examples
    --------
    >>> tracker = TempoTracker((0.6, 0.4))
    >>> for _ in range(3):
    ...     tracker.update(np.array([172.0, 115.0]), np.array([0.95, 0.3], np.float32), elapsed_s=1.0)
    >>> [(pace.spm, round(pace.probability, 2)) for pace in tracker.shown()]
    [(172.0, 0.95)]
    >>> [(pace.spm, round(pace.probability, 2)) for pace in tracker.rejected()]
    [(115.0, 0.3)]
    """

    def __init__(self, thresholds: tuple[float, float]) -> None:
        self._on, self._off = thresholds
        self._tracks: list[TempoTrack] = []
        self._readings = self._long_readings = 0
        self._coherence = 1.0

    @property
    def followed(self) -> tuple[float, ...]:
        """The tempi that the next reading must judge, most probable first."""
        alive = [track for track in self._tracks if track.logit > FORGOTTEN]
        return tuple(track.newest for track in sorted(alive, key=lambda track: -track.logit)[:MAX_FOLLOWED])

    def advance(self, change: float) -> None:
        """Move all tempi along with the music; a tempo that leaves the range is followed no longer.

        Parameters
        ----------
        change : float
            Tempo of the music now, relative to that at the last reading.

        Examples
        --------
        A tempo that rises by a tenth between two readings is one pace:

        >>> tracker = TempoTracker((0.6, 0.4))
        >>> for spm in (150.0, 165.0):
        ...     tracker.advance(1.1)
        ...     tracker.update(np.array([spm]), np.array([0.95], np.float32), elapsed_s=1.0)
        >>> [round(pace.spm) for pace in tracker.shown()]
        [165]
        """
        if change == 1.0:
            return
        for track in self._tracks:
            track.spm *= change
            track.tempi = deque((tempo * change for tempo in track.tempi), CURRENT_TEMPI)
        self._tracks = [track for track in self._tracks if SPM_MIN <= track.spm <= SPM_MAX]

    def update(
        self,
        spm: NDArray[np.float64],
        probabilities: NDArray[np.float32],
        elapsed_s: float,
        curve: TempoCurve = EXACT_TIME,
    ) -> None:
        """Add the predictions of one reading.

        Parameters
        ----------
        spm : ndarray of float64, shape (n,)
            Candidates, steps per minute.
        probabilities : ndarray of float32, shape (n,)
            Probability that each is compatible.
        elapsed_s : float
            Seconds of audio since the last reading.
        curve : TempoCurve, optional
            The tempo within the window, whose newest tempi the candidates are.
        """
        self._readings += 1
        if curve.coherence is not None:
            self._long_readings += 1
            part = max(1.0 / self._long_readings, 1.0 - math.exp(-elapsed_s / COHERENCE_S))
            self._coherence += part * (curve.coherence - self._coherence)
        weight = 1.0 - math.exp(-elapsed_s / MEMORY_S)
        unjudged = set(range(len(self._tracks)))
        for tempo, probability in zip(spm.tolist(), probabilities.tolist(), strict=True):
            logit = _logit(probability)
            index = self._nearest(tempo, unjudged)
            if index is None:
                track = TempoTrack(tempo, logit)
                self._tracks.append(track)
            else:
                unjudged.discard(index)
                track = self._tracks[index]
            track.times_judged += 1
            track.logit_sum += logit
            # A plain mean of the first readings, then exponential smoothing.
            track.logit += max(1.0 / track.times_judged, weight) * (logit - track.logit)
            track.tempi.append(tempo)
            track.means.append(curve.mean_speed * tempo)
            track.spm = _median(track.tempi)
        for index in unjudged:
            self._tracks[index].logit += weight * (_logit(UNPROPOSED) - self._tracks[index].logit)
        self._show()
        # A tempo that is improbable now and was so all the time is not worth keeping.
        self._tracks = [track for track in self._tracks if track.logit > FORGOTTEN or track.logit_sum > 0.0]
        self._tracks = sorted(self._tracks, key=lambda track: -max(track.logit, track.logit_sum))[:MAX_TRACKS]

    def shown(self) -> tuple[Pace, ...]:
        """Return the compatible paces, most probable first."""
        tracks = sorted((track for track in self._tracks if track.shown), key=lambda track: -track.logit)
        return tuple(Pace(track.spm, track.probability) for track in tracks)

    def newest(self) -> tuple[Pace, ...]:
        """Return the compatible paces with their newest tempi, which do not lag as their medians do."""
        return tuple(Pace(track.tempi[-1], track.probability) for track in self._tracks if track.shown)

    def rejected(self) -> tuple[Pace, ...]:
        """Return the followed tempi that are not compatible, most probable first."""
        tracks = [track for track in self._tracks if not track.shown and track.logit > FORGOTTEN]
        return tuple(Pace(track.spm, track.probability) for track in sorted(tracks, key=lambda track: -track.logit))

    def lasting(self) -> tuple[float, ...]:
        """Return the newest tempi of the paces of the whole song so far, steps per minute."""
        return tuple(track.newest for track in self._lasting())

    def summary(self) -> tuple[SongPace, ...]:
        """Return the paces of the whole song so far, most probable first."""
        paces = []
        for track in self._lasting():
            spm = min(max(_median(track.means), SPM_MIN), SPM_MAX)
            paces.append(SongPace(spm, _probability(track.mean_logit), track.times_shown / self._readings))
        return tuple(sorted(paces, key=lambda pace: -pace.probability))

    def _lasting(self) -> list[TempoTrack]:
        """Return the tracks that agree and are probable in the whole song."""
        least = MIN_SHARE * self._readings
        judged = [track for track in self._tracks if track.times_judged >= least and track.mean_logit > self._chance]
        return _agreeing(sorted(judged, key=lambda track: -track.precedence(track.mean_logit)))

    def _nearest(self, tempo: float, among: set[int]) -> int | None:
        distances = {index: abs(tempo / self._tracks[index].newest - 1.0) for index in among}
        nearest = min(distances, key=distances.__getitem__, default=None)
        return nearest if nearest is not None and distances[nearest] <= FOLLOWS else None

    def _passes(self, track: TempoTrack) -> bool:
        """Return whether a track is probable enough to be shown."""
        if track.shown:
            return track.logit >= _logit(self._off) + self._chance
        return track.logit >= _logit(self._on) + DOUBT / track.times_judged + self._chance

    @property
    def _chance(self) -> float:
        """Extra log odds that a tempo needs: held chords and free time repeat by chance, but not for long."""
        return INCOHERENT * max(0.0, COHERENT - self._coherence)

    def _show(self) -> None:
        """Decide which tracks are shown: by hysteresis, then the best ones that agree with each other."""
        passing = [track for track in self._tracks if self._passes(track)]
        passing.sort(key=lambda track: -track.precedence(track.logit) - SHOWN_BONUS * track.shown)
        agreeing = _agreeing(passing)
        for track in self._tracks:
            track.shown = any(track is other for other in agreeing)
            track.times_shown += track.shown


def related(first: float, second: float) -> bool:
    """Return whether two different paces can belong to one song.

    Examples
    --------
    >>> related(86.0, 172.0), related(115.0, 172.0)
    (True, False)
    """
    ratio = max(first, second) / min(first, second)
    return any(abs(ratio / whole - 1.0) <= SAME_PACE for whole in RELATED)


def _agreeing(tracks: Sequence[TempoTrack]) -> list[TempoTrack]:
    """Return the tracks that agree with all better ones; `tracks` are sorted, best first."""
    kept: list[TempoTrack] = []
    for track in tracks:
        if all(related(track.spm, other.spm) for other in kept):
            kept.append(track)
    return kept


def _median(values: Iterable[float]) -> float:
    """Return the median; for a few numbers, numpy takes twenty times as long."""
    ordered = sorted(values)
    return 0.5 * (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2])


def _logit(probability: float) -> float:
    """Return the log odds, bounded so that no single reading decides alone."""
    bounded = min(max(probability, 0.004), 0.996)
    return math.log(bounded / (1.0 - bounded))


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))
