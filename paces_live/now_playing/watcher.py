"""A thread that follows a player and offers its newest track."""

import logging
import select
import socket
import threading
from abc import ABC, abstractmethod
from typing import Self

from paces_live.errors import NowPlayingError, reason
from paces_live.events import Condition, Track

_log = logging.getLogger(__name__)

AGAIN_S = 5.0
"""Time between attempts to reach a player that does not answer, seconds."""
END_S = 2.0
"""Time that a watcher has to end, seconds. Its thread is a daemon: a hung one cannot keep the program from ending."""


class Watcher(ABC):
    """Watches from entering to leaving a ``with``; its attributes may be read from any thread.

    Attributes
    ----------
    track : Track or None
        The track that plays now.
    error : NowPlayingError or None
        Why the track is unknown; None if all is well.
    """

    def __init__(self) -> None:
        self.track: Track | None = None
        self.error: NowPlayingError | None = None

    @property
    def condition(self) -> Condition | None:
        """The error as a condition of the input."""
        if self.error is None:
            return None
        return Condition("no_track", f"no track: {self.error.message}, trying again every {AGAIN_S:g} s")

    def __enter__(self) -> Self:
        # A watcher waits for its player and for this socket; closing the other end is the sign to end.
        self._end, ended = socket.socketpair()
        self._thread = threading.Thread(target=self._run, args=(ended,), name=type(self).__name__, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()
        self._thread.join(END_S)

    @abstractmethod
    def watch(self, ended: socket.socket) -> None:
        """Keep `track` up to date until `ended` can be read.

        Raises
        ------
        NowPlayingError
            The player cannot be reached, or no longer.
        """

    def _run(self, ended: socket.socket) -> None:
        with ended:
            while not select.select([ended], [], [], 0.0 if self.error is None else AGAIN_S)[0]:
                try:
                    self.watch(ended)
                except NowPlayingError as error:
                    _log.info("%s", error)
                    self.track, self.error = None, error
                except Exception as error:  # noqa: BLE001 - the thread would die alone, and its last track stay
                    _log.warning("the watcher failed: %r", error)
                    self.track, self.error = None, NowPlayingError(f"the watcher failed ({reason(error)})")
