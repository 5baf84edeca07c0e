"""The input of the server's own machine: a thread reads it and has it pushed by the hub."""

import logging
import threading
from collections.abc import Callable, Sequence

from paces_live.errors import PacesError, ServerError
from paces_live.events import Event, Start, Track
from paces_live.inputs import Input
from paces_live.server.hub import Hub, Lane
from paces_live.session import Session, run
from paces_live.sources.block import Block

_log = logging.getLogger(__name__)

AGAIN_S = 5.0
"""Time after which an input that failed is opened again, seconds."""
LOOK_S = 0.5
"""Time between two looks whether the session has failed, seconds."""
MOST_BLOCKS = 32
"""Blocks that may wait for the hub; the source keeps what comes after them, and counts what it cannot keep."""


class Machine:
    """Hears one input after another; use it in a ``with``.

    Parameters
    ----------
    hub : Hub
    new_session : callable
        Returns the session of an input; it gets whether the source is live.
    open_input : callable
        Opens the first input.
    deliver : callable
        Gets the events, on the hub's thread.
    stages : sequence of callable
        See `Hub.lane`.
    endless : bool
        Whether an input that has ended is opened again at once.
    """

    def __init__(
        self,
        hub: Hub,
        new_session: Callable[[bool], Session],
        open_input: Callable[[], Input],
        deliver: Callable[[list[Event]], None],
        *,
        stages: Sequence[Callable[[Event], Event]] = (),
        endless: bool = False,
    ) -> None:
        self._hub = hub
        self._new_session = new_session
        self._open_input = open_input
        self._deliver = deliver
        self._stages = stages
        self._endless = endless
        self._targets: Sequence[float] = ()
        self._lane: Lane | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="input", daemon=True)

    def __enter__(self) -> "Machine":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            self._stop.set()
        self._thread.join()

    def aim(self, targets: Sequence[float]) -> None:
        """Have candidates near the targets of listeners judged, from any thread."""
        self._targets = targets
        if self._lane is not None:
            self._lane.aim(targets)

    def change(self, open_input: Callable[[], Input]) -> None:
        """End the input and open another, from any thread."""
        with self._lock:
            self._open_input, self._endless = open_input, False
            self._stop.set()

    def _run(self) -> None:
        while (stop := self._next()) is not None:
            if not self._hear(stop):
                stop.wait()

    def _next(self) -> threading.Event | None:
        """Return what will end the next input; None if there is no next one."""
        with self._lock:
            if self._over:
                return None
            self._stop = threading.Event()
            return self._stop

    def _hear(self, stop: threading.Event) -> bool:
        """Hear the input to its end; return whether there is another one, maybe the same."""
        try:
            opened = self._open_input()
            session = self._new_session(opened.source.live)
            lane = self._lane = self._hub.lane(session, self._deliver, stages=self._stages)
            lane.aim(self._targets)
            for _ in run(opened.source, _Pushed(session, lane), now_playing=opened.now_playing, stop=stop):
                pass
        except PacesError as error:
            _log.warning("%s", error)
            stop.wait(AGAIN_S)
            return True
        return self._endless or stop.is_set()


class _Pushed:
    """The way from the thread of an input to its session on the hub's."""

    of_interest: Sequence[float] = ()

    def __init__(self, session: Session, lane: Lane) -> None:
        self._session = session
        self._lane = lane
        self._track: Track | None = None
        self._room = threading.BoundedSemaphore(MOST_BLOCKS)

    def start(self, name: str) -> Start:
        start = self._session.start(name)
        self._lane.ask(lambda _: [start])
        return start

    def now_playing(self, track: Track | None) -> None:
        if track != self._track:
            self._track = track
            self._lane.ask(lambda session: _announce(session, track))

    def push(self, block: Block) -> list[Event]:
        while not self._room.acquire(timeout=LOOK_S):
            if self._lane.over:
                raise ServerError("the stream of this input has failed", hint="see the log")

        def push(session: Session) -> list[Event]:
            self._room.release()
            return session.push(block)

        self._lane.ask(push)
        return []

    def finish(self, error: PacesError | None = None) -> list[Event]:
        self._lane.finish(error)
        return []


def _announce(session: Session, track: Track | None) -> tuple[Event, ...]:
    session.now_playing(track)
    return ()
