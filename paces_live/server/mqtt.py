"""Publishes a stream to an MQTT broker, such as that of Home Assistant, which may set the target.

One side takes the events and never waits for the broker; the other sends what it can, when it can. A reading is a
state: only the newest counts, and only what changed is sent. A song is a fact: it waits until the broker has it.
"""

import asyncio
import json
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from paces_live.errors import ServerError, UsageError, pip_install
from paces_live.events import End, Event, Reading, Song, Start
from paces_live.match import Listener
from paces_live.render.json_lines import event_line
from paces_live.server.broker import Broker
from paces_live.server.home_assistant import BIRTH_TOPIC, EXPIRE_S, NONE, discovery, states, target_state, topic
from paces_live.text import one_line

if TYPE_CHECKING:
    from aiomqtt import Client, Message

STATES_S = 1.0
"""Shortest time between two messages of a state, seconds: readings may come more often."""
REPEAT_S = EXPIRE_S / 4
"""A state that did not change is sent again after this time, seconds, while readings come; else it would expire."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""Time before we try to reach a broker again, seconds: at first, and at most; it doubles each time."""
KEEPALIVE_S = 30
"""The broker publishes our last will if it hears nothing for one and a half times this, seconds."""
ANSWER_S = 5.0
"""Time that the broker has to answer, seconds."""
FAREWELL_S = 3.0
"""Time to send the last song and to say good-bye at the end, seconds."""
SONGS = 100
"""Songs that wait for a broker: an evening of them."""

_log = logging.getLogger(__name__)
_protocol_log = _log.getChild("protocol")
_protocol_log.setLevel(logging.ERROR)  # What it warns of, we say in our own words.


async def publish(
    events: AsyncIterator[Event], listener: Listener, broker: Broker, *, on_target: Callable[[], None]
) -> None:
    """Publish `events` until they end; a broker that is away is tried again, and never keeps the events waiting.

    Parameters
    ----------
    events : async iterator of Event
        Of one stream; after an `End` another `Start` may come.
    listener : Listener
        Whose target decides on the pace and the verdict. The target is published, and the home may set it.
    broker : Broker
    on_target : callable
        Called, in the event loop, after the home set the target.

    Raises
    ------
    ServerError
        The package `aiomqtt` is missing.
    """
    try:
        import aiomqtt  # noqa: F401 - costs 35 ms, and is in an extra
    except ImportError:
        raise ServerError("MQTT needs aiomqtt", hint=pip_install("aiomqtt"), code="server.package_missing") from None
    home = _Home(listener, broker, on_target)
    connection = asyncio.create_task(home.stay_connected())
    try:
        async for event in events:
            home.note(event)
            if connection.done():
                break  # A mistake of ours: do not hide it.
    finally:
        home.end()
        await asyncio.wait({connection}, timeout=FAREWELL_S)
        if connection.done():
            connection.result()
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)
        home.report_lost()


