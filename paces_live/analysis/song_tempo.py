"""The tempo of a song from its beginning to its end: steady, or in sections in which it is steady, rises or falls."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.felt_beat import felt_beat
from paces_live.analysis.log_lag import PART_HOP_S
from paces_live.analysis.straight_parts import SHORTEST_S, line, straight_parts
from paces_live.analysis.tempo_curve import EXACT_TIME, TempoCurve, newest_stretch
from paces_live.analysis.tracking import MIN_SHARE, RELATED, SAME_PACE, related
from paces_live.events import Pace, Section, SongPace
from paces_live.match import SPM_MAX, SPM_MIN

CHANGE = 0.025
"""Range of the tempo, relative to its lowest, from which it is said to change: what a lock forgives."""
CONTINUOUS = 0.04
"""Largest relative difference of successive tempi between which there is no jump."""
JUMP_SEEN_S = 8.0
"""Time after a jump at which readings show the new tempo, seconds. On drums that jump by 5 to 28 %, the present model
took 6.5 to 10.5: less than half the window, because the new tempo is the stronger one soon after."""
MISHEARD, MISHEARD_S = (3 / 2, 4 / 3, 5 / 4), 30.0
"""Ratios at which a pace is misheard rather than another tempo, unless it lasts for so many seconds and stays."""
MAX_POINTS = 256
"""Largest number of readings that are kept: a stream without song changes must not grow."""


class Point(NamedTuple):
    """Paces of the sound at `t`, found in the window from `start` to `end`.

    The difference of the `log_speed` of two points is how far the music has moved between them, as the curves say.
    """

    t: float
    start: float
    end: float
    log_speed: float
    paces: tuple[Pace, ...]


class SongTempo:
    """Collects the readings of one song, and says at its end how its tempo went.

    Examples
    --------
    >>> curve = SongTempo()
    >>> for second in range(60):
    ...     curve.add(second, window_s=2.0, paces=(Pace(150.0 + second / 2.0, 0.9),))
    >>> paces, beat, sections = curve.song(0.0, (SongPace(165.0, 0.9, share=0.2),))
    >>> [(round(pace.spm), round(pace.low), round(pace.high)) for pace in paces]
    [(165, 150, 181)]
    >>> [(section.start, section.end, round(section.start_spm), round(section.end_spm)) for section in sections]
    [(0.0, 59.0, 150, 181)]
    """

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._stride = self._count = 1
        self._now = self._log_speed = 0.0

    def add(self, now: float, window_s: float, paces: tuple[Pace, ...], curve: TempoCurve = EXACT_TIME) -> None:
        """Add a reading.

        Parameters
        ----------
        now, window_s : float
            Time at the end of its window, and the length of the window, seconds.
        paces : tuple of Pace
            The compatible paces. They are those of the newest stretch of the window.
        curve : TempoCurve, optional
            The tempo within the window: a tempo that changes goes on along it, and the first paces of the song are
            those of the window before them.
        """
        self._log_speed += math.log(curve.change(now - self._now))
        self._now = now
        self._count -= 1
        if self._count:
            return
        self._count = self._stride
        if paces and not any(point.paces for point in self._points):
            before = list(self._before(now, window_s, paces, curve))
            self._points = [point for point in self._points if not before or point.t < before[0].t] + before
        self._points.append(self._point(now, window_s, paces))
        if len(self._points) >= MAX_POINTS:
            self._points = self._points[::2]
            self._stride *= 2

    def _before(self, now: float, window_s: float, paces: tuple[Pace, ...], curve: TempoCurve) -> Iterator[Point]:
        """Yield the points before the first one with paces: these are those of its window, as far as it is known."""
        for age in range(curve.known - 1, 0, -1):
            log = float(curve.log_speeds[-1 - age])
            then = tuple(Pace(math.exp(log) * pace.spm, pace.probability) for pace in paces)
            point = self._point(now - PART_HOP_S * age, window_s - PART_HOP_S * age, then)
            yield point._replace(log_speed=self._log_speed + log)

    def _point(self, now: float, window_s: float, paces: tuple[Pace, ...]) -> Point:
        return Point(now - sum(newest_stretch(window_s)) / 2.0, now - window_s, now, self._log_speed, paces)

    def song(
        self,
        start: float,
        paces: tuple[SongPace, ...],
        beat_among: Callable[[Sequence[SongPace]], float | None] = felt_beat,
    ) -> tuple[tuple[SongPace, ...], float | None, tuple[Section, ...]]:
        """Return the paces of the song, its felt beat, and the sections of the beat.

        Parameters
        ----------
        start : float
            When the song began, seconds.
        paces : tuple of SongPace
            The paces as they are if the tempo is steady.
        beat_among : callable
            Returns which of the paces is the beat if the tempo is steady.
        """
        runs = _runs([point for point in self._points if point.paces])
        sections = [section for run in runs for section in _straight(run, runs)]
        if sections and _changes(sections) and (moving := self._moving(runs, sections)):
            beat = felt_beat(moving)
            assert beat is not None
            scale = beat / _middle(runs, sections)
            return moving, beat, tuple(_shifted(section, start, scale) for section in sections)
        beat = beat_among(paces)
        if beat is None or not runs:
            return paces, beat, ()
        steady = Section(sections[0].start, sections[-1].end, beat, beat)
        return paces, beat, (_shifted(steady, start, 1.0),)

    def _moving(self, runs: "list[_Run]", sections: list[Section]) -> tuple[SongPace, ...]:
        """Return the paces of a song whose tempo changes: the levels that enough readings showed, with their ranges."""
        shown: dict[float, list[float]] = {}
        for run in runs:
            for point, spm in zip(run.points, run.spm.tolist(), strict=True):
                for pace in point.paces:
                    shown.setdefault(_level(pace.spm / spm), []).append(pace.probability)
        ends = [spm for section in sections for spm in (section.start_spm, section.end_spm)]
        middle, low, high = _middle(runs, sections), min(ends), max(ends)
        found = [
            SongPace(
                level * middle,
                math.fsum(probabilities) / len(probabilities),
                len(probabilities) / len(self._points),
                low=level * low,
                high=level * high,
            )
            for level, probabilities in shown.items()
            if len(probabilities) >= MIN_SHARE * len(self._points) and SPM_MIN <= level * low <= level * high <= SPM_MAX
        ]
        return tuple(sorted(found, key=lambda pace: -pace.probability))


class _Run(NamedTuple):
    """Points without a jump between them, and the tempo of one metrical level at each, shape (n,)."""

    points: list[Point]
    spm: NDArray[np.float64]

    @property
    def length(self) -> float:
        return self.points[-1].t - self.points[0].t


def _runs(points: list[Point]) -> list[_Run]:
    """Return the runs of a song without its outliers, the shortest of which go first; the points have paces."""
    for least in (0.5, SHORTEST_S / 2.0, SHORTEST_S):
        runs = list(_divided(points))
        longest = max(runs, key=lambda run: run.length, default=None)
        points = [point for run in runs if run.length >= least or run is longest for point in run.points]
    while True:
        runs = list(_divided(points))
        gone = next((run for at, run in enumerate(runs) if _is_misheard(runs, at)), None)
        if gone is None:
            return runs
        points = [point for run in runs if run is not gone for point in run.points]


def _divided(points: list[Point]) -> Iterator[_Run]:
    """Yield `points` divided at jumps. Over a jump, the level goes on that is nearest by ratio."""
    run: list[Point] = []
    spm: list[float] = []
    for point in points:
        rates = [pace.spm for pace in point.paces]
        expected = spm[-1] * math.exp(point.log_speed - run[-1].log_speed) if spm else 0.0
        # The curves add up to little in the minutes between the points of a long stream.
        following = _following(expected, rates) or _following(spm[-1], rates) if spm else felt_beat(point.paces)
        if following is None:
            yield _Run(run, np.array(spm))
            following = rates[int(np.argmin(np.abs(np.log(np.array(rates) / expected))))]
            run, spm = [], []
        run.append(point)
        spm.append(following)
    if run:
        yield _Run(run, np.array(spm))


def _following(spm: float, rates: list[float]) -> float | None:
    """Return the tempo that continues `spm` and agrees with all `rates`; None if there is none."""
    direct = [rate for rate in rates if abs(rate / spm - 1.0) <= CONTINUOUS]
    if direct:  # The tracker has made sure that the others agree with it.
        return min(direct, key=lambda rate: abs(rate / spm - 1.0))
    levels = [rate * level for rate in rates for level in (1.0, *RELATED, *(1.0 / ratio for ratio in RELATED))]
    near = [
        level
        for level in levels
        if abs(level / spm - 1.0) <= CONTINUOUS
        and all(related(level, rate) or abs(level / rate - 1.0) <= SAME_PACE for rate in rates)
    ]
    return min(near, key=lambda level: abs(level / spm - 1.0), default=None)


def _is_misheard(runs: list[_Run], at: int) -> bool:
    """Return whether a run is at a simple ratio to one beside it, and short, or between two of the same tempo."""
    run, tempo = runs[at], float(np.median(runs[at].spm))
    beside = [float(np.median(other.spm)) for other in (*runs[max(0, at - 1) : at], *runs[at + 1 : at + 2])]
    ratios = [max(tempo, other) / min(tempo, other) for other in beside]
    simple = any(abs(ratio / whole - 1.0) <= SAME_PACE for ratio in ratios for whole in MISHEARD)
    if not simple or run.length == max(other.length for other in runs):
        return False
    returns = len(beside) == 2 and abs(beside[0] / beside[1] - 1.0) <= CONTINUOUS
    return returns or run.length < MISHEARD_S


def _straight(run: _Run, runs: list[_Run]) -> Iterator[Section]:
    """Yield the sections of a run: straight lines of the logarithm of its tempo over time.

    Between two runs, the border is where the tempo jumped. At the ends of the song, the first and the last window count
    in full.
    """
    t = np.array([point.t for point in run.points])
    logs = _smooth(np.log(run.spm))
    parts = straight_parts(t, logs)
    at = next(index for index, other in enumerate(runs) if other is run)
    start = run.points[0].start if at == 0 else _jump(runs[at - 1], run)
    end = run.points[-1].end if run is runs[-1] else _jump(run, runs[at + 1])
    borders = [start, *((t[part.stop - 1] + t[part.stop]) / 2.0 for part in parts[:-1]), end]
    for part, left, right in zip(parts, borders, borders[1:], strict=False):
        slope, offset = line(t[part], logs[part])
        ends = [offset + slope * left, offset + slope * right]
        if math.expm1(abs(ends[1] - ends[0])) <= CHANGE:
            ends = [float(np.median(logs[part]))] * 2
        yield Section(float(left), float(right), math.exp(ends[0]), math.exp(ends[1]))


def _jump(before: _Run, after: _Run) -> float:
    """Return when the tempo jumped between two runs."""
    last, first = before.points[-1], after.points[0]
    return (last.end + first.end) / 2.0 - JUMP_SEEN_S


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each value and its neighbours: a single outlier moves nothing."""
    padded = np.pad(values, 1, mode="edge")
    return np.median(np.stack([padded[:-2], values, padded[2:]]), axis=0)


def _changes(sections: list[Section]) -> bool:
    ends = [spm for section in sections for spm in (section.start_spm, section.end_spm)]
    return max(ends) / min(ends) - 1.0 > CHANGE


def _middle(runs: list[_Run], sections: list[Section]) -> float:
    """Return the mean tempo over time; of tempi that follow each other, the median, which was heard."""
    if len(runs) > 1 or all(section.start_spm == section.end_spm for section in sections):
        return float(np.quantile(np.concatenate([run.spm for run in runs]), 0.5, method="lower"))
    lengths = [section.end - section.start for section in sections]
    means = [(section.start_spm + section.end_spm) / 2.0 for section in sections]
    return float(np.average(means, weights=lengths))


def _level(ratio: float) -> float:
    """Return the whole ratio, or the inverse of one, that is nearest to `ratio`."""
    return min((1.0, *RELATED, *(1.0 / whole for whole in RELATED)), key=lambda whole: abs(math.log(ratio / whole)))


def _shifted(section: Section, start: float, scale: float) -> Section:
    """Return a section with times since `start`, and with tempi times `scale`."""
    first, last = max(0.0, section.start - start), max(0.0, section.end - start)
    return Section(first, last, section.start_spm * scale, section.end_spm * scale)
