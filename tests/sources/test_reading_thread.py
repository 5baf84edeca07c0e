"""Blocks from a thread: all of them, its errors, signs of life while it waits, and a prompt end."""

import itertools
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from paces_live.sources import reading_thread
from paces_live.sources.block import Block
from paces_live.sources.reading_thread import AHEAD, in_thread


def numbered(count: int) -> Iterator[Block]:
    for number in range(count):
        yield Block(np.full(1, number, np.float32))


def test_all_blocks_come_in_order_even_if_they_are_taken_slowly() -> None:
    blocks = in_thread(lambda _: numbered(3 * AHEAD), name="test")
    next(blocks)
    time.sleep(0.05)
    assert [int(block.samples[0]) for block in blocks] == list(range(1, 3 * AHEAD))


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3), MemoryError()])
def test_an_error_reaches_the_reader_after_the_blocks_before_it(error: BaseException) -> None:
    def failing(_: threading.Event) -> Iterator[Block]:
        yield from numbered(2)
        raise error

    blocks = in_thread(failing, name="test")
    assert [int(next(blocks).samples[0]) for _ in range(2)] == [0, 1]
    with pytest.raises(type(error)):
        next(blocks)


def test_there_are_empty_blocks_while_it_waits_and_closing_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_thread, "POLL_S", 0.01)
    ended = threading.Event()

    def waiting(stopping: threading.Event) -> Iterator[Block]:
        stopping.wait(30.0)
        ended.set()
        yield from numbered(1)

    blocks = in_thread(waiting, name="test")
    assert not len(next(blocks).samples)
    blocks.close()
    assert ended.wait(5.0)


def test_a_thread_that_has_nobody_to_give_to_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_thread, "POLL_S", 0.01)
    blocks = in_thread(lambda _: (Block(np.zeros(1, np.float32)) for _ in itertools.count()), name="endless")
    next(blocks)
    blocks.close()
    assert "endless" not in {thread.name for thread in threading.enumerate()}
