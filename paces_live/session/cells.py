"""Blocks of any length to cells of one length: at their ends everything happens, however the blocks are cut."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.sources.block import Block


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of samples.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
    dropped : int
        Samples lost right before it.
    waiting : int
        Samples that have already come in after it.
    ends : bool
        Whether a song ends with it, as the source knows.
    """

    samples: NDArray[np.float32]
    dropped: int = 0
    waiting: int = 0
    ends: bool = False


def cells(blocks: Iterator[Block], size: int) -> Iterator[Cell]:
    """Cut blocks of any length into cells of `size` samples; one is shorter only before a gap and at an end."""
    rest = np.empty(0, np.float32)
    for block in blocks:
        if block.dropped:
            yield Cell(rest)
            rest = rest[:0]
        if block.dropped or not len(block.samples):
            # An empty block says that a quiet source is still there: passed on, so that the engine can be stopped.
            yield Cell(rest[:0], block.dropped)
        joined = np.concatenate((rest, block.samples))
        whole = len(joined) - len(joined) % size
        for start in range(0, whole, size):
            yield Cell(joined[start : start + size], waiting=len(joined) - start - size)
        rest = joined[whole:]
        if block.ends:
            yield Cell(rest, ends=True)
            rest = rest[:0]
    yield Cell(rest)
