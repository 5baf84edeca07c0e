"""Tells a service manager how the engine is, by the protocol of sd_notify(3): a datagram to ``$NOTIFY_SOCKET``.

systemd starts what needs us once we are ready, and restarts us where the signs of life stop.
"""

import os
import socket
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from paces_live.errors import UsageError
from paces_live.sources.block import Block, Source, note_of, title_of

SIGNS_PER_LIMIT = 4
"""Signs of life within the manager's time limit: one or two may be late on a busy machine."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends to the manager's socket.

    Attributes
    ----------
    address : str
        Path of the socket, or ``@`` and a name in Linux's abstract namespace.
    watchdog_s : float or None
        Time limit between signs of life, seconds; None where the manager wants none.
    """

    address: str
    watchdog_s: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> "Notifier | None":
        """Return a notifier for process `pid` as the manager's variables ask; None where there is no manager.

        Raises
        ------
        UsageError
            The variables are none that systemd would set.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        if not address:
            return None
        if address[0] not in "/@" or len(address) < 2:
            raise UsageError(f"NOTIFY_SOCKET is {address}: unset it, or set a path or @name as systemd does")
        # Set for the process that the manager started; children inherit it, and are not the ones that are meant.
        if environment.get("WATCHDOG_PID", str(pid)) != str(pid):
            return cls(address)
        limit = environment.get("WATCHDOG_USEC", "")
        if limit and not (limit.isdecimal() and int(limit)):
            raise UsageError(f"WATCHDOG_USEC is {limit}: unset it, or set microseconds as systemd does")
        return cls(address, int(limit) / 1e6 if limit else None)

    def send(self, state: str) -> None:
        """Send a state such as ``READY=1``; a manager that is gone is not waited for."""
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            # A lost sign of life is followed by the next one, and without any we are restarted, as we should be.
            try:
                channel.sendto(state.encode(), address)
            except (BlockingIOError, ConnectionRefusedError, FileNotFoundError):
                return


@dataclass(frozen=True)
class NotifyingSource:
    """A source that tells the manager what becomes of it.

    Ready with its first block; alive with each block, also an empty one, for a block is asked for only when the engine
    is done with the last: music may pause for long, and readings then do too. Stopping when it ends.
    """

    source: Source
    notifier: Notifier
    clock: Callable[[], float] = field(default=time.monotonic)

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    @property
    def live(self) -> bool:
        """Whether the source is live."""
        return self.source.live

    @property
    def title(self) -> str | None:
        """The title that the source knows, if it does."""
        return title_of(self.source)

    @property
    def note(self) -> str | None:
        """What the source has to tell about itself, if it does."""
        return note_of(self.source)

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the blocks of the source; see `Source.blocks`."""
        limit = self.notifier.watchdog_s
        due: float | None = None
        try:
            for block in self.source.blocks():
                if due is None:
                    due = self.clock()
                    self.notifier.send("READY=1")
                if limit is not None and self.clock() >= due:
                    due = self.clock() + limit / SIGNS_PER_LIMIT
                    self.notifier.send("WATCHDOG=1")
                yield block
        finally:
            self.notifier.send("STOPPING=1")


def notifying(source: Source) -> Source:
    """Return `source`, with a manager told about it where this process has one."""
    notifier = Notifier.from_environment(os.environ, os.getpid())
    return source if notifier is None else NotifyingSource(source, notifier)
