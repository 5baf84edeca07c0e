"""Plans of a run: how long which target holds, as people write it."""

import re
from dataclasses import dataclass

from paces_live.errors import UsageError
from paces_live.match import check_target

__all__ = ["Part", "parse_duration", "parse_plan", "parse_ramp"]

LONGEST_S = 24 * 3600.0
"""Length of the longest plan, seconds."""
_DURATION = re.compile(r"(?:(\d+(?:\.\d*)?)h)?(?:(\d+(?:\.\d*)?)(?:m|min))?(?:(\d+(?:\.\d*)?)s)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]\d)")
_RATE = r"\d+(?:\.\d*)?"
_RATES = re.compile(rf"({_RATE})(?:\.\.({_RATE}))?")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a plan: for so many `seconds`, the target goes evenly from `start` to `end`, steps per minute.

    Examples
    --------
    >>> Part(600.0, 150.0, 170.0).target(300.0)
    160.0
    >>> str(Part(600.0, 150.0, 170.0)), str(Part(90.0, 165.0, 165.0))
    ('10m@150..170', '1m30s@165')
    """

    seconds: float
    start: float
    end: float

    def target(self, at: float) -> float:
        """Return the target so many seconds after the part begins; that of its nearest end outside of it."""
        return self.start + (self.end - self.start) * min(max(at / self.seconds, 0.0), 1.0)

    @property
    def low(self) -> float:
        """The lowest target."""
        return min(self.start, self.end)

    @property
    def high(self) -> float:
        """The highest target."""
        return max(self.start, self.end)

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        length = f"{minutes}m" * (minutes > 0) + f"{seconds}s" * (seconds > 0 or not minutes)
        ends = dict.fromkeys((f"{self.start:g}", f"{self.end:g}"))
        return f"{length}@{'..'.join(ends)}"


def parse_plan(text: str) -> tuple[Part, ...]:
    """Return the plan that a text stands for: lengths and targets, which may be ramps.

    Raises
    ------
    UsageError
        The text is no plan; the message says which part is wrong.

    Examples
    --------
    >>> [str(part) for part in parse_plan("10m@150, 20m@150..168 5:00@140")]
    ['10m@150', '20m@150..168', '5m@140']
    >>> parse_plan("10m")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: plan: '10m' has no target: write 10m@150
    """
    parts = []
    for written in text.replace(",", " ").split():
        length, at, rates = written.partition("@")
        if not at:
            raise _wrong("plan", f"{written!r} has no target", f"write {length}@150")
        parts.append(Part(parse_duration(length, name="plan"), *parse_ramp(rates, name="plan")))
    if not parts:
        raise _wrong("plan", "it has no part", 'write "10m@150 20m@168 5m@140"')
    if sum(part.seconds for part in parts) > LONGEST_S:
        raise _wrong("plan", "it is longer than a day", "make it shorter")
    return tuple(parts)


def parse_ramp(text: str, *, name: str = "ramp") -> tuple[float, float]:
    """Return the ends of a ramp; both are the same for a single target.

    Examples
    --------
    >>> parse_ramp("150..170"), parse_ramp("165")
    ((150.0, 170.0), (165.0, 165.0))
    """
    found = _RATES.fullmatch(text.replace(" ", ""))
    if not found:
        raise _wrong(name, f"{text!r} is no target", "write 165, or 150..170")
    ends = float(found[1]), float(found[2] or found[1])
    for end in ends:
        check_target(end)
    return ends


def parse_duration(text: str, *, name: str = "duration") -> float:
    """Return a length in seconds, from a second to a day; a number alone is minutes.

    Examples
    --------
    >>> [parse_duration(text) for text in ("45m", "1h30m", "90 s", "7:30", "1:00:00", "45")]
    [2700.0, 5400.0, 90.0, 450.0, 3600.0, 2700.0]
    """
    written = text.replace(" ", "")
    if re.fullmatch(_RATE, written):
        written += "m"
    found = _CLOCK.fullmatch(written) or _DURATION.fullmatch(written)
    if not found or not written:
        raise _wrong(name, f"{text!r} is no length", "write 45m, 1h30m or 7:30")
    hours, minutes, seconds = (float(value or 0.0) for value in found.groups())
    total = 3600.0 * hours + 60.0 * minutes + seconds
    if not 1.0 <= total <= LONGEST_S:
        raise _wrong(name, f"{text!r} is out of range", "choose a second to a day")
    return total


def _wrong(name: str, what: str, hint: str) -> UsageError:
    return UsageError(f"{name}: {what}", hint=hint, code=f"usage.{name}")
