"""Blocks and other items from a thread of their own, for what waits where nothing can stop it: a decoder, a server."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import TypeVar

import numpy as np

from paces_live.sources.block import POLL_S, Block

T = TypeVar("T")

AHEAD = 64
"""Most items that wait to be taken."""
END_S = 0.5
"""Time that the thread has to end, seconds. It is a daemon: a hung one cannot keep the program from ending."""


def in_thread(produce: Callable[[threading.Event], Iterable[Block]], *, name: str) -> Generator[Block, None, None]:
    """Yield the blocks of `produce`, and an empty one every half second without; raise whatever it raises.

    Parameters
    ----------
    produce : callable
        Called in the thread with an event that is set when nobody wants more blocks.
    name : str
        Name of the thread.

    Examples
    --------
    >>> blocks = in_thread(lambda stopping: [Block(np.zeros(3, np.float32))], name="example")
    >>> [len(block.samples) for block in blocks]
    [3]
    """
    with closing(items_in_thread(produce, name=name)) as items:
        for item in items:
            yield Block(np.empty(0, np.float32)) if item is None else item


def items_in_thread(produce: Callable[[threading.Event], Iterable[T]], *, name: str) -> Generator[T | None, None, None]:
    """Yield the items of `produce`, and None every half second without; see `in_thread`.

    Examples
    --------
    >>> list(items_in_thread(lambda stopping: ["a", "b"], name="example"))
    ['a', 'b']
    """
    items: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(AHEAD)
    stopping = threading.Event()

    def put(item: tuple[T] | BaseException | None) -> None:
        """Wait for room, as long as there is a reader."""
        while not stopping.is_set():
            try:
                items.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            for item in produce(stopping):
                if stopping.is_set():
                    return
                put((item,))
            put(None)
        except BaseException as error:  # noqa: BLE001 - the thread that takes the items raises it
            put(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = items.get(timeout=POLL_S)
            except queue.Empty:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        stopping.set()
        thread.join(END_S)
