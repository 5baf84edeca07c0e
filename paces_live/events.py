"""What the engine says: immutable events, and their form as one line of JSON.

A ``Reading`` is all that a user interface needs to draw itself.
"""

import json
from collections.abc import Container
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal

SCHEMA = 1

State = Literal["listening", "silence", "no_pulse", "provisional", "settled"]
Level = Literal["silent", "too quiet", "fine", "clipping"]
Grade = Literal["lock", "match", "stretch"]


@dataclass(frozen=True, slots=True)
class Pace:
    """A judged step rate: steps per minute and the probability that it is compatible."""

    spm: float
    probability: float


@dataclass(frozen=True, slots=True)
class SongPace:
    """A compatible pace of a whole song; `share` is the part of its readings that showed it, 0 to 1."""

    spm: float
    probability: float
    share: float


@dataclass(frozen=True, slots=True)
class Match:
    """The compatible pace nearest to the target; `error` is ``spm / target - 1``."""

    spm: float
    error: float
    grade: Grade


@dataclass(frozen=True, slots=True)
class Health:
    """State of the capture: level of the last second, audio lost so far, share of real time spent computing.

    `level` is what the level has been for the last five seconds: ``silent``, ``too quiet``, ``clipping`` or ``fine``.
    `note` is what the source says about itself now, such as ``microphone is gone, trying again in 5 s``; `interval` the
    seconds between readings as they are now.
    """

    level_dbfs: float
    dropped_s: float
    load: float
    level: Level = "fine"
    note: str | None = None
    interval: float = 1.0


@dataclass(frozen=True, slots=True)
class Start:
    """The first event of a run."""

    version: str
    input: str
    target: float | None
    tolerance: float
    model: str
    runtime: str
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Reading:
    """What is heard at one moment; `t` is seconds of audio since the start, `song` counts from 1.

    `paces` holds the compatible ones and `rejected` the others that were judged, each most probable first.
    `title` is that of what plays, where it is known; `remembered` tells that its paces come from the history, not from
    the sound. `tempogram` holds strengths 0 to 1 on a logarithmic scale of 40 to 320 a minute; it is not in the JSON.
    """

    t: float
    song: int
    state: State
    paces: tuple[Pace, ...]
    match: Match | None
    health: Health
    rejected: tuple[Pace, ...] = ()
    title: str | None = None
    remembered: bool = False
    tempogram: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Song:
    """A stretch of audio between two boundaries, `start` to `end` in seconds, told when it has ended."""

    song: int
    start: float
    end: float
    paces: tuple[SongPace, ...]
    match: Match | None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The last event of a run."""

    t: float


Event = Start | Reading | Song | End


def to_json(event: Event, *, rejected: bool = False) -> str:
    """Return `event` as one line of JSON; `rejected` adds what was judged incompatible to a reading."""
    without = {"tempogram"} if rejected else {"tempogram", "rejected"}
    record = {"type": type(event).__name__.lower()} | rounded(event, without)
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def rounded(record: Any, without: Container[str] = ()) -> dict[str, Any]:
    """Return a dataclass as a dictionary, `without` some fields; floats have only the digits that mean something."""
    names = type(record).__dataclass_fields__
    return {name: _rounded(getattr(record, name)) for name in names if name not in without}


def _rounded(value: Any) -> Any:
    """Round floats, also inside dataclasses and sequences."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return rounded(value) if is_dataclass(value) else value
