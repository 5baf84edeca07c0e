"""How far a follower has come in a stream, so that it goes on there after a lost connection."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from paces_live.client.records import event
from paces_live.client.server_sent import Message
from paces_live.errors import ServerError
from paces_live.events import Condition, End, Event, Failure, Health, Reading, Song, Start

SONGS_KEPT = 100
"""Latest songs that are remembered: a snapshot has no more."""


class Place:
    """Turns messages into events, and remembers what has come: no song is lost, none comes twice.

    Attributes
    ----------
    begun : bool
        Whether there was a snapshot: it is a server of paces-live.
    last_id : str
        Id of the last message, for `Last-Event-ID`.
    ended : bool
        Whether the stream has ended. It may start again, with another input.

    Examples
    --------
    >>> place = Place()
    >>> ended = '{"type": "snapshot", "stream": {"state": "ended"}, "start": null, "reading": null, "songs": []}'
    >>> list(place.take(Message(ended, "3f9c-41")))
    [End(t=0.0, error=None, stream='main')]
    >>> place.last_id, place.ended
    ('3f9c-41', True)
    """

    def __init__(self, stream: str = "main") -> None:
        self.begun = self.ended = False
        self.last_id = ""
        self._stream = stream
        self._start: Start | None = None
        self._reading: Reading | None = None
        self._songs: deque[Song] = deque(maxlen=SONGS_KEPT)

    def take(self, message: Message) -> Iterator[Event]:
        """Yield the events of a message.

        Raises
        ------
        ServerError
            It is no message of the protocol, or of a newer one.
        """
        record = _record(message.data)
        same_run = _run(message.id) == _run(self.last_id)
        self.last_id = message.id or self.last_id
        if record.get("type") == "snapshot":
            yield from self._snapshot(record, same_run=same_run)
        elif not self.begun:
            raise ServerError("the server sends no events of paces-live", hint="check the address", code="server.other")
        elif (one := event(record)) is not None:
            yield self._noted(one)

    def gone(self, message: str) -> Reading:
        """Return the reading while there is no connection: it has no paces, for nobody knows what plays."""
        condition = Condition("reconnecting", message)
        last = self._reading or Reading(0.0, 1, "listening", (), Health(0.0, 0.0, 0.0), stream=self._stream)
        health = replace(last.health, status=condition.status, message=condition.message)
        return replace(last, state="listening", paces=(), rejected=(), health=health)

    def end(self, error: ServerError | None = None) -> End:
        """Return the end for a follower who leaves, or who cannot go on because of `error`."""
        t = self._reading.t if self._reading else 0.0
        return End(t, Failure(error.code, error.message, error.hint) if error else None, self._stream)

    def _snapshot(self, record: dict[str, Any], *, same_run: bool) -> Iterator[Event]:
        start, reading = (_event_or_none(record.get(name)) for name in ("start", "reading"))
        songs = [one for one in map(_event_or_none, _list(record.get("songs"))) if isinstance(one, Song)]
        stream, resumed = record.get("stream"), bool(record.get("resumed"))
        ended = isinstance(stream, dict) and stream.get("state") == "ended"
        if self.begun and not resumed and same_run:
            songs = songs[_overlap(list(self._songs), songs) :]
        self.begun = True
        goes_on = (resumed or same_run) and not (self.ended and not ended)
        starts = [] if start is None or (goes_on and start == self._start) else [start]
        # After a short absence, the songs are mostly of the input before. Otherwise they are of this one.
        for one in (*songs, *starts) if resumed else (*starts, *songs):
            yield self._noted(one)
        if reading is not None and not self.ended:
            yield self._noted(reading)
        if ended and not self.ended:
            yield self._noted(self.end())

    def _noted(self, one: Event) -> Event:
        match one:
            case Start():
                self._start, self._reading, self.ended = one, None, False
            case Reading():
                self._reading = one
            case Song():
                self._songs.append(one)
            case End():
                self.ended = True
        return one


def _record(data: str) -> dict[str, Any]:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise ServerError("the server sends something else than JSON", hint="check the address", code="server.other")
    return record


def _event_or_none(record: Any) -> Event | None:
    return event(record) if isinstance(record, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _run(message_id: str) -> str:
    """Return which run of the server a message is of.

    Examples
    --------
    >>> _run("3f9c-41")
    '3f9c'
    """
    return message_id.rpartition("-")[0]


def _overlap(known: list[Song], songs: list[Song]) -> int:
    """Return how many of `songs` are the last known ones: each list has the latest songs, in order.

    Examples
    --------
    >>> a, b, c = (Song(number, 0.0, 60.0, ()) for number in (1, 2, 3))
    >>> _overlap([a, b], [b, c]), _overlap([a, b], [c]), _overlap([b], [a, b, c])
    (1, 0, 2)
    """
    for end in range(len(songs), 0, -1):
        common = min(end, len(known))
        if common and known[-common:] == songs[end - common : end]:
            return end
    return 0
