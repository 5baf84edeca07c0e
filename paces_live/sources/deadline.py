"""Calls into C libraries that may never return: a sound server that is frozen must not freeze the program."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Deadline:
    """Makes calls in threads of their own, one at a time, and waits for them only so long.

    Python handles signals while it waits here; it cannot while the library does. As long as a call has not returned,
    the next ones fail at once, so that stuck threads do not pile up. They are daemons: they do not keep the program
    from ending.

    Parameters
    ----------
    name : str
        What the threads are called.

    Examples
    --------
    >>> deadline = Deadline("example")
    >>> deadline.call(lambda: 40 + 2, 1.0)
    42
    >>> deadline.call(threading.Event().wait, 0.1)
    Traceback (most recent call last):
        ...
    TimeoutError: no answer within 0.1 s
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None

    def call(self, function: Callable[[], T], limit_s: float) -> T:
        """Return what `function` returns, or raise what it raises.

        Raises
        ------
        TimeoutError
            It has not returned within `limit_s` seconds, or a call before it has not returned yet.
        """
        if self._thread is not None and self._thread.is_alive():
            raise TimeoutError("an earlier call has not returned")
        answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

        def run() -> None:
            try:
                answers.put((function(), None))
            except BaseException as error:  # noqa: BLE001 - the thread that waits raises it
                answers.put((None, error))

        thread = threading.Thread(target=run, name=self._name, daemon=True)
        thread.start()
        try:
            value, error = answers.get(timeout=limit_s)
        except Empty:
            self._thread = thread
            raise TimeoutError(f"no answer within {limit_s:g} s") from None
        if error is not None:
            raise error
        return value  # type: ignore[return-value]
