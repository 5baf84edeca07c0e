"""What clients and the server say to each other beside the events; `schema/server.json` is its JSON Schema."""

import json
from dataclasses import dataclass
from typing import Any

from paces_live.errors import PacesError, UsageError
from paces_live.match import Listener
from paces_live.render.json_lines import dumps
from paces_live.sources.pcm import check_pcm

HEARTBEAT_S = 10.0
"""Time between heartbeats on a WebSocket, seconds: pages cannot see the pings of the protocol."""
TEXT_BYTES = 4096
"""Length of the longest text message."""
GAP_MAX = 1 << 40
"""Largest number of frames in a gap; more are a wrong number."""
_FORMATS = {2: "s16le", 4: "f32le"}
_EXAMPLE = 'such as {"type": "audio-start", "rate": 48000, "width": 2, "channels": 1}'


@dataclass(frozen=True, slots=True)
class Hello:
    """How a client sends its sound: `width` is bytes a sample; `session` names a stream that goes on."""

    rate: int
    width: int
    channels: int
    target: float | None
    tolerance: float
    session: str = ""

    @property
    def frame_bytes(self) -> int:
        """Size of a frame, a sample of each channel, bytes."""
        return self.width * self.channels

    @property
    def format(self) -> str:
        """The format of the samples, as `paces_live.sources.pcm` calls it."""
        return _FORMATS[self.width]


def parse_hello(text: str, listener: Listener) -> Hello:
    """Return the hello in a text message; `listener` has the defaults.

    Raises
    ------
    UsageError
        It is none, or what it describes cannot be read.

    Examples
    --------
    >>> hello = parse_hello('{"type": "audio-start", "rate": 48000, "width": 2, "channels": 1}', Listener())
    >>> hello.rate, hello.format, hello.target
    (48000, 's16le', 165.0)
    """
    record = parse(text)
    if record.get("type") != "audio-start":
        raise UsageError("the first message must be the hello", hint=_EXAMPLE, code="usage.message")
    rate, width, channels = (_whole(record, key) for key in ("rate", "width", "channels"))
    if width not in _FORMATS:
        raise UsageError(f"width {width} is unknown", hint="use 2 (integers) or 4 (floats)", code="usage.width")
    check_pcm(rate, _FORMATS[width], channels)
    wanted = Listener(listener.target, listener.tolerance)
    chosen: dict[str, Any] = {key: record[key] for key in ("target", "tolerance") if key in record}
    if chosen:
        aim(wanted, chosen)
    session = record.get("session", "")
    if not isinstance(session, str):
        raise UsageError("session must be text", hint="send that of the welcome", code="usage.message")
    return Hello(rate, width, channels, wanted.target, wanted.tolerance, session)


def parse(text: str) -> dict[str, Any]:
    """Return the object in a text message.

    Raises
    ------
    UsageError
        There is none.

    Examples
    --------
    >>> parse('{"target": 172}')
    {'target': 172}
    """
    try:
        record = json.loads(text) if len(text) <= TEXT_BYTES else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise UsageError("the message is not a JSON object", hint='such as {"target": 172}', code="usage.message")
    return record


def aim(listener: Listener, record: dict[str, Any]) -> None:
    """Set the target and the tolerance in `record`, all that it has or nothing.

    Raises
    ------
    UsageError
        It has another key, or a value is out of range.

    Examples
    --------
    >>> listener = Listener()
    >>> aim(listener, {"target": 172})
    >>> listener.target
    172.0
    """
    if not record:
        raise UsageError("the message sets nothing", hint='such as {"target": 172}', code="usage.message")
    for key, value in record.items():
        if key not in ("target", "tolerance"):
            raise UsageError(f"{key[:20]!r} cannot be set", hint="set target or tolerance", code="usage.message")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number and not (key == "target" and value is None):
            raise UsageError(f"{key} must be a number", hint='such as {"target": 172}', code=f"usage.{key}")
    # All are tried before one is set.
    wanted = Listener(listener.target, listener.tolerance)
    # A whole number of 400 digits is no float.
    numbers = {key: None if value is None else float(max(-1e9, min(value, 1e9))) for key, value in record.items()}
    for one in (wanted, listener):
        for key, number in numbers.items():
            setattr(one, key, number)


def gap_frames(record: dict[str, Any]) -> int:
    """Return how many frames a gap has lost; raises as `parse_hello` does.

    Examples
    --------
    >>> gap_frames({"type": "gap", "frames": 4800})
    4800
    """
    frames = _whole(record, "frames")
    if not 0 < frames <= GAP_MAX:
        raise UsageError(f"a gap of {frames} frames is out of range", hint="count samples of one channel")
    return frames


def _whole(record: dict[str, Any], key: str) -> int:
    value = record.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{key} must be a whole number", hint=_EXAMPLE, code="usage.message")
    return value


def error_message(error: PacesError, where: str = "-") -> str:
    """Return an error as the line that a client gets; `where` is the path of its request.

    Examples
    --------
    >>> error_message(UsageError("what?", hint="say it again"))
    '{"type": "error", "path": "-", "code": "usage", "message": "what?", "hint": "say it again"}'
    """
    record = {"type": "error", "path": where, "code": error.code, "message": error.message, "hint": error.hint}
    return dumps(record)


def control_message(listener: Listener) -> str:
    """Return the answer to a message that has set the target.

    Examples
    --------
    >>> control_message(Listener(172.0))
    '{"type": "control", "target": 172.0, "tolerance": 0.05, "paused": false}'
    """
    return dumps({"type": "control", "target": listener.target, "tolerance": listener.tolerance, "paused": False})


def heartbeat_message(seconds: float) -> str:
    """Return a heartbeat; `seconds` is the time since the connection began.

    Examples
    --------
    >>> heartbeat_message(10.0)
    '{"type": "heartbeat", "t": 10.0}'
    """
    return dumps({"type": "heartbeat", "t": round(seconds, 1)})
