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
    endless : bool
        The same of the input that is heard now.
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
        self.endless = endless
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

    def change(self, open_input: Callable[[], Input], *, endless: bool = False) -> None:
        """End the input and open another, from any thread."""
        with self._lock:
            self._open_input, self.endless = open_input, endless
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
            return self.endless or stop.is_set()
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
