"""When readings are due: at regular positions, less often on a slow machine, and never twice for the same audio."""

import math

MINIMUM_INTERVAL_TO_COST = 2.0
"""Minimum ratio of the interval between readings to the time that one takes: a slow machine reads less often."""


class ReadingSchedule:
    """Decides at which positions, in samples, a session reads.

    Parameters
    ----------
    interval : float
        Seconds of audio between readings.
    first : float
        Seconds of audio before the first reading.
    rate : int
        Sample rate, Hz.
    live : bool
        Whether time goes on while nobody pushes: a session that is behind then skips readings, and one that is slow has
        fewer.

    Attributes
    ----------
    interval : float
        Seconds between readings, as they are now.

    Examples
    --------
    >>> schedule = ReadingSchedule(1.0, 0.0, 100, live=True)
    >>> [position for position in range(0, 400, 50) if schedule.is_due(position, waiting=0)]
    [100, 200, 300]
    >>> schedule.took(0.7)
    >>> schedule.interval
    2.0
    """

    def __init__(self, interval: float, first: float, rate: int, *, live: bool) -> None:
        self.interval = interval
        self._rate = rate
        self._live = live
        self._step = max(1, round(interval * rate))
        self._due = max(self._step, round(first * rate))
        self._is_urgent = False

    def hurry(self) -> None:
        """Let a reading be due at once, besides those at regular positions."""
        self._is_urgent = True

    def is_due(self, position: int, *, waiting: int) -> bool:
        """Return whether a reading is due at `position`, with `waiting` samples that have already arrived after it."""
        is_urgent, self._is_urgent = self._is_urgent, False
        if position < self._due:
            return is_urgent
        self._due += self._step * (1 + (position - self._due) // self._step)
        # If the next reading is due too, this one would only make a late session later.
        return is_urgent or not (self._live and position + waiting >= self._due)

    def took(self, seconds: float) -> None:
        """Lengthen the interval if readings take so long that a live session could not keep up."""
        steps = max(1, math.ceil(MINIMUM_INTERVAL_TO_COST * seconds * self._rate / self._step)) if self._live else 1
        self.interval = steps * self._step / self._rate
        self._due += self._step * (steps - 1)
