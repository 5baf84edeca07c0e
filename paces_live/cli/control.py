"""Control of a running program: lines of JSON on standard input, while events go to standard output."""

import json
import os
import queue
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from paces_live.errors import UsageError
from paces_live.match import Listener

if TYPE_CHECKING:
    from paces_live.playback.player import Controls

LINE_BYTES = 4096
"""Length of the longest line; a longer one is not meant for us."""
READ_BYTES = 1 << 16
POLL_S = 0.2
"""Time between two looks whether the program ends, seconds."""
MOST_LINES = 64
"""Largest number of lines that are obeyed at once. More lines must not keep the sound waiting."""
KEYS = ("target", "tolerance", "pause", "next", "previous")
STDIN = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
"""Inputs that are standard input: audio comes through it, and no control."""
_EXAMPLE = 'such as {"target": 172} or {"pause": true}'


class Control:
    """Does what lines of JSON ask for, and answers each with a record for standard output.

    Parameters
    ----------
    listener : Listener
        Whose target and tolerance change.
    pause : callable or None
        Pauses if it gets True, goes on if it gets False; None if the stream cannot be paused.
    player : Controls, optional
        Plays the next or the previous song.

    Examples
    --------
    >>> control = Control(Listener(165.0), pause=lambda paused: None)
    >>> control.answer(b'{"target": 172}')
    {'type': 'control', 'target': 172.0, 'tolerance': 0.05, 'paused': False}
    >>> control.answer(b'{"next": true}')["message"]
    'there is no player whose song could change'
    """

    def __init__(
        self, listener: Listener, *, pause: Callable[[bool], None] | None, player: "Controls | None" = None
    ) -> None:
        self._listener = listener
        self._pause = pause
        self._player = player
        self._paused = False

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do what `line` asks for; return the state afterwards, or the error if it asks for nothing that there is."""
        try:
            self._do(_parsed(line))
        except UsageError as error:
            return {"type": "error", "path": "-", "code": error.code, "message": error.message, "hint": error.hint}
        now = {"target": self._listener.target, "tolerance": self._listener.tolerance, "paused": self._paused}
        return {"type": "control"} | now

    def _do(self, wanted: dict[str, Any]) -> None:
        """Do all that is wanted, or nothing."""
        if not self._player and (wanted.get("next") or wanted.get("previous")):
            raise UsageError("there is no player whose song could change", hint="use play", code="usage.control")
        pause = self._player.pause if self._player else self._pause
        if pause is None and "pause" in wanted:
            raise UsageError("a stream of a server cannot be paused", hint="stop reading it", code="usage.control")
        before = self._listener.target, self._listener.tolerance
        try:
            for key in ("target", "tolerance"):
                if key in wanted:
                    setattr(self._listener, key, wanted[key])
        except UsageError:
            self._listener.target, self._listener.tolerance = before
            raise
        if pause is not None and "pause" in wanted:
            self._paused = wanted["pause"]
            pause(self._paused)
        if self._player and wanted.get("next"):
            self._player.next()
        if self._player and wanted.get("previous"):
            self._player.previous()


def _parsed(line: bytes) -> dict[str, Any]:
    """Return the record of a line, after checking its keys and the types of its values."""
    try:
        # Whole numbers, too: one of 400 digits is then infinite, and so out of range.
        record = json.loads(line, parse_int=float) if len(line) <= LINE_BYTES else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not record:
        raise UsageError("the line is not a JSON object", hint=_EXAMPLE, code="usage.control")
    for key, value in record.items():
        if key not in KEYS:
            raise UsageError(f"{key[:20]!r} cannot be controlled", hint=f"use {', '.join(KEYS)}", code="usage.control")
        number = isinstance(value, float)
        if key in ("target", "tolerance") and not (number or (key == "target" and value is None)):
            raise UsageError(f"{key} must be a number", hint=_EXAMPLE, code="usage.control")
        if key not in ("target", "tolerance") and not isinstance(value, bool):
            raise UsageError(f"{key} must be true or false", hint=_EXAMPLE, code="usage.control")
    return record


class ControlLines:
    """Takes lines from a file descriptor in a thread of its own, until they end; use it in a ``with``.

    The thread only reads, because that may wait forever. It never keeps the program from ending, and the end of the
    lines does not end the program. The thread that writes events asks for the lines and obeys them: so no answer comes
    after the end, no two lines are mixed, and no event sees half a change.

    Parameters
    ----------
    descriptor : int
        Standard input.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        # If nobody asks for them, the writer of the lines has to wait.
        self._lines: queue.Queue[bytes] = queue.Queue(MOST_LINES)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def __enter__(self) -> "ControlLines":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(2 * POLL_S)

    def waiting(self) -> Iterator[bytes]:
        """Yield the lines that have come since the last call, `MOST_LINES` at most; never wait."""
        for _ in range(self._lines.qsize()):
            yield self._lines.get_nowait()

    def _run(self) -> None:
        rest = b""
        # Standard input that cannot be read controls nothing.
        with suppress(OSError, ValueError):
            while not self._over.is_set():
                if not select.select([self._descriptor], [], [], POLL_S)[0]:
                    continue
                # Not sys.stdin: its lock would be held while the program ends.
                data = os.read(self._descriptor, READ_BYTES)
                *lines, rest = (rest + data).split(b"\n")
                # Of a line without an end, only that it is too long matters.
                rest = rest[: LINE_BYTES + 1]
                for line in [*lines, *([rest] if not data else [])]:
                    if line.strip():
                        self._put(line)
                if not data:
                    return

    def _put(self, line: bytes) -> None:
        while not self._over.is_set():
            with suppress(queue.Full):
                self._lines.put(line, timeout=POLL_S)
                return
