"""What the engine says: immutable events, and their form as one line of JSON.

A ``Reading`` is all that a user interface needs to draw itself.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

SCHEMA = 1

State = Literal["listening", "silence", "no_pulse", "provisional", "settled"]
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
    """State of the capture: level of the last second, audio lost so far, share of real time spent computing."""

    level_dbfs: float
    dropped_s: float
    load: float


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
    `title` is that of what plays, where it is known.
    """

    t: float
    song: int
    state: State
    paces: tuple[Pace, ...]
    match: Match | None
    health: Health
    rejected: tuple[Pace, ...] = ()
    title: str | None = None


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
    record: dict[str, Any] = {"type": type(event).__name__.lower()} | rounded(event)
    if not rejected:
        record.pop("rejected", None)
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def rounded(record: Any) -> dict[str, Any]:
    """Return a dataclass as a dictionary whose floats have only the digits that mean something."""
    return {name: _rounded(value) for name, value in asdict(record).items()}


def _rounded(value: Any) -> Any:
    """Round floats, also inside dictionaries and sequences."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
