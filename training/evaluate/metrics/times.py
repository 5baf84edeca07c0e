"""Measures of time: when readings become right, and stay right."""

import math
from collections.abc import Callable, Iterable, Sequence

from training.annotations.truth import Truth, is_compatible
from training.evaluate.metrics.songs import flags

Readings = Iterable[tuple[float, tuple[float, ...]]]
"""Seconds and shown paces of readings, in order of time."""


def first_lasting(readings: Readings, right: Callable[[tuple[float, ...]], bool]) -> float | None:
    """Return the time of the first reading that is right and stays right, or None if the last one is not right.

    Examples
    --------
    >>> first_lasting([(1.0, ()), (2.0, (80.0,)), (3.0, ()), (4.0, (80.0,)), (5.0, (80.0,))], bool)
    4.0
    """
    since: float | None = None
    for seconds, paces in readings:
        since = (seconds if since is None else since) if right(paces) else None
    return since


def time_to_verdict(readings: Readings, truth: Truth) -> float | None:
    """Return the time from which all readings show a compatible pace and no incompatible one, or None.

    Examples
    --------
    >>> song = Truth((60.0, 120.0))
    >>> time_to_verdict([(4.0, (120.0,)), (5.0, (80.0,)), (6.0, (60.0,)), (7.0, (60.0, 120.0))], song)
    6.0
    """
    return first_lasting(readings, lambda paces: paces_right(paces, truth))


def paces_right(paces: Sequence[float], truth: Truth) -> bool:
    """Return whether a compatible pace is among `paces`, and no incompatible one."""
    verdicts = [is_compatible(spm, truth) for spm in paces]
    return True in verdicts and False not in verdicts


def flags_right(paces: Sequence[float], truth: Truth, targets: Iterable[float]) -> bool:
    """Return whether a pace is shown, and the flag is right at each target at which the truth is clear.

    Examples
    --------
    >>> song = Truth((82.5, 165.0))
    >>> flags_right((165.2,), song, range(150, 191, 5)), flags_right((82.5,), song, range(150, 191, 5))
    (True, False)
    """
    return bool(paces) and all(up == due for up, due in flags(paces, truth, targets))


def share_within(times: Sequence[float | None], seconds: float) -> float:
    """Return the share of `times` that are at most `seconds`; None is an event that never came.

    Examples
    --------
    >>> share_within([3.0, None, 5.0, 9.0], 5.0)
    0.5
    """
    return sum(time is not None and time <= seconds for time in times) / max(1, len(times))


def quantile(times: Sequence[float | None], share: float) -> float:
    """Return the shortest time within which `share` of the events came, infinite if fewer came.

    Examples
    --------
    >>> quantile([3.0, None, 5.0, 9.0], 0.5), quantile([3.0, None, 5.0, 9.0], 0.9)
    (5.0, inf)
    """
    ordered = sorted(math.inf if time is None else time for time in times)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
