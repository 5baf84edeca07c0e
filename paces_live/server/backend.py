"""The backend: the streams that there are, and whether there is room for another."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from paces_live.analysis.classifier import Classifier
from paces_live.errors import ServerError
from paces_live.events import STANDSTILL, End, Event, Reading
from paces_live.inputs import Input
from paces_live.match import Listener
from paces_live.server.contribution import Contribution
from paces_live.server.feed import NAME
from paces_live.server.hub import Hub
from paces_live.server.machine import Machine
from paces_live.server.messages import Hello
from paces_live.server.metrics import Metrics
from paces_live.server.stream import Stream
from paces_live.session import Session, SessionConfig

_log = logging.getLogger(__name__)

MAIN = "main"
"""Id of the stream of the machine's own input."""
LAG_S = 1.0
"""Lag of the hub from which on no other stream is taken, seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server takes on.

    Attributes
    ----------
    streams : int
        Streams that clients send.
    listeners : int
        Connections that follow a stream.
    """

    streams: int = 100
    listeners: int = 2000


@dataclass(frozen=True, slots=True)
class Own:
    """The input of the machine itself.

    Attributes
    ----------
    open_input : callable
    stages : sequence of callable
        See `paces_live.session.Listening`.
    endless : bool
        Whether it is opened again when it has ended.
    """

    open_input: Callable[[], Input]
    stages: Sequence[Callable[[Event], Event]] = ()
    endless: bool = False


class Backend:
    """All streams of a server. Use `running` in the thread of the event loop, which everything here belongs to.

    Parameters
    ----------
    classifier : Classifier
    listener : Listener
        Target and tolerance of those who choose none.
    own : Own, optional
        The input of this machine.
    config : SessionConfig, optional
        Of all sessions.
    limits : Limits
    """

    def __init__(
        self,
        classifier: Classifier,
        listener: Listener,
        own: Own | None = None,
        *,
        config: SessionConfig | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.listener = listener
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.classifier = classifier
        self.machine: Machine | None = None
        self._own = own
        self._config = config or SessionConfig()
        self._hub = Hub()
        self._streams: dict[str, Stream] = {}
        self._contributions: dict[str, Contribution] = {}
        self._failing = False
        self._closing = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hear and judge; at the end, all streams end."""
        loop = asyncio.get_running_loop()
        with ExitStack() as stack:
            stack.enter_context(self._hub)
            if self._own is not None:
                main = Stream(MAIN, public=True, aim=lambda targets: machine.aim(targets))
                self._streams[MAIN] = main
                machine = Machine(
                    self._hub,
                    lambda live: Session(self.classifier, self._config, live=live, stream=MAIN),
                    self._own.open_input,
                    lambda events: self._from_hub(loop, main, events),
                    stages=self._own.stages,
                    endless=self._own.endless,
                )
                self.machine = stack.enter_context(machine)
            yield
            for contribution in list(self._contributions.values()):
                contribution.finish()

    def close(self) -> None:
        """Let those who follow have what waits for them, and nothing more; take nobody else."""
        self._closing = True
        for stream in self._streams.values():
            stream.close()

    @property
    def full(self) -> bool:
        """Whether another stream would be refused."""
        return self._closing or len(self._contributions) >= self.limits.streams or self._hub.lag_s > LAG_S

    @property
    def contributed(self) -> int:
        """Streams that clients send."""
        return len(self._contributions)

    @property
    def lag_s(self) -> float:
        """How far the hub is behind, seconds."""
        return self._hub.lag_s

    @property
    def failing(self) -> bool:
        """Whether the input of the machine gives no sound."""
        return self._failing

    @property
    def listeners(self) -> int:
        """Connections that follow a stream."""
        return sum(stream.listeners for stream in self._streams.values())

    def stream(self, stream_id: str) -> Stream:
        """Return the stream with an id; `ServerError` if there is none."""
        try:
            return self._streams[stream_id]
        except KeyError:
            raise ServerError(
                f"there is no stream {stream_id[:40]!r}",
                hint="it may have ended: see /v1/streams",
                code="server.no_stream",
            ) from None

    def public_streams(self) -> list[Stream]:
        """Return the streams that everybody may see."""
        return [stream for stream in self._streams.values() if stream.public]

    def check_room_to_follow(self) -> None:
        """Raise `ServerError` if there are too many listeners."""
        if self._closing or self.listeners >= self.limits.listeners:
            self.metrics.refused.inc()
            raise ServerError("the server has no room for another listener", hint="try again soon", code="server.full")

    def contribute(self, hello: Hello) -> tuple[Contribution, bool]:
        """Return the stream of a sender, and whether it is the one that it had.

        Raises
        ------
        ServerError
            There is no room for another stream.
        """
        known = self._contributions.get(hello.session)
        if known is not None and known.stream.state != "ended" and not self._closing:
            return known, True
        if self.full:
            self.metrics.refused.inc()
            raise ServerError("the server has no room for another stream", hint="try again soon", code="server.full")
        loop = asyncio.get_running_loop()
        stream = Stream(secrets.token_urlsafe(9), aim=lambda targets: lane.aim(targets))
        session = Session(self.classifier, self._config, live=True, stream=stream.id)
        lane = self._hub.lane(session, lambda events: self._from_hub(loop, stream, events))
        contribution = Contribution(hello, stream, lane)
        self._streams[stream.id] = stream
        self._contributions[contribution.session] = contribution
        start = session.start(NAME)
        lane.ask(lambda _: [start])
        return contribution, False

    def _from_hub(self, loop: asyncio.AbstractEventLoop, stream: Stream, events: list[Event]) -> None:
        """Bring events from the hub's thread to that of the event loop."""
        # Once the loop is closed, nobody is left to hear them.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._take, stream, events)

    def _take(self, stream: Stream, events: list[Event]) -> None:
        stream.take(events)
        self.metrics.take(events)
        if stream.id == MAIN:
            for event in events:
                match event:
                    case Reading():
                        self._failing = event.health.status in STANDSTILL
                    case End():
                        self._failing = event.error is not None
        elif stream.state == "ended":
            stream.close()
            del self._streams[stream.id]
            self._contributions = {
                session: one for session, one in self._contributions.items() if one.stream is not stream
            }
