"""A process that judges the sound of many senders: each stream is a session, and one thread pushes all in turn.

Python runs one thread at a time, so sessions on threads of the server would take no more than one core, and keep its
event loop waiting. What the process gets on standard input is a row of frames: a head, then a body. What it writes is a
line of JSON for each stream that has new events.
"""

import ctypes
import json
import math
import os
import select
import struct
import sys
import time
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from paces_live.analysis.classifier import Classifier
from paces_live.analysis.level import CELL_S
from paces_live.errors import PacesError
from paces_live.events import Event
from paces_live.match import Listener
from paces_live.render.json_lines import dumps, event_record
from paces_live.server.feed import NAME, PcmFeed
from paces_live.server.messages import Hello
from paces_live.session import Session, SessionConfig

HEAD = struct.Struct("!IBI")
"""Number of the stream, kind, and length of the body in bytes."""
READ_BYTES = 1 << 20
TRIM_S = 10.0
"""Time from the end of a stream to the return of its memory to the system, seconds."""
_NOBODY = Listener(None)


class Kind(IntEnum):
    """What a frame asks for."""

    START = 0
    AUDIO = 1
    GAP = 2
    AIM = 3
    FINISH = 4


def frame(number: int, kind: Kind, body: bytes = b"") -> bytes:
    """Return a frame.

    Examples
    --------
    >>> frame(7, Kind.FINISH).hex()
    '000000070400000000'
    """
    return HEAD.pack(number, kind, len(body)) + body


def frames(data: bytearray) -> Iterator[tuple[int, Kind, bytes]]:
    """Take whole frames from the beginning of `data`; yield the number of the stream, the kind and the body.

    Examples
    --------
    >>> data = bytearray(frame(7, Kind.AUDIO, b"abcd") + frame(8, Kind.FINISH)[:5])
    >>> list(frames(data)), len(data)
    ([(7, <Kind.AUDIO: 1>, b'abcd')], 5)
    """
    at = 0
    try:
        while len(data) - at >= HEAD.size:
            number, kind, length = HEAD.unpack_from(data, at)
            end = at + HEAD.size + length
            if len(data) < end:
                return
            body = bytes(data[at + HEAD.size : end])
            at = end
            yield number, Kind(kind), body
    finally:
        del data[:at]


class JudgedStream:
    """A stream of this process.

    Parameters
    ----------
    classifier : Classifier
    config : SessionConfig
    stream : str
        Its id.
    hello : Hello
        How its samples are written.
    """

    def __init__(self, classifier: Classifier, config: SessionConfig, stream: str, hello: Hello) -> None:
        self._session = Session(classifier, config, live=True, stream=stream)
        self._feed = PcmFeed(hello)
        self._events: list[Event] = [self._session.start(NAME)]
        self.over = False

    def take(self, kind: Kind, body: bytes) -> None:
        """Do what a frame asks for; sound waits for `turn`."""
        match kind:
            case Kind.AUDIO:
                self._feed.put(body)
            case Kind.GAP:
                self._feed.put_gap(int(body))
            case Kind.AIM:
                self._session.of_interest = tuple(json.loads(body))
            case Kind.FINISH:
                self._finish()

    def turn(self) -> list[Event]:
        """Push what waits, if it is enough for something to happen; return what happened since the last turn."""
        if self._feed.waiting_s >= CELL_S and not self.over:
            try:
                self._events += self._feed.drain(self._session)
            except PacesError as error:
                self._finish(error)
        events, self._events = self._events, []
        return events

    def _finish(self, error: PacesError | None = None) -> None:
        if self.over:
            return
        self.over = True
        try:
            if error is None:
                self._events += self._feed.drain(self._session)
                self._events += self._feed.finish(self._session)
        except PacesError as broken:
            error = broken
        self._events += self._session.finish(error)


def work(model: str, interval: str) -> None:
    """Judge what comes on standard input until it ends; the server that sends it may be gone."""
    from paces_live.analysis.classifier import load_classifier

    classifier = load_classifier(Path(model) if model else None)
    config = SessionConfig(interval=float(interval))
    streams: dict[int, JudgedStream] = {}
    waiting = bytearray()
    due = math.inf
    while True:
        # Not later, even if nothing comes any more: these may have been the last streams.
        wait_s = None if due == math.inf else max(0.0, due - time.monotonic())
        readable = select.select([0], [], [], wait_s)[0]
        if time.monotonic() >= due:
            _return_memory()
            due = math.inf
        if not readable:
            continue
        if not (data := os.read(0, READ_BYTES)):
            return
        waiting += data
        touched = set()
        for number, kind, body in frames(waiting):
            if kind is Kind.START:
                described = json.loads(body)
                streams[number] = JudgedStream(classifier, config, described["stream"], Hello(**described["hello"]))
            elif number in streams:
                streams[number].take(kind, body)
            touched.add(number)
        lines = []
        for number in touched & streams.keys():
            events = streams[number].turn()
            if events:
                lines.append(dumps({"n": number, "events": [event_record(event, _NOBODY) for event in events]}) + "\n")
            if streams[number].over:
                del streams[number]
                due = min(due, time.monotonic() + TRIM_S)
        sys.stdout.write("".join(lines))
        sys.stdout.flush()


def _return_memory() -> None:
    """Return to the system what the allocator of glibc keeps of streams that have ended; others do so by themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
