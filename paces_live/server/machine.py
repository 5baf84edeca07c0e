"""The input of the server's own machine: a thread reads it and pushes it into a session."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from paces_live.errors import PacesError
from paces_live.events import End, Event, Failure
from paces_live.inputs import Input
from paces_live.session import Session, run

_log = logging.getLogger(__name__)

AGAIN_S = 5.0
"""Time after which an input that failed is opened again, seconds."""


class Machine:
    """Hears one input after another; use it in a ``with``.

    Parameters
    ----------
    new_session : callable
        Returns the session of an input; it gets whether the source is live.
    open_input : callable
        Opens the first input.
    deliver : callable
        Gets each event, on the thread of the input.
    stages : sequence of callable
        Each takes every event and returns it, perhaps changed, as the history does.
    endless : bool
        Whether an input that has ended is opened again at once.

    Attributes
    ----------
    inserted : bool
        Whether another input is heard at the moment, see `insert`.
    """

    def __init__(
        self,
        new_session: Callable[[bool], Session],
        open_input: Callable[[], Input],
        deliver: Callable[[Event], None],
        *,
        stages: Sequence[Callable[[Event], Event]] = (),
        endless: bool = False,
    ) -> None:
        self._new_session = new_session
        self._open_input = open_input
        self._deliver = deliver
        self._stages = stages
        self._endless = endless
        self._insertion: Callable[[], Input] | None = None
        self.inserted = False
        self._targets: Sequence[float] = ()
        self._session: Session | None = None
        self._block_at: float | None = None
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

    @property
    def lag_s(self) -> float:
        """Time since the last block of an open input, seconds; a source gives one at least every half second."""
        block_at = self._block_at
        return 0.0 if block_at is None else time.monotonic() - block_at

    def aim(self, targets: Sequence[float]) -> None:
        """Have candidates near the targets of listeners judged, from any thread."""
        self._targets = targets
        if self._session is not None:
            self._session.of_interest = targets

    def change(self, open_input: Callable[[], Input]) -> None:
        """End the input and open another, which is not endless, from any thread."""
        with self._lock:
            self._open_input, self._endless = open_input, False
            self._insert(None)

    def insert(self, open_input: Callable[[], Input]) -> None:
        """End the input, hear another one to its end, and then open the input again, from any thread."""
        with self._lock:
            self._insert(open_input)

    def resume(self) -> None:
        """End an input that was inserted, if there is one, from any thread."""
        with self._lock:
            if self.inserted:
                self._insert(None)

    def _insert(self, open_input: Callable[[], Input] | None) -> None:
        self._insertion, self.inserted = open_input, open_input is not None
        self._stop.set()

    def _run(self) -> None:
        while (following := self._next()) is not None:
            open_input, again, stop = following
            if not self._hear(open_input, stop) and not again:
                stop.wait()

    def _next(self) -> tuple[Callable[[], Input], bool, threading.Event] | None:
        """Return how the next input is opened, whether another one follows, and what will end it; None at the end."""
        with self._lock:
            if self._over:
                return None
            self._stop = threading.Event()
            inserted, self._insertion = self._insertion, None
            self.inserted = inserted is not None
            return inserted or self._open_input, self.inserted or self._endless, self._stop

    def _hear(self, open_input: Callable[[], Input], stop: threading.Event) -> bool:
        """Hear an input to its end; return whether there is another one, maybe the same."""
        try:
            opened = open_input()
            session = self._session = self._new_session(opened.source.live)
            session.of_interest = self._targets
            for event in run(
                opened.source, session, now_playing=opened.now_playing, stop=stop, on_block=self._note_block
            ):
                self._pass_on(event)
        except PacesError as error:
            _log.warning("%s", error)
        except Exception:  # noqa: BLE001 - a fault of ours must not make the server deaf
            _log.exception("the input has failed")
            self._pass_on(End(0.0, Failure("server", "the server has failed", "see its log")))
        else:
            return stop.is_set()
        finally:
            self._block_at = None
        stop.wait(AGAIN_S)
        return True

    def _note_block(self) -> None:
        self._block_at = time.monotonic()

    def _pass_on(self, event: Event) -> None:
        for stage in self._stages:
            event = stage(event)
        self._deliver(event)
