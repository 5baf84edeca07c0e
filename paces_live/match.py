"""Whether a compatible pace fits a listener's target."""

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from paces_live.errors import UsageError
from paces_live.events import Grade, Match, Nearest, Pace, Section, SongPace, Verdict

__all__ = [
    "DEFAULT_TARGET",
    "DEFAULT_TOLERANCE",
    "LOCK_TOLERANCE",
    "SPM_MAX",
    "SPM_MIN",
    "STRETCH_TOLERANCE",
    "Listener",
    "match",
    "nearest",
    "steps_per_beat",
    "times_near",
    "verdict",
]

SPM_MIN, SPM_MAX = 40.0, 320.0
"""Range of paces and targets, steps per minute."""
DEFAULT_TARGET = 165.0
"""Target of a listener who does not choose one; close to the energetic optimum of most runners (Lieberman 2015)."""
LOCK_TOLERANCE, DEFAULT_TOLERANCE, STRETCH_TOLERANCE = 0.025, 0.05, 0.08
"""Largest relative error of a lock, of a match unless the listener chooses another one, and of a stretch."""
TOLERANCE_MAX = 0.2
"""Largest tolerance that a listener may choose: beyond it, almost everything matches."""
SHORTEST_NEAR_S = 5.0
"""Length of the shortest time near a target that is worth to be named, seconds."""
WHOLE_STEPS = (1, 2, 3, 4)
"""Steps on a beat, or beats for a step, that a runner can count."""


P = TypeVar("P", bound=Pace | SongPace)


def match(paces: Iterable[Pace | SongPace], target: float | None, tolerance: float = DEFAULT_TOLERANCE) -> Match | None:
    """Return the pace nearest to `target`, graded; None if no pace is near enough or there is no target.

    The grade of a tempo that changes is that of the end of its range that is farther from the target.

    Parameters
    ----------
    paces : iterable of Pace or SongPace
        Compatible paces.
    target : float or None
        Wanted step rate, steps per minute.
    tolerance : float
        Largest relative error of a match. A lock is never wider than this; a stretch reaches 8 %.

    Examples
    --------
    >>> match([Pace(82.5, 0.9), Pace(165.2, 0.9)], 170.0)
    Match(spm=165.2, error=-0.0282..., grade='match')
    >>> match([Pace(165.2, 0.9)], 190.0) is None
    True
    >>> match([SongPace(165.0, 0.9, share=1.0, low=158.0, high=172.0)], 165.0)
    Match(spm=165.0, error=0.0, grade='match')
    """
    pace = _nearest(paces, target)
    if pace is None or target is None:
        return None
    farthest = max(abs(spm / target - 1.0) for spm in _range(pace))
    grade: Grade
    if farthest <= min(LOCK_TOLERANCE, tolerance):
        grade = "lock"
    elif farthest <= tolerance:
        grade = "match"
    elif farthest <= STRETCH_TOLERANCE:
        grade = "stretch"
    else:
        return None
    return Match(pace.spm, pace.spm / target - 1.0, grade)


def nearest(paces: Iterable[Pace | SongPace], target: float | None) -> Nearest | None:
    """Return the pace nearest to `target`, however far it is; None if there is no pace or no target.

    Examples
    --------
    >>> nearest([Pace(82.5, 0.9), Pace(165.2, 0.9)], 190.0)
    Nearest(spm=165.2, error=-0.1305...)
    """
    pace = _nearest(paces, target)
    return None if pace is None or target is None else Nearest(pace.spm, pace.spm / target - 1.0)


def _nearest(paces: Iterable[P], target: float | None) -> P | None:
    if target is None:
        return None
    return min(paces, key=lambda pace: abs(pace.spm / target - 1.0), default=None)


def _range(pace: Pace | SongPace) -> tuple[float, ...]:
    """Return the ends of the range of a pace; its rate alone if it is steady."""
    if isinstance(pace, Pace) or pace.low is None or pace.high is None:
        return (pace.spm,)
    return pace.low, pace.high


def verdict(paces: Iterable[Pace | SongPace], found: Match | None, target: float | None) -> Verdict | None:
    """Return the verdict on `paces` whose match with `target` is `found`; None if there is no pace or no target.

    Examples
    --------
    >>> verdict([Pace(165.2, 0.9)], Match(165.2, -0.0282, "lock"), 170.0)
    'match'
    >>> verdict([Pace(165.2, 0.9)], None, 190.0), verdict([], None, 190.0)
    ('no_match', None)
    """
    if target is None or not list(paces):
        return None
    if found is None:
        return "no_match"
    return "stretch" if found.grade == "stretch" else "match"


def steps_per_beat(spm: float, beat: float) -> float:
    """Return how many steps at `spm` fall on each felt beat: 2 is two steps a beat, 0.5 a step every second beat.

    Examples
    --------
    >>> steps_per_beat(171.2, 86.0), steps_per_beat(67.3, 202.0)
    (2.0, 0.333...)
    """
    ratio = spm / beat
    whole = [*WHOLE_STEPS, *(1.0 / beats for beats in WHOLE_STEPS)]
    likely = min(whole, key=lambda steps: abs(ratio / steps - 1.0))
    return float(likely) if abs(ratio / likely - 1.0) <= DEFAULT_TOLERANCE else ratio


