"""Events and results as JSON, one object per line, for programs. Their JSON Schema is in `paces_live.schema`."""

import json
import re
import sys
from collections.abc import Container, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TextIO

from paces_live.collection.items import Unreadable
from paces_live.errors import PacesError
from paces_live.events import Event, Pace, Reading, Song, SongPace, Start
from paces_live.library.files import FilePaces
from paces_live.match import Listener, steps_per_beat, verdict
from paces_live.render.wording import writes_utf8
from paces_live.sensor import Sensor
from paces_live.text import json_path

DECIMALS = 4
"""Digits after the point of all numbers: finer than anything that is measured here."""
_PATHS = ("path", "location")
"""Fields that may hold the path of a file."""
_SURROGATES = re.compile("[\ud800-\udfff]")
"""Halves of characters: bytes of a file name that is no UTF-8. JSON parsers of other languages refuse them."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class JsonWriter:
    """Writes every event as one line of JSON, matched with the target of `listener`.

    Parameters
    ----------
    stream : text file object
    listener : Listener
    rejected : bool
        Whether readings carry the candidates that were judged incompatible.
    sensor : Sensor, optional
        Readings carry its cadence.

    Examples
    --------
    >>> import sys
    >>> from paces_live.events import End
    >>> JsonWriter(sys.stdout, Listener()).write(End(2.0))
    {"type": "end", "t": 2.0, "error": null, "stream": "main"}
    """

    def __init__(
        self, stream: TextIO, listener: Listener, *, rejected: bool = False, sensor: Sensor | None = None
    ) -> None:
        self._stream = stream
        self._listener = listener
        self._rejected = rejected
        self._sensor = sensor

    def write(self, event: Event) -> None:
        """Write `event` and flush."""
        line = event_line(event, self._listener, rejected=self._rejected, sensor=self._sensor)
        self._write(line)

    def write_record(self, record: dict[str, Any]) -> None:
        """Write a record that is no event, such as the answer to a control line."""
        self._write(dumps(record))

    def _write(self, line: str) -> None:
        # One call for the line and its end: each looks whether the stream still works.
        self._stream.write(f"{line}\n")
        self._stream.flush()


def event_line(event: Event, listener: Listener, *, rejected: bool = False, sensor: Sensor | None = None) -> str:
    """Return `event` as one line of JSON, as `listener` sees it: readings and songs have a match.

    If the target of `listener` follows a sensor, readings have both the target and the cadence.

    Examples
    --------
    >>> from paces_live.events import End
    >>> event_line(End(2.0), Listener())
    '{"type": "end", "t": 2.0, "error": null, "stream": "main"}'
    """
    return dumps(event_record(event, listener, rejected=rejected, sensor=sensor))


def event_record(
    event: Event, listener: Listener, *, rejected: bool = False, sensor: Sensor | None = None
) -> dict[str, Any]:
    """Return what `event_line` writes.

    Examples
    --------
    >>> from paces_live.events import End
    >>> event_record(End(2.0), Listener())["type"]
    'end'
    """
    record = {"type": type(event).__name__.lower()} | plain(event, _LEFT_OUT if rejected else _LEFT_OUT | {"rejected"})
    match event:
        case Start():
            record |= {"target": listener.target, "tolerance": listener.tolerance}
        case Reading() | Song():
            # As the listener is now: another thread may change it, and the fields must agree.
            listener = Listener(listener.target, listener.tolerance)
            record |= judged(event.paces, event.beat, listener)
            if isinstance(event, Song) and event.skipped:
                record["verdict"] = None
            if isinstance(event, Reading) and sensor is not None:
                record |= {"target": _plain(listener.target), "cadence": _plain(sensor.cadence)}
    return record


def file_line(result: FilePaces | Unreadable, listener: Listener) -> str:
    """Return the result of a file as one line of JSON, as `listener` sees it.

    Examples
    --------
    >>> file_line(FilePaces(Path("song.ogg"), 215.2, paces=()), Listener())
    '{"type": "file", "path": "song.ogg", "duration": 215.2, "paces": [], "damaged": 0.0, ...}'
    """
    if isinstance(result, Unreadable):
        return error_line(result.path, result.error)
    record = plain(result) | {"path": json_path(result.path)} | judged(result.paces, result.beat, listener)
    return dumps({"type": "file"} | record)


def judged(paces: Sequence[Pace | SongPace], beat: float | None, listener: Listener) -> dict[str, Any]:
    """Return what `listener` gets to know about `paces`: the match, the verdict, the nearest pace and how to step.

    Examples
    --------
    >>> judged([Pace(165.2, 0.9)], 82.6, Listener(165.0))["nearest"]
    {'spm': 165.2, 'error': 0.0012, 'steps_per_beat': 2.0}
    """
    match, near = listener.match(paces), listener.nearest(paces)
    steps = steps_per_beat(near.spm, beat) if near and beat else None
    return {
        "match": _plain(match),
        "verdict": verdict(paces, match, listener.target),
        "nearest": plain(near) | {"steps_per_beat": _plain(steps)} if near else None,
    }


def error_line(path: str | Path, error: PacesError) -> str:
    """Return why a file cannot be read as one line of JSON.

    Examples
    --------
    >>> error_line("a.wav", PacesError("a.wav: is empty", hint="choose another", code="source"))
    '{"type": "error", "path": "a.wav", "code": "source", "message": "a.wav: is empty", "hint": "choose another"}'
    """
    record = {"path": json_path(path), "code": error.code, "message": error.message, "hint": error.hint}
    return dumps({"type": "error"} | record)


def dumps(record: dict[str, Any], *, indent: int | None = None) -> str:
    """Return a record as JSON, on one line by default; it has no NaN and no infinity, which JSON lacks.

    It is valid as UTF-8. If standard output has another encoding, all characters beyond ASCII are escaped.

    Examples
    --------
    >>> dumps({"title": "Für Elise", "spm": None})
    '{"title": "Für Elise", "spm": null}'
    """
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=indent)
    if text.isascii():
        return text
    text = _SURROGATES.sub("\ufffd", text)
    if writes_utf8(sys.stdout):
        return text
    return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)


def plain(record: Any, without: Container[str] = ()) -> dict[str, Any]:
    """Return a dataclass as a dictionary without some of its fields, numbers rounded to `DECIMALS`.

    Examples
    --------
    >>> from paces_live.events import SongPace
    >>> plain(SongPace(165.30671, probability=0.97, share=0.9), without={"share", "low", "high"})
    {'spm': 165.3067, 'probability': 0.97}
    """
    names = type(record).__dataclass_fields__
    values = {name: _plain(getattr(record, name)) for name in names if name not in without}
    return values | {name: json_path(values[name]) for name in _PATHS if values.get(name)}


_LEFT_OUT = frozenset({"periodicity"})


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DECIMALS)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return plain(value) if is_dataclass(value) else value
