"""A target that follows the cadence of a runner."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from paces_live.match import SPM_MAX, SPM_MIN, Listener

if TYPE_CHECKING:
    from paces_live.sensor.bluetooth import CadenceSensor

WINDOW_S = 12.0
"""Time over which the median of the cadence is taken, seconds: a sprint of less than half of it counts for nothing."""
FIRST_S = 5.0
"""Time for which the cadence must be known before the target moves, seconds: nobody runs evenly at once."""
SMALLEST_CHANGE = 1.0
"""Smallest change of the target, steps per minute: a target that trembles is no help."""


class Follower:
    """Moves the target of a listener to the median of the newest cadences.

    Whoever sets another target meanwhile, by a key or a control line, keeps it. If the target is then set back, such as
    by undoing the change, it follows again.

    Parameters
    ----------
    listener : Listener

    Examples
    --------
    >>> listener = Listener(165.0)
    >>> follower = Follower(listener)
    >>> for second in range(10):
    ...     follower.take(float(second), 172.0)
    >>> listener.target
    172.0
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._mine = listener.target
        self._recent = deque[tuple[float, float]]()

    def take(self, t: float, cadence: float) -> None:
        """Learn that the runner took `cadence` steps per minute at `t`, seconds of any clock that only goes forward."""
        if not SPM_MIN <= cadence <= SPM_MAX:
            return
        self._recent.append((t, cadence))
        while self._recent[0][0] < t - WINDOW_S:
            self._recent.popleft()
        wanted = float(round(median(cadence for _, cadence in self._recent)))
        if t - self._recent[0][0] < FIRST_S or self._listener.target != self._mine:
            return
        if self._mine is None or abs(wanted - self._mine) >= SMALLEST_CHANGE:
            self._listener.target = self._mine = wanted


@contextmanager
def following(listener: Listener, name: str = "") -> "Iterator[CadenceSensor]":
    """Let the target of `listener` follow the cadence of a sensor for as long as this is entered; give the sensor.

    Until the sensor speaks, the target stays as it is. If the sensor goes away, the last one stays.

    Parameters
    ----------
    listener : Listener
    name : str
        A part of the name of the sensor, or its address; empty for the one that is nearest.

    Raises
    ------
    SensorError
        A package is missing.
    """
    from paces_live.sensor.bluetooth import CadenceSensor

    with CadenceSensor(name, Follower(listener).take) as sensor:
        yield sensor
