"""The last change of the target, which the user can take back."""

from dataclasses import dataclass

TOGETHER_S = 2.0
"""Time within which changes count as one, such as a key that is held or a drag on the scale; seconds."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the target was before it changed, and when that was.

    Attributes
    ----------
    before : float or None
        The earlier target, spm; None if there was none.
    at : float
        Time of the change, seconds of a clock.

    Examples
    --------
    Two moves in a row are one change:

    >>> Change(165.0, at=10.0).then(166.0, now=10.5)
    Change(before=165.0, at=10.5)
    >>> Change(165.0, at=10.0).then(166.0, now=20.0)
    Change(before=166.0, at=20.0)
    """

    before: float | None
    at: float

    def then(self, before: float | None, now: float) -> "Change":
        """Return the last change after another one at `now`, which replaced the target `before`."""
        return Change(self.before if now - self.at < TOGETHER_S else before, now)
