"""The backend: the streams that there are, and whether there is room for another."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from paces_live.analysis.classifier import Classifier
from paces_live.errors import ServerError
from paces_live.events import STANDSTILL, End, Event, Reading
from paces_live.inputs import Input
from paces_live.match import Listener
from paces_live.sensor import Sensor
from paces_live.server.contribution import Contribution
from paces_live.server.machine import Machine
from paces_live.server.messages import Hello
from paces_live.server.metrics import Metrics
from paces_live.server.stream import Stream
from paces_live.server.upload import UploadAnalyst
from paces_live.server.workers import Workers
from paces_live.session import Session, SessionConfig

_log = logging.getLogger(__name__)

MAIN = "main"
"""Id of the stream of the machine's own input."""

PULSE_S = 1.0
"""Time between two looks at all subscriptions, seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server takes on.

    Attributes
    ----------
    streams : int
        Streams that clients send.
    listeners : int
        Connections that follow a stream.
    workers : int or None
        Processes that judge the streams of clients; None is one for each core.
    """

    streams: int = 100
    listeners: int = 2000
    workers: int | None = None


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
    sensor : Sensor, optional
        The runner's, whose cadence its readings have.
    """

    open_input: Callable[[], Input]
    stages: Sequence[Callable[[Event], Event]] = ()
    endless: bool = False
    sensor: Sensor | None = None


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
    model : Path, optional
        Model of the streams that clients send, as `load_classifier` takes it.
    """

    def __init__(
        self,
        classifier: Classifier,
        listener: Listener,
        own: Own | None = None,
        *,
        config: SessionConfig | None = None,
        limits: Limits | None = None,
        model: Path | None = None,
    ) -> None:
        self.listener = listener
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.classifier = classifier
        self.machine: Machine | None = None
        self.uploads = UploadAnalyst(classifier)
        self._own = own
        self._config = config or SessionConfig()
        self._model = model
        self._workers: Workers | None = None
        self._streams: dict[str, Stream] = {}
        self._contributions: dict[str, Contribution] = {}
        self._failing = False
        self._closing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear and judge; at the end, all streams end."""
        loop = asyncio.get_running_loop()
        self._workers = Workers(self._model, self._config.interval, self.limits.workers)
        with ExitStack() as stack:
            if self._own is not None:
                main = Stream(MAIN, public=True, aim=self._aim_machine, sensor=self._own.sensor)
                self._streams[MAIN] = main
                machine = Machine(
                    lambda live: Session(self.classifier, self._config, live=live, stream=MAIN),
                    self._own.open_input,
                    lambda event: self._from_input(loop, main, event),
                    stages=self._own.stages,
                    endless=self._own.endless,
                )
                self.machine = stack.enter_context(machine)
            pulse = asyncio.create_task(self._pulse())
            try:
                yield
            finally:
                self.uploads.close()
                pulse.cancel()
                await self._workers.close()

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            for stream in list(self._streams.values()):
                stream.pulse()

    def _aim_machine(self, targets: Sequence[float]) -> None:
        if self.machine is not None:
            self.machine.aim(targets)

    def close(self) -> None:
        """Let those who follow have what waits for them, and nothing more; take nobody else."""
        self._closing = True
        self.uploads.close()
        for stream in self._streams.values():
            stream.close()

    @property
    def full(self) -> bool:
        """Whether another stream would be refused."""
        behind = self._workers is not None and self._workers.behind
        return self._closing or len(self._contributions) >= self.limits.streams or behind

    def contributions(self) -> list[Contribution]:
        """Return the streams that clients send."""
        return list(self._contributions.values())

    @property
    def contributed(self) -> int:
        """Streams that clients send."""
        return len(self._contributions)

    @property
    def lag_s(self) -> float:
        """How long the machine's input has given nothing although it is open, seconds."""
        return self.machine.lag_s if self.machine else 0.0

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

    async def contribute(self, hello: Hello) -> tuple[Contribution, bool]:
        """Return the stream of a sender, and whether it is the one that it had.

        Raises
        ------
        ServerError
            There is no room for another stream.
        """
        known = self._contributions.get(hello.session)
        if known is not None and not known.finished and not self._closing:
            if known.is_written_as(hello):
                return known, True
            known.finish()
        if self.full or self._workers is None:
            self.metrics.refused.inc()
            raise ServerError("the server has no room for another stream", hint="try again soon", code="server.full")
        stream = Stream(secrets.token_urlsafe(9), aim=lambda targets: lane.aim(targets))
        lane = self._workers.lane(stream.id, hello, lambda events: self._take(stream, events))
        contribution = Contribution(hello, stream, lane)
        # Before anything is waited for: others count the streams meanwhile.
        self._streams[stream.id] = stream
        self._contributions[contribution.session] = contribution
        try:
            await self._workers.place(lane)
        except ServerError:
            contribution.subscription.close()
            self._forget(stream)
            self.metrics.refused.inc()
            raise
        return contribution, False

    def _from_input(self, loop: asyncio.AbstractEventLoop, stream: Stream, event: Event) -> None:
        """Bring an event from the thread of the input to that of the event loop."""
        # Once the loop is closed, nobody is left to hear them.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._take, stream, [event])

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
            self._forget(stream)

    def _forget(self, stream: Stream) -> None:
        self._streams.pop(stream.id, None)
        self._contributions = {key: one for key, one in self._contributions.items() if one.stream is not stream}
