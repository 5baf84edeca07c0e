"""A stream: what happened last, and those who follow it. Everything here belongs to the thread of the event loop."""

import asyncio
import math
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal

from paces_live.events import End, Event, Reading, Song, Start
from paces_live.match import Listener
from paces_live.render.json_lines import dumps, event_line, event_record
from paces_live.sensor import Sensor

SONGS_KEPT = 100
"""Latest songs that a stream keeps for those who come or return."""
MOST_TARGETS = 8
"""Most targets near which the strongest peak is always a candidate; more would cost each reading too much."""
MOST_LINES = 1000
"""Lines that are kept for those who have the same target."""
MOST_WAITING = 64
"""Songs that may wait for a listener; one who takes none of them is gone."""

TAKE_S = 10.0
"""Time that a listener has to take a message, seconds."""
_NOTHING = object()


class Stream:
    """A stream of events that any number of listeners follow, each with a target of its own.

    Parameters
    ----------
    stream_id : str
        Its name in addresses.
    public : bool
        Whether it is listed; who does not find it there has to know its id.
    aim : callable
        Gets the targets of the listeners when they change.
    sensor : Sensor, optional
        The runner's, whose cadence readings then have.

    Attributes
    ----------
    state : {"open", "detached", "ended"}
        ``detached`` if its sender is away.
    """

    def __init__(
        self,
        stream_id: str,
        *,
        public: bool = False,
        aim: Callable[[Sequence[float]], None] = lambda _: None,
        sensor: Sensor | None = None,
    ) -> None:
        self.id = stream_id
        self.public = public
        self.state: Literal["open", "detached", "ended"] = "open"
        self._aim = aim
        self._sensor = sensor
        self._boot = secrets.token_hex(4)
        self._number = 0
        self._start: Start | None = None
        self._reading: Reading | None = None
        self._reading_number = 0
        self._songs: deque[tuple[int, Song]] = deque(maxlen=SONGS_KEPT)
        self._forgotten = 0
        self._subscriptions: set[Subscription] = set()
        self._lines: dict[tuple[int, float | None, float], str] = {}

    @property
    def listeners(self) -> int:
        """Number of those who follow it."""
        return len(self._subscriptions)

    def take(self, events: Sequence[Event]) -> None:
        """Take note of `events`, and offer them to all who follow."""
        for event in events:
            self._number += 1
            match event:
                case Start():
                    self._start, self._reading = event, None
                    if self.state == "ended":
                        self.state = "open"
                case Reading():
                    self._reading, self._reading_number = event, self._number
                    # The target of a guest follows its host's, which may follow a sensor.
                    self.retarget()
                case Song():
                    if len(self._songs) == SONGS_KEPT:
                        self._forgotten = self._songs[0][0]
                    self._songs.append((self._number, event))
                case End():
                    self.state = "ended"
            self._lines.clear()
            for subscription in self._subscriptions:
                subscription.offer(self._number, event)

    def subscribe(self, listener: Listener, heartbeat_s: float = math.inf) -> "Subscription":
        """Return a new subscription; close it when its listener has left."""
        subscription = Subscription(self, listener, heartbeat_s)
        self._subscriptions.add(subscription)
        self.retarget()
        return subscription

    def leave(self, subscription: "Subscription") -> None:
        """Forget a subscription."""
        self._subscriptions.discard(subscription)
        self.retarget()

    def retarget(self) -> None:
        """Have candidates near the targets of the present listeners judged."""
        targets = {one.listener.target for one in self._subscriptions}
        self._aim(sorted(target for target in targets if target is not None)[:MOST_TARGETS])

    def pulse(self) -> None:
        """Let each subscription see how time goes by; call it every second or so."""
        now = asyncio.get_running_loop().time()
        for subscription in list(self._subscriptions):
            subscription.pulse(now)

    def close(self) -> None:
        """End all subscriptions, after what still waits for them."""
        for subscription in list(self._subscriptions):
            subscription.close()

    def line(self, number: int, event: Event, listener: Listener) -> str:
        """Return event `number` as one line of JSON, as `listener` sees it; those with one target share it."""
        key = number, listener.target, listener.tolerance
        line = self._lines.get(key)
        if line is None:
            if len(self._lines) >= MOST_LINES:
                self._lines.clear()
            line = self._lines[key] = event_line(event, listener, sensor=self._sensor)
        return line

    def message_id(self, number: int) -> str:
        """Return the id of a message for `Last-Event-ID`.

        Examples
        --------
        >>> Stream("main").message_id(41)
        '...-41'
        """
        return f"{self._boot}-{number}"

    def newest(self) -> tuple[int, Reading] | None:
        """Return the number and the event of the newest reading, if there is one."""
        return (self._reading_number, self._reading) if self._reading else None

    def description(self, listener: Listener) -> dict[str, Any]:
        """Return what the protocol says about a stream."""
        return {
            "id": self.id,
            "input": self._start.input if self._start else None,
            "state": self.state,
            "listeners": self.listeners,
            "target": listener.target,
            "tolerance": listener.tolerance,
        }

    def snapshot(self, listener: Listener, last_id: str = "") -> tuple[int, str]:
        """Return the number and the line of a snapshot.

        Parameters
        ----------
        listener : Listener
        last_id : str
            Id of the last message that the listener has; only the songs after it follow, if all of them are known.
        """
        boot, _, number = last_id.rpartition("-")
        last = int(number) if number.isdecimal() and len(number) < 16 else -1
        resumed = boot == self._boot and self._forgotten <= last <= self._number
        songs = [song for number, song in self._songs if not resumed or number > last]
        record = {
            "type": "snapshot",
            "stream": self.description(listener),
            "start": event_record(self._start, listener) if self._start else None,
            "reading": event_record(self._reading, listener, sensor=self._sensor) if self._reading else None,
            "songs": [event_record(song, listener) for song in songs],
            "resumed": resumed,
        }
        return self._number, dumps(record)


