"""Whether a compatible pace fits the runner's target, and how it is stepped."""

import math
from collections.abc import Iterable, Sequence

from paces_live.errors import UsageError
from paces_live.events import Grade, Match, Pace, SongPace

SPM_MIN, SPM_MAX = 40.0, 320.0
LOCK, MATCH, STRETCH = 0.025, 0.05, 0.08
"""Largest relative errors of the three grades: not noticed, matched with intent, a compromise."""
TOLERANCE_MAX = 0.2
PREFERRED_TACTUS = 120.0
"""Beat rate that listeners prefer to tap, beats per minute (van Noorden and Moelants 1999)."""


def check_target(target: float | None) -> None:
    """Raise `UsageError` unless `target` is None or a step rate in range."""
    if target is not None and not SPM_MIN <= target <= SPM_MAX:
        raise UsageError(f"target {target:g} is out of range: choose {SPM_MIN:g} to {SPM_MAX:g} steps a minute")


def check_tolerance(tolerance: float) -> None:
    """Raise `UsageError` unless `tolerance` is a sensible ratio."""
    if not 0.0 < tolerance <= TOLERANCE_MAX:
        raise UsageError(
            f"tolerance {tolerance:g} is out of range: choose a ratio up to {TOLERANCE_MAX:g}, such as 0.05"
        )


def best_match(paces: Iterable[Pace | SongPace], target: float | None, tolerance: float = MATCH) -> Match | None:
    """Return the pace nearest to `target`, graded, or None where none is near enough.

    The grades are lock (2.5 %, never wider than `tolerance`), match (`tolerance`) and stretch (8 %).
    """
    if target is None:
        return None
    nearest = min(paces, key=lambda pace: abs(pace.spm / target - 1.0), default=None)
    if nearest is None:
        return None
    error = nearest.spm / target - 1.0
    grade: Grade
    if abs(error) <= min(LOCK, tolerance):
        grade = "lock"
    elif abs(error) <= tolerance:
        grade = "match"
    elif abs(error) <= STRETCH:
        grade = "stretch"
    else:
        return None
    return Match(nearest.spm, error, grade)


def stepping(spm: float, paces: Sequence[Pace | SongPace]) -> str:
    """Say how to step at `spm` in relation to the beat.

    The beat is taken to be the compatible pace nearest to the rate that listeners prefer to tap.
    """
    beat = min((pace.spm for pace in paces), key=lambda rate: abs(math.log(rate / PREFERRED_TACTUS)), default=spm)
    ratio = spm / beat
    for steps, words in (
        (1, "a step on every beat"),
        (2, "two steps a beat"),
        (3, "three steps a beat"),
        (4, "four steps a beat"),
    ):
        if abs(ratio / steps - 1.0) <= MATCH:
            return words
    for beats in (2, 3, 4):
        if abs(ratio * beats - 1.0) <= MATCH:
            return f"a step every {('second', 'third', 'fourth')[beats - 2]} beat"
    return f"{ratio:.2f} steps a beat"
