"""Blocks of any length to cells of one length: everything happens at their ends, no matter how blocks are cut."""

from dataclasses import dataclass, replace

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
        Samples that were lost right before it.
    damaged : int
        Samples that could not be decoded, in it or in the rest of its block; silence stands for them.
    waiting : int
        Samples that have already arrived after it.
    ends : bool
        Whether the source says that a song ends with it.
    skipped : bool
        Whether that song ends because the listener moved on.
    """

    samples: NDArray[np.float32]
    dropped: int = 0
    damaged: int = 0
    waiting: int = 0
    ends: bool = False
    skipped: bool = False


class CellCutter:
    """Cuts a stream of blocks into cells; holds less than a cell of samples.

    Parameters
    ----------
    size : int
        Samples of a cell. A cell is shorter only before a gap, at the end of a song and at the end of the stream.

    Examples
    --------
    >>> cutter = CellCutter(4)
    >>> [len(cell.samples) for cell in cutter.push(Block(np.zeros(10, np.float32)))]
    [4, 4]
    >>> len(cutter.rest().samples)
    2
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = np.empty(0, np.float32)
        self._damaged = 0

    def push(self, block: Block) -> list[Cell]:
        """Return the cells that `block` completes. An empty block gives an empty cell: the source is still there."""
        cells = []
        if block.dropped:
            cells.append(self.rest())
        if block.dropped or not len(block.samples):
            cells.append(Cell(self._held[:0], block.dropped))
        self._damaged += block.damaged
        joined = np.concatenate((self._held, block.samples))
        whole = len(joined) - len(joined) % self._size
        for start in range(0, whole, self._size):
            end = start + self._size
            cells.append(Cell(joined[start:end], damaged=self._damaged, waiting=len(joined) - end))
            self._damaged = 0
        self._held = joined[whole:]
        if block.ends:
            cells.append(replace(self.rest(), ends=True, skipped=block.skipped))
        return cells

    def rest(self) -> Cell:
        """Return what is held as a short cell, which may be empty."""
        held, self._held = self._held, self._held[:0]
        damaged, self._damaged = self._damaged, 0
        return Cell(held, damaged=damaged)
