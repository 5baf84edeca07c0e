"""Reports to a service manager by the protocol of sd_notify(3): a datagram to ``$NOTIFY_SOCKET``.

systemd starts the units that need us once we are ready, and restarts us if the signs of life stop.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from paces_live.errors import UsageError

SIGNS_PER_LIMIT = 4
"""Signs of life within the time limit of the manager; one or two may be late on a busy machine."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends to the manager's socket.

    Attributes
    ----------
    address : str
        Path of the socket, or ``@`` and a name in Linux's abstract namespace.
    watchdog_s : float or None
        Time limit between signs of life, seconds; None if the manager wants none.

    Examples
    --------
    >>> variables = {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000"}
    >>> Notifier.from_environment(variables, pid=1)
    Notifier(address='/run/systemd/notify', watchdog_s=30.0)
    """

    address: str
    watchdog_s: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> "Notifier | None":
        """Return the notifier that the manager's variables ask for in process `pid`; None if there is no manager.

        Raises
        ------
        UsageError
            The variables have values that systemd never sets.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        if not address:
            return None
        if address[0] not in "/@" or len(address) < 2:
            raise UsageError(f"NOTIFY_SOCKET is {address}", hint="unset it, or set a path or @name as systemd does")
        # The manager means the process that it started; children inherit the variables.
        if environment.get("WATCHDOG_PID", str(pid)) != str(pid):
            return cls(address)
        limit = environment.get("WATCHDOG_USEC", "")
        if limit and not (limit.isdecimal() and int(limit)):
            raise UsageError(f"WATCHDOG_USEC is {limit}", hint="unset it, or set microseconds as systemd does")
        return cls(address, int(limit) / 1e6 if limit else None)

    def send(self, state: str) -> None:
        """Send a state such as ``READY=1``; do not wait if the manager is gone."""
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            # Another sign of life follows a lost one; without any, the manager restarts us, as it should.
            try:
                channel.sendto(state.encode(), address)
            except (BlockingIOError, ConnectionRefusedError, FileNotFoundError):
                return


class Watchdog:
    """Reports a listening program to its service manager, if it has one, from entering to leaving a ``with``.

    The program is ready with the first block of its source, and alive with every block, even an empty one: the source
    is asked for a block only when the program is done with the last. Music may pause for long, and readings then pause
    too. It is stopping when the ``with`` is left.

    Parameters
    ----------
    notifier : Notifier or None
    clock : callable
        Seconds, monotonic.
    """

    def __init__(self, notifier: Notifier | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._notifier = notifier
        self._clock = clock
        self._due: float | None = None

    @classmethod
    def of_this_process(cls) -> "Watchdog":
        """Return the watchdog that the environment of this process asks for."""
        return cls(Notifier.from_environment(os.environ, os.getpid()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._notifier is not None:
            self._notifier.send("STOPPING=1")

    def alive(self) -> None:
        """Send a sign of life if one is due."""
        if self._notifier is None:
            return
        if self._due is None:
            self._due = self._clock()
            self._notifier.send("READY=1")
        if self._notifier.watchdog_s is not None and self._clock() >= self._due:
            self._due = self._clock() + self._notifier.watchdog_s / SIGNS_PER_LIMIT
            self._notifier.send("WATCHDOG=1")
