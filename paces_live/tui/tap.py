"""A target that the user taps on a key, once per step."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

PAUSE_S = 2.0
"""Pause that begins a new count, seconds."""
INTERVALS = 8
"""Number of the last intervals that count."""


@dataclass(frozen=True, slots=True)
class Taps:
    """The last taps, as times of a clock in seconds.

    Examples
    --------
    Two taps half a second apart:

    >>> Taps().tapped(10.0).tapped(10.5).rate
    120.0
    """

    times: tuple[float, ...] = ()
    count: int = 0

    def at(self, now: float) -> "Taps":
        """Return the taps that still count at `now`; none do after a pause."""
        return Taps() if self.times and now - self.times[-1] >= PAUSE_S else self

    def tapped(self, now: float) -> "Taps":
        """Return the taps after one more at `now`."""
        before = self.at(now)
        return Taps((*before.times, now)[-INTERVALS - 1 :], before.count + 1)

    @property
    def rate(self) -> float | None:
        """Taps per minute, from the median of the last intervals; None after a single tap."""
        intervals = [b - a for a, b in pairwise(self.times)]
        return 60.0 / max(median(intervals), 1e-3) if intervals else None