class Subscription:
    """One who follows a stream: songs wait for a slow one, and of the readings only the newest.

    It gives the number of each event and the event, or None if nothing has happened for a while. One timer for all
    subscriptions costs less than one for each message.

    Parameters
    ----------
    stream : Stream
    listener : Listener
        Whose target may change at any time.
    heartbeat_s : float
        Time without an event after which it gives None, seconds.

    Attributes
    ----------
    on_stuck : callable
        Called if the listener takes longer than `TAKE_S` for what it was given.

    Examples
    --------
    >>> from paces_live.events import Song
    >>> async def follow() -> list[str]:
    ...     stream = Stream("main")
    ...     subscription = stream.subscribe(Listener())
    ...     stream.take([Song(1, 0.0, 200.0, ()), Song(2, 200.0, 400.0, ())])
    ...     stream.close()
    ...     return [given[1].song async for given in subscription if given]
    >>> asyncio.run(follow())
    [1, 2]
    """

    def __init__(self, stream: Stream, listener: Listener, heartbeat_s: float = math.inf) -> None:
        self.stream = stream
        self.listener = listener
        self.on_stuck: Callable[[], None] = lambda: None
        self._heartbeat_s = heartbeat_s
        self._facts: deque[tuple[int, Event]] = deque()
        self._state: tuple[int, Event] | None = None
        self._beat = self._closed = False
        self._loop = asyncio.get_running_loop()
        self._given_at = self._loop.time()
        self._wakeup: asyncio.Future[None] | None = None

    def offer(self, number: int, event: Event) -> None:
        """Keep an event for the listener; a reading takes the place of the one before it."""
        if self._closed:
            return
        if isinstance(event, Reading):
            self._state = number, event
        else:
            if self._state is not None:
                # In order: the reading before a song belongs to it.
                self._facts.append(self._state)
                self._state = None
            self._facts.append((number, event))
            self._closed = len(self._facts) > 2 * MOST_WAITING
        self._wake()

    def again(self) -> None:
        """Offer the newest reading again: the listener has another target."""
        newest = self.stream.newest()
        if newest is not None:
            self.offer(*newest)

    def pulse(self, now: float) -> None:
        """Wake a listener for whom nothing has happened for a while, or give up one who takes nothing."""
        if self._wakeup is None:
            if now - self._given_at > TAKE_S:
                self.on_stuck()
        elif now - self._given_at >= self._heartbeat_s:
            self._beat = True
            self._wake()

    def close(self) -> None:
        """Let the listener have what waits, and nothing more."""
        self._closed = True
        self.stream.leave(self)
        self._wake()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> tuple[int, Event] | None:
        """Return the number of the next event and the event, or None for a heartbeat."""
        while (given := self._take()) is _NOTHING:
            if self._closed:
                raise StopAsyncIteration
            wakeup = self._wakeup = self._loop.create_future()
            try:
                await wakeup
            finally:
                # A sender who comes back may wait already, before its old connection has ended.
                if self._wakeup is wakeup:
                    self._wakeup = None
        self._given_at = self._loop.time()
        return given  # type: ignore[return-value]

    def _take(self) -> object:
        """Return what waits, oldest first; `_NOTHING` if nothing does."""
        if self._facts:
            return self._facts.popleft()
        if self._state is not None:
            newest, self._state = self._state, None
            return newest
        if self._beat:
            self._beat = False
            return None
        return _NOTHING

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
