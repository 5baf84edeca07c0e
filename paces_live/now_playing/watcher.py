"""A thread that follows what a player says, and offers the newest title."""

import select
import socket
import threading
from abc import ABC, abstractmethod
from typing import Protocol, Self

from paces_live.errors import TitleError

AGAIN_S = 5.0
"""Time between attempts to reach a player that does not answer."""
END_S = 2.0
"""Time that a watcher has to end; it is a daemon, so a hung one keeps nobody from leaving."""


class TitleSource(Protocol):
    """Something that knows what is playing; sources of audio may do so themselves."""

    @property
    def title(self) -> str | None:
        """Title of what plays now, None where that is not known."""


class Watcher(ABC):
    """Watches from entering to leaving a ``with``; what it knows may be read from any thread.

    Attributes
    ----------
    title : str or None
        Title of what plays now.
    trouble : str or None
        Why there can be no title now, None while all is well.
    """

    def __init__(self) -> None:
        self.title: str | None = None
        self.trouble: str | None = None

    @property
    def note(self) -> str | None:
        """What a listener should know of the trouble."""
        return self.trouble and f"no titles: {self.trouble}, trying again every {AGAIN_S:g} s"

    def __enter__(self) -> Self:
        # Whoever waits for a player waits for this socket too: closing its other end is the sign to end.
        self._end, ended = socket.socketpair()
        self._thread = threading.Thread(target=self._run, args=(ended,), name=type(self).__name__, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()
        self._thread.join(END_S)

    @abstractmethod
    def watch(self, ended: socket.socket) -> None:
        """Keep `title` up to date until `ended` can be read.

        Raises
        ------
        TitleError
            The player cannot be reached, or no longer.
        """

    def _run(self, ended: socket.socket) -> None:
        with ended:
            while not select.select([ended], [], [], 0.0 if self.trouble is None else AGAIN_S)[0]:
                try:
                    self.watch(ended)
                except TitleError as error:
                    self.title, self.trouble = None, str(error)
