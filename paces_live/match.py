"""Whether a compatible pace fits a listener's target."""

from collections.abc import Iterable

from paces_live.errors import UsageError
from paces_live.events import Grade, Match, Nearest, Pace, SongPace, Verdict

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
WHOLE_STEPS = (1, 2, 3, 4)
"""Steps on a beat, or beats for a step, that a runner can count."""


def match(paces: Iterable[Pace | SongPace], target: float | None, tolerance: float = DEFAULT_TOLERANCE) -> Match | None:
    """Return the pace nearest to `target`, graded; None if no pace is near enough or there is no target.

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
    """
    found = nearest(paces, target)
    if found is None:
        return None
    grade: Grade
    if abs(found.error) <= min(LOCK_TOLERANCE, tolerance):
        grade = "lock"
    elif abs(found.error) <= tolerance:
        grade = "match"
    elif abs(found.error) <= STRETCH_TOLERANCE:
        grade = "stretch"
    else:
        return None
    return Match(found.spm, found.error, grade)


def nearest(paces: Iterable[Pace | SongPace], target: float | None) -> Nearest | None:
    """Return the pace nearest to `target`, however far it is; None if there is no pace or no target.

    Examples
    --------
    >>> nearest([Pace(82.5, 0.9), Pace(165.2, 0.9)], 190.0)
    Nearest(spm=165.2, error=-0.1305...)
    """
    if target is None:
        return None
    spm = min((pace.spm for pace in paces), key=lambda spm: abs(spm / target - 1.0), default=None)
    return None if spm is None else Nearest(spm, spm / target - 1.0)


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
