"""Signals that end a program, and readers that must not keep it from ending."""

import errno
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TWICE_S = 0.3
"""Time within which two signals are one, seconds."""
PATIENCE_S = 1
"""Time that a reader of standard output has to take something once the program was asked to end, whole seconds."""


class Patience:
    """Breaks off what is in its ``with`` if it still waits some time after the program was asked to end."""

    def __init__(self) -> None:
        self._waiting = False

    def __enter__(self) -> None:
        self._waiting = True

    def __exit__(self, *_: object) -> None:
        self._waiting = False

    def over(self, _signum: int, _frame: object) -> None:
        """Break off; the handler of the alarm."""
        if self._waiting:
            raise BrokenPipeError(errno.EPIPE, "nobody reads what is written")


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[Patience]:
    """Call `stop` at Ctrl-C, at SIGTERM, and at SIGHUP, which comes when the terminal is closed.

    A second Ctrl-C or SIGTERM breaks off, unless it comes at the same moment: timeout(1) signals a program and then its
    group. A second SIGHUP never does: the shell and the system each send one. A program that was started to ignore it,
    by nohup, goes on.

    Gives the context to write in. A reader that takes nothing, such as a pager that was left open, must not keep the
    program from ending.
    """
    asked_at: float | None = None
    patience = Patience()

    def end(signum: int, _frame: object) -> None:
        nonlocal asked_at
        now = time.monotonic()
        if signum != signal.SIGHUP:
            if asked_at is not None and now - asked_at > TWICE_S:
                raise KeyboardInterrupt
            asked_at = asked_at or now
        stop()
        signal.alarm(PATIENCE_S)

    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    before = {signum: signal.signal(signum, end) for signum in signals}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, patience.over)
    try:
        yield patience
    finally:
        signal.alarm(0)
        for signum, handler in before.items():
            signal.signal(signum, handler)
