"""A thread that takes the events of one stream after another, and the newest state of what was heard."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from paces_live.errors import PacesError
from paces_live.events import End
from paces_live.session.listening import EventStream
from paces_live.tui.view import StreamState

GRACE_S = 2.0
"""Time that the thread gets to report the last song before the UI ends without it, seconds."""


class EventThread:
    """Takes events in a thread of its own, and keeps the newest state.

    Only the thread writes `state` and `error`, each by one assignment of an immutable value; others only read.

    Parameters
    ----------
    first : EventStream
    next_stream : callable, optional
        Opens the next stream when the user asks for it.
    """

    def __init__(self, first: EventStream, next_stream: Callable[[], EventStream] | None = None) -> None:
        self.state = StreamState(input=first.name)
        self.error: BaseException | None = None
        self._stream = first
        self._next_stream = next_stream
        self._asked = threading.Event()
        self._has_input = False
        self._stopped_at: float | None = None
        # A daemon: a source that hangs in the operating system must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    @property
    def pause(self) -> Callable[[bool], None] | None:
        """Pauses the stream if it gets True, goes on if it gets False; None if the stream cannot be paused."""
        return self._stream.pause

    @property
    def elsewhere(self) -> bool:
        """Whether the session is on a server: it cannot be paused from here, and gives no periodicity."""
        return self._stream.pause is None

    def start(self) -> None:
        """Begin to take events."""
        self._thread.start()

    def stop(self) -> None:
        """Report the current song and end; may be called again."""
        self._stopped_at = self._stopped_at or time.monotonic()
        self._asked.set()
        self._stream.stop()

    def close(self) -> None:
        """Stop, however the UI has ended, and wait for the last song as long as it is worth it."""
        self.stop()
        if self._thread.ident is not None and self._stopped_at is not None:
            self._thread.join(max(0.0, self._stopped_at + GRACE_S - time.monotonic()))

    def switch(self) -> None:
        """Report the current song and listen to the next input."""
        self._asked.set()
        # Without an input, `stop` would end the next one instead.
        if self._has_input:
            self._stream.stop()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped_at is not None

    @property
    def over(self) -> bool:
        """Whether nothing more will come, or whether it is not worth waiting for."""
        if self._stopped_at is not None and time.monotonic() - self._stopped_at > GRACE_S:
            return True
        return not self._thread.is_alive() and self._thread.ident is not None

    def _run(self) -> None:
        try:
            self._take()
            while self._asked.is_set() and not self.stopping and self._next_stream:
                self._asked.clear()
                try:
                    self.state = replace(self.state, input="no input", reading=None)
                    self._stream = self._next_stream()
                    self.state = replace(self.state, input=self._stream.name, reading=None)
                    self._take()
                except PacesError as error:
                    # It is one of several inputs, and the user may want another. Any other error is our own fault.
                    self.state = replace(self.state, reading=None, error=" ".join(str(error).split()))
                    self._asked.wait()
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self.error = error

    def _take(self) -> None:
        self._has_input = True
        try:
            if self._asked.is_set():
                self._stream.stop()
            for event in self._stream.events():
                self.state = self.state.after(event)
                if isinstance(event, End) and self.elsewhere and not self.stopping:
                    ended = event.error.message if event.error else "it has ended, and may start again"
                    self.state = replace(self.state, reading=None, error=ended)
        finally:
            self._has_input = False
