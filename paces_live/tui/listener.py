"""An engine that listens in a thread of its own, and the newest state of what it heard."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from paces_live.errors import PacesError
from paces_live.session.interface import Engine
from paces_live.sources.block import Source
from paces_live.tui.view import Heard

GRACE_S = 2.0
"""How long a stopped engine may take to log the last song before the UI ends without it."""


class Listener:
    """Runs an engine, and keeps the newest state of what it heard.

    The thread alone writes `heard` and `error`, each by one assignment of an immutable value; others only read.

    Parameters
    ----------
    engine : Engine
        Hears the sources, one after the other.
    source : Source
        The first one.
    following : callable, optional
        Returns the source to hear after `source`, when the user asks for the next one.
    """

    def __init__(self, engine: Engine, source: Source, following: Callable[[], Source] | None = None) -> None:
        self.heard = Heard(input=source.name)
        self.error: BaseException | None = None
        self._engine = engine
        self._first = source
        self._source: Source | None = source
        self._following = following
        self._asked = threading.Event()
        self._hearing = False
        self._stopped_at: float | None = None
        # A daemon: a source that hangs in the operating system must not keep the program from ending.
        self._thread = threading.Thread(target=self._listen, name="engine", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the engine to log the current song and end; may be called again."""
        self._stopped_at = self._stopped_at or time.monotonic()
        self._asked.set()
        self._engine.stop()

    def switch(self) -> None:
        """Log the current song and listen to the next input."""
        self._asked.set()
        # Where nothing is heard the engine would stop at the next input instead.
        if self._hearing:
            self._engine.stop()

    @property
    def named(self) -> Heard:
        """What was heard, with the source's newest name: a microphone learns its own when it is opened."""
        return replace(self.heard, input=self._source.name if self._source else "no input")

    @property
    def stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopped_at is not None

    @property
    def over(self) -> bool:
        """True once nothing more will come, or is not worth waiting for."""
        if self._stopped_at is not None and time.monotonic() - self._stopped_at > GRACE_S:
            return True
        return not self._thread.is_alive() and self._thread.ident is not None

    def _listen(self) -> None:
        try:
            self._hear(self._first)
            while self._asked.is_set() and not self.stopping and self._following:
                self._asked.clear()
                source = None
                try:
                    source = self._following()
                    self._hear(source)
                except PacesError as error:
                    # One of several inputs: the user may want another. Another kind of error is our own fault.
                    self._source = source
                    self.heard = replace(self.heard, reading=None, trouble=" ".join(str(error).split()))
                    self._asked.wait()
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            self.error = error

    def _hear(self, source: Source) -> None:
        self._source = source
        self._hearing = True
        try:
            if self._asked.is_set():
                self._engine.stop()
            for event in self._engine.events(source):
                self.heard = self.heard.after(event)
        finally:
            self._hearing = False