def times_near(
    sections: Iterable[Section],
    paces: Sequence[SongPace],
    beat: float | None,
    target: float | None,
    tolerance: float = DEFAULT_TOLERANCE,
) -> list[tuple[float, float]]:
    """Return the times at which a pace of a song is within `tolerance` of `target`, seconds: pairs of start and end.

    Parameters
    ----------
    sections : iterable of Section
        How `beat` goes through the song; the logarithm of a tempo that changes is taken as a straight line.
    paces : sequence of SongPace
        The paces of the song. The ratio of a pace to the beat stays the same.
    beat, target : float or None
        The result is empty if one is missing.

    Examples
    --------
    >>> rise = Section(0.0, 60.0, start_spm=150.0, end_spm=180.0)
    >>> [(start, end)] = times_near([rise], [SongPace(165.0, 0.9, share=1.0)], 165.0, target=165.0)
    >>> round(start, 1), round(end, 1)
    (14.5, 47.4)
    """
    if beat is None or target is None:
        return []
    found: list[tuple[float, float]] = []
    for section in sections:
        for pace in paces:
            low, high = (math.log(target * (1.0 + side) * beat / pace.spm) for side in (-tolerance, tolerance))
            start, end = _within(section, low, high)
            if end - start < SHORTEST_NEAR_S:
                continue
            if found and start - found[-1][1] < SHORTEST_NEAR_S:
                start = found.pop()[0]
            found.append((start, end))
    return found


def _within(section: Section, low: float, high: float) -> tuple[float, float]:
    """Return when the logarithm of the beat is between `low` and `high` in a section; never is an empty time."""
    first, last = math.log(section.start_spm), math.log(section.end_spm)
    if first == last:
        return section.start, section.end if low <= first <= high else section.start
    length = section.end - section.start
    times = sorted(section.start + length * (log - first) / (last - first) for log in (low, high))
    return max(section.start, times[0]), min(section.end, times[1])


class Listener:
    """Someone who sees a stream: a target and a tolerance, which may change at any time and from any thread.

    Parameters
    ----------
    target : float or None
        Wanted step rate, 40 to 320 steps per minute; None if the listener has no target.
    tolerance : float
        Largest relative error of a match, above 0 and at most 0.2.

    Raises
    ------
    UsageError
        A value is out of range, here or when it is assigned later.

    Examples
    --------
    >>> listener = Listener(target=170.0)
    >>> listener.match([Pace(171.0, 0.9)]).grade
    'lock'
    """

    def __init__(self, target: float | None = DEFAULT_TARGET, tolerance: float = DEFAULT_TOLERANCE) -> None:
        self.target = target
        self.tolerance = tolerance

    @property
    def target(self) -> float | None:
        """Wanted step rate, steps per minute."""
        return self._target

    @target.setter
    def target(self, target: float | None) -> None:
        check_target(target)
        self._target = target

    @property
    def tolerance(self) -> float:
        """Largest relative error of a match."""
        return self._tolerance

    @tolerance.setter
    def tolerance(self, tolerance: float) -> None:
        check_tolerance(tolerance)
        self._tolerance = tolerance

    def match(self, paces: Iterable[Pace | SongPace]) -> Match | None:
        """Return the match of `paces` with the target as it is now; see `match`."""
        return match(paces, self.target, self.tolerance)

    def nearest(self, paces: Iterable[Pace | SongPace]) -> Nearest | None:
        """Return the pace nearest to the target as it is now; see `nearest`."""
        return nearest(paces, self.target)


def check_target(target: float | None) -> None:
    """Raise `UsageError` unless `target` is None or a step rate in range.

    Examples
    --------
    >>> check_target(165.0)
    >>> check_target(20.0)
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: target 20 is out of range: choose 40 to 320 steps per minute
    """
    if target is not None and not SPM_MIN <= target <= SPM_MAX:
        raise UsageError(
            f"target {target:g} is out of range",
            hint=f"choose {SPM_MIN:g} to {SPM_MAX:g} steps per minute",
            code="usage.target",
        )


def check_tolerance(tolerance: float) -> None:
    """Raise `UsageError` unless `tolerance` is a sensible ratio.

    Examples
    --------
    >>> check_tolerance(0.05)
    >>> check_tolerance(5.0)
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: tolerance 5 is out of range: choose a ratio above 0 and up to 0.2, ...
    """
    if not 0.0 < tolerance <= TOLERANCE_MAX:
        raise UsageError(
            f"tolerance {tolerance:g} is out of range",
            hint=f"choose a ratio above 0 and up to {TOLERANCE_MAX:g}, such as 0.05, which is 5 %",
            code="usage.tolerance",
        )
