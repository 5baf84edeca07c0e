"""A target tapped on a key, as a runner's steps."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

PAUSE_S = 2.0
"""A pause of this length begins a new count."""
INTERVALS = 8
"""How many of the last intervals count."""


@dataclass(frozen=True, slots=True)
class Taps:
    """The last taps, as times of a clock in seconds."""

    times: tuple[float, ...] = ()
    count: int = 0

    def at(self, now: float) -> "Taps":
        """Return the taps that still count at `now`: none after a pause."""
        return Taps() if self.times and now - self.times[-1] >= PAUSE_S else self

    def tapped(self, now: float) -> "Taps":
        """Return the taps after one more at `now`."""
        before = self.at(now)
        return Taps((*before.times, now)[-INTERVALS - 1 :], before.count + 1)

    @property
    def rate(self) -> float | None:
        """Taps a minute, by the median of the last intervals; None after a single tap."""
        intervals = [b - a for a, b in pairwise(self.times)]
        return 60.0 / max(median(intervals), 1e-3) if intervals else None
