"""The hub: one thread owns the classifier, and pushes the sessions of all streams in turn."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from paces_live.errors import PacesError
from paces_live.events import Event
from paces_live.session import Session

_log = logging.getLogger(__name__)

Work = Callable[[Session], Iterable[Event]]
"""Something to do with a session on the hub's thread; it returns the events that come of it."""


class Hub:
    """Does the work of all lanes, each in its turn; use it in a ``with``.

    Examples
    --------
    >>> from paces_live.analysis import FixedClassifier
    >>> with Hub() as hub:
    ...     lane = hub.lane(Session(FixedClassifier(lambda spm: 0.9)), print)
    ...     lane.ask(lambda session: [session.start("example")])
    [Start(version='...', input='example', ...)]
    """

    def __init__(self) -> None:
        self._ready: deque[Lane] = deque()
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def __enter__(self) -> "Hub":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Do what has been asked for, and end."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def lane(
        self,
        session: Session,
        deliver: Callable[[list[Event]], None],
        *,
        stages: Sequence[Callable[[Event], Event]] = (),
    ) -> "Lane":
        """Return the lane of a new session.

        Parameters
        ----------
        session : Session
            It belongs to the hub's thread from now on.
        deliver : callable
            Gets the events of a turn, on the hub's thread.
        stages : sequence of callable
            Each takes every event on the hub's thread and returns it, perhaps changed, as the history does.
        """
        return Lane(self, session, deliver, stages)

    @property
    def lag_s(self) -> float:
        """How long the lane whose turn is next has been waiting, seconds; a hub that lags has too much to do."""
        with self._changed:
            return time.monotonic() - self._ready[0].ready_since if self._ready else 0.0

    def schedule(self, lane: "Lane") -> None:
        """Give `lane` a turn, after all those that are waiting."""
        lane.ready_since = time.monotonic()
        with self._changed:
            self._ready.append(lane)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ready and not self._over:
                    self._changed.wait()
                if not self._ready:
                    return
                lane = self._ready.popleft()
            lane.take_turn()


class Lane:
    """The way of one stream through the hub: what is asked for is done in order. `Hub.lane` makes it.

    Attributes
    ----------
    ready_since : float
        When it began to wait for its turn, by the monotonic clock.
    """

    def __init__(
        self,
        hub: Hub,
        session: Session,
        deliver: Callable[[list[Event]], None],
        stages: Sequence[Callable[[Event], Event]],
    ) -> None:
        self.ready_since = 0.0
        self._hub = hub
        self._session = session
        self._deliver = deliver
        self._stages = stages
        self._lock = threading.Lock()
        self._asked: list[Work] = []
        self._waiting = False
        self._over = False

    @property
    def sample_rate(self) -> int:
        """Sample rate of the session's blocks, Hz."""
        return self._session.sample_rate

    def ask(self, work: Work) -> None:
        """Have `work` done on the hub's thread, from any thread. If it raises `PacesError`, the stream ends with it."""
        with self._lock:
            self._asked.append(work)
            if self._waiting:
                return
            self._waiting = True
        self._hub.schedule(self)

    def aim(self, targets: Sequence[float]) -> None:
        """Have candidates near the targets of listeners judged."""
        self._session.of_interest = tuple(targets)

    def finish(self, error: PacesError | None = None) -> None:
        """Report the song and the end, after what was asked for before; whatever is asked for later is not done."""
        self.ask(lambda session: self._finish(session, error))

    def take_turn(self) -> None:
        """Do all that was asked for, and deliver the events; only the hub's thread calls this."""
        with self._lock:
            works, self._asked = self._asked, []
        for work in works:
            events = self._done(work)
            if events:
                self._deliver(events)
        with self._lock:
            self._waiting = bool(self._asked)
        if self._waiting:
            self._hub.schedule(self)

    @property
    def over(self) -> bool:
        """Whether the stream has ended, so that nothing is done any more."""
        return self._over

    def _done(self, work: Work) -> list[Event]:
        """Do `work`, and return its events as the stages leave them."""
        if self._over:
            return []
        try:
            events = list(work(self._session))
        except PacesError as error:
            events = self._finish(self._session, error)
        except Exception:  # noqa: BLE001 - a fault of ours in one stream must not end the others
            _log.exception("a stream has failed")
            events = self._finish(self._session, PacesError("the server has failed", hint="see its log"))
        try:
            for stage in self._stages:
                events = [stage(event) for event in events]
        except Exception:  # noqa: BLE001 - nor must one in what only looks on
            _log.exception("what keeps the events of a stream has failed")
        return events

    def _finish(self, session: Session, error: PacesError | None) -> list[Event]:
        self._over = True
        return session.finish(error)
