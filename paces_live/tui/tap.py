"""A target that the user taps on a key, once per step."""

from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from paces_live.match import SPM_MAX, SPM_MIN

LEAST = 4
"""Number of taps that set a target: three intervals, so that a missed tap or a stray one does not count."""
PAUSE_S = 2.0
"""Pause that ends a count, seconds; longer than a step at the slowest rate, 40 a minute."""
NOTE_S = 4.0
"""Time for which the screen says why a count set nothing, seconds."""
INTERVALS = 8
"""Number of the last intervals that count."""


@dataclass(frozen=True, slots=True)
class Taps:
    """The last taps, as times of a clock in seconds.

    Attributes
    ----------
    times : tuple of float
        Times of the last taps.
    count : int
        Number of all taps.
    over : bool
        Whether a pause has ended the count.

    Examples
    --------
    Four taps half a second apart, and a pause:

    >>> taps = Taps().tapped(10.0).tapped(10.5).tapped(11.0).tapped(11.5)
    >>> taps.target, taps.at(12.0).over, taps.at(14.0).over
    (120.0, False, True)
    """

    times: tuple[float, ...] = ()
    count: int = 0
    over: bool = False

    def at(self, now: float) -> "Taps":
        """Return the taps at `now`: over after a pause and, once that was noticed, none a while later.

        So the taps count however late someone looks, such as after the program was suspended.
        """
        waited = now - self.times[-1] if self.times else 0.0
        if self.over and waited >= PAUSE_S + NOTE_S:
            return Taps()
        return replace(self, over=waited >= PAUSE_S)

    def tapped(self, now: float) -> "Taps":
        """Return the taps after one more at `now`; the first after a pause begins a new count."""
        before = self.at(now)
        if before.over:
            before = Taps()
        return Taps((*before.times, now)[-INTERVALS - 1 :], before.count + 1)

    @property
    def rate(self) -> float | None:
        """Taps per minute, from the median of the last intervals; None after a single tap."""
        intervals = [b - a for a, b in pairwise(self.times)]
        return 60.0 / max(median(intervals), 1e-3) if intervals else None

    @property
    def target(self) -> float | None:
        """The target that these taps set, spm; None if they are too few, too fast or too slow."""
        rate = self.rate
        if rate is None or self.count < LEAST or not SPM_MIN <= rate <= SPM_MAX:
            return None
        return float(round(rate))

    def words(self, *, roomy: bool = True) -> str:
        """Return what the taps amount to; empty without any.

        Examples
        --------
        >>> taps = Taps().tapped(10.0).tapped(10.5).tapped(11.0)
        >>> taps.words(), taps.words(roomy=False)
        ('3 taps, 1 more: 120 spm', '3 taps, 1 more')
        >>> taps.tapped(11.5).words(), taps.at(13.0).words()
        ('4 taps: 120 spm, then pause', '3 taps: not set, it takes 4')
        """
        rate = self.rate
        taps = f"{self.count} {'tap' if self.count == 1 else 'taps'}"
        if not self.times:
            return ""
        # A key that is held repeats itself some thirty times a second.
        if rate is not None and not SPM_MIN <= rate <= SPM_MAX:
            fast = rate > SPM_MAX
            limit = f"over {SPM_MAX:g}" if fast else f"under {SPM_MIN:g}"
            return f"{taps}: {limit}, not set" if roomy else f"too {'fast' if fast else 'slow'}, not set"
        if self.count < LEAST and self.over:
            return f"{taps}: not set, it takes {LEAST}" if roomy else f"{taps}, not set"
        if self.count < LEAST:
            so_far = f": {rate:.0f} spm" if rate is not None and roomy else ""
            return f"{taps}, {LEAST - self.count} more{so_far}"
        return f"{taps}: {rate:.0f} spm" + ", then pause" * roomy