class _Home:
    """What the home is to know, and the connection that brings it there."""

    def __init__(self, listener: Listener, broker: Broker, on_target: Callable[[], None]) -> None:
        self._listener = listener
        self._broker = broker
        self._on_target = on_target
        self._tls = ssl.create_default_context() if broker.tls else None
        self._reading: Reading | None = None
        self._fresh = False
        self._songs: deque[str] = deque()
        self._sent: dict[str, tuple[str, float]] = {}
        self._described = False
        self._ending = False
        self._woken = asyncio.Event()

    def note(self, event: Event) -> None:
        """Take an event; this waits for nothing."""
        match event:
            case Reading():
                self._reading, self._fresh = event, True
            case Song():
                self._songs.append(event_line(event, self._listener))
                if len(self._songs) > SONGS:
                    self._songs.popleft()
                    _log.warning("the broker has been away for too long: the oldest song is lost")
                self._woken.set()
            case Start() | End():
                self._reading, self._fresh = None, False

    def end(self) -> None:
        """Let the connection send the rest and end."""
        self._ending = True
        self._woken.set()

    def report_lost(self) -> None:
        """Log the songs that the broker never got."""
        if self._songs:
            _log.warning("the broker is away: it did not get the last songs (%d)", len(self._songs))

    async def stay_connected(self) -> None:
        """Stay connected until the end; if the broker is away at the end, only songs are worth another try."""
        from aiomqtt import MqttError

        wait, reachable = FIRST_WAIT_S, True
        while self._songs or not self._ending:
            try:
                async with self._connection() as client:
                    _log.info("connected to the broker at %s", self._broker.shown)
                    wait, reachable = FIRST_WAIT_S, True
                    await self._serve(client)
            except MqttError as error:
                # Once for each time that it goes away.
                level = logging.WARNING if reachable else logging.INFO
                _log.log(level, "the broker at %s does not answer: %s", self._broker.shown, one_line(str(error)))
                reachable = False
                await self._pause(wait)
                wait = min(2.0 * wait, LONGEST_WAIT_S)

    async def _pause(self, seconds: float) -> None:
        """Wait; at the end, wait for the shortest time only."""
        until = asyncio.get_running_loop().time() + seconds
        while not self._ending and await self._wake(until):
            pass
        if self._ending:
            await asyncio.sleep(min(seconds, FIRST_WAIT_S))

    async def _wake(self, until: float) -> bool:
        """Wait until there is something to do, or until a time of the loop; return whether there is something."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._woken.wait()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["Client"]:
        """Connect to the broker, with a last will."""
        from aiomqtt import Client, MqttError, Will

        client = Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.user,
            password=self._broker.password,
            tls_context=self._tls,
            will=Will(self._topic("status"), "offline", qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=ANSWER_S,
            logger=_protocol_log,
        )
        connecting = asyncio.ensure_future(client.__aenter__())
        try:
            await asyncio.shield(connecting)
        except BaseException:
            # A thread connects, which nothing interrupts; and a connection that was not answered would stay open.
            await asyncio.gather(connecting, return_exceptions=True)
            with suppress(MqttError, TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.__aexit__(None, None, None)
            raise
        try:
            yield client
        finally:
            await client.__aexit__(None, None, None)

    async def _serve(self, client: "Client") -> None:
        """Send what there is, until the end; raise `MqttError` if the broker goes away."""
        loop = asyncio.get_running_loop()
        self._described = False
        await client.subscribe([(self._topic("target/set"), 1), (BIRTH_TOPIC, 1)])
        receiving = asyncio.create_task(self._receive(client))
        due = loop.time()
        try:
            while self._songs or not self._ending:
                if not self._described:
                    await self._describe(client)
                await self._send_target(client)
                while self._songs:
                    # It stays in the queue until the broker has it; meanwhile, a full queue may have dropped it.
                    song = self._songs[0]
                    await client.publish(self._topic("songs"), song, qos=1)
                    if self._songs and self._songs[0] is song:
                        self._songs.popleft()
                if loop.time() >= due:
                    due = loop.time() + STATES_S
                    await self._send_states(client)
                if not self._ending:
                    await self._wake(due)
                if receiving.done():
                    receiving.result()
            await client.publish(self._topic("status"), "offline", qos=1, retain=True)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def _topic(self, name: str) -> str:
        return topic(self._broker.prefix, name)

    async def _describe(self, client: "Client") -> None:
        """Say which entities there are, and that they are available; all states follow."""
        self._described = True
        self._sent.clear()
        where, record = discovery(self._broker.prefix)
        await client.publish(where, json.dumps(record), qos=1, retain=True)
        await client.publish(self._topic("status"), "online", qos=1, retain=True)

    async def _send_target(self, client: "Client") -> None:
        """Send the target, if it changed; it is retained, because it holds until somebody changes it."""
        state = target_state(self._listener.target)
        if self._sent.get("target", (None,))[0] != state:
            self._sent["target"] = state, 0.0
            await client.publish(self._topic("target"), state, qos=1, retain=True)

    async def _send_states(self, client: "Client") -> None:
        """Send the states that changed, or would expire; a retained one would look new after a restart of the home."""
        now = asyncio.get_running_loop().time()
        fresh, self._fresh = self._fresh, False
        for name, state in states(self._reading, self._listener).items():
            before, at = self._sent.get(name, (None, 0.0))
            if before != state or (fresh and now - at >= REPEAT_S):
                self._sent[name] = state, now
                await client.publish(self._topic(name), state)

    async def _receive(self, client: "Client") -> None:
        """Take what the home says."""
        async for message in client.messages:
            if message.topic.value == BIRTH_TOPIC:
                self._described = self._described and message.payload != b"online"
            else:
                self._take_target(message)
            self._woken.set()

    def _take_target(self, message: "Message") -> None:
        """Set the target, or restore what the home shows if it is wrong."""
        if message.retain:
            # It comes again with every connection, and would undo what others set since.
            _log.warning("a retained target is ignored: publish to %s without retaining", message.topic)
            return
        text = message.payload.decode("utf-8", "replace") if isinstance(message.payload, bytes) else ""
        try:
            self._listener.target = None if text == NONE else float(text)
        except (ValueError, UsageError) as error:
            _log.warning("the home sent no target that can be used: %s", one_line(str(error)))
            self._sent.pop("target", None)
        else:
            self._on_target()
