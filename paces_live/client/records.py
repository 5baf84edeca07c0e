"""Records of JSON as events, leniently: unknown fields are ignored, because a later server may add some."""

import math
from collections.abc import Mapping
from typing import Any, cast, get_args

from paces_live.errors import ServerError
from paces_live.events import (
    SCHEMA,
    End,
    Event,
    Failure,
    Health,
    Pace,
    Reading,
    Section,
    Song,
    SongPace,
    Start,
    State,
    Status,
    Track,
)
from paces_live.text import one_line

Record = Mapping[str, Any]


def event(record: Record) -> Event | None:
    """Return the event that `record` is; None if it is of a type that this version does not know.

    What is shown is one line of printable characters, whatever the server sends: it must not move the cursor.

    Raises
    ------
    ServerError
        A field is missing, or its value makes no sense; or the events are of a newer schema.

    Examples
    --------
    >>> event({"type": "end", "t": 2.0, "error": None, "stream": "main", "mood": "happy"})
    End(t=2.0, error=None, stream='main')
    >>> event({"type": "weather"}) is None
    True
    >>> event({"type": "end", "t": "soon"})
    Traceback (most recent call last):
        ...
    paces_live.errors.ServerError: the server sent a broken end: update paces-live, here or there
    """
    kind = record.get("type")
    try:
        match kind:
            case "start":
                return _start(record)
            case "reading":
                return _reading(record)
            case "song":
                return _song(record)
            case "end":
                return End(_time(record["t"]), _failure(record.get("error")), _word(record.get("stream", "main")))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise ServerError(
            f"the server sent a broken {kind}", hint="update paces-live, here or there", code="server.broken"
        ) from None
    return None


def _start(record: Record) -> Start:
    schema = _whole(record["schema"])
    if schema > SCHEMA:
        raise ServerError(
            f"the server's events have schema {schema}, and this paces-live knows {SCHEMA}",
            hint="update paces-live here",
            code="server.newer",
        )
    return Start(
        version=_word(record["version"]),
        input=_word(record["input"]),
        model=_word(record["model"]),
        runtime=_word(record["runtime"]),
        stream=_word(record.get("stream", "main")),
        schema=schema,
    )


def _reading(record: Record) -> Reading:
    if record["state"] not in get_args(State):
        raise ValueError(record["state"])
    return Reading(
        t=_time(record["t"]),
        song=_whole(record["song"]),
        state=record["state"],
        paces=_paces(record["paces"]),
        health=_health(record["health"]),
        rejected=_paces(record.get("rejected", ())),
        track=_track(record.get("track")),
        recalled=bool(record.get("recalled")),
        beat=_rate_or_none(record.get("beat")),
        stream=_word(record.get("stream", "main")),
    )


def _song(record: Record) -> Song:
    paces = [
        SongPace(
            spm=_rate(one["spm"]),
            probability=_share(one["probability"]),
            share=_share(one.get("share", 1.0)),
            low=_rate_or_none(one.get("low")),
            high=_rate_or_none(one.get("high")),
        )
        for one in record["paces"]
    ]
    return Song(
        song=_whole(record["song"]),
        start=_time(record["start"]),
        end=_time(record["end"]),
        paces=tuple(paces),
        track=_track(record.get("track")),
        beat=_rate_or_none(record.get("beat")),
        stream=_word(record.get("stream", "main")),
        skipped=bool(record.get("skipped")),
        sections=tuple(_section(one) for one in record.get("sections", ())),
    )


def _section(record: Record) -> Section:
    return Section(_time(record["start"]), _time(record["end"]), _rate(record["start_spm"]), _rate(record["end_spm"]))


def _paces(records: Any) -> tuple[Pace, ...]:
    return tuple(Pace(_rate(one["spm"]), _share(one["probability"])) for one in records)


def _health(record: Record) -> Health:
    message = record.get("message")
    return Health(
        level_dbfs=_number(record["level_dbfs"]),
        dropped_s=_time(record["dropped_s"]),
        load=_time(record["load"]),
        interval=_rate(record.get("interval", 1.0)),
        # A later server may know more of them; the message says in words what it means.
        status=cast(Status, _word(record.get("status", "ok"))),
        message=None if message is None else _word(message),
    )


def _track(record: Record | None) -> Track | None:
    if record is None:
        return None
    words = {name: record.get(name) for name in ("title", "artist", "album", "genre", "location")}
    if not all(word is None or isinstance(word, str) for word in words.values()):
        raise TypeError(words)
    duration = record.get("duration")
    return Track(**words, duration=None if duration is None else _time(duration))


def _failure(record: Record | None) -> Failure | None:
    return None if record is None else Failure(*(_word(record.get(name, "")) for name in ("code", "message", "hint")))


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return one_line(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _time(value: Any) -> float:
    """Return `value` if it is a number of 0 or more."""
    if _number(value) < 0.0:
        raise ValueError(value)
    return float(value)


def _rate(value: Any) -> float:
    """Return `value` if it is a number above 0 with which one can compute."""
    if not 1e-3 <= _number(value) <= 1e6:
        raise ValueError(value)
    return float(value)


def _share(value: Any) -> float:
    """Return `value` if it is a number from 0 to 1."""
    if not 0.0 <= _number(value) <= 1.0:
        raise ValueError(value)
    return float(value)


def _rate_or_none(value: Any) -> float | None:
    return None if value is None else _rate(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError(value)
    return value
