"""A source that gives its blocks slowly, or holds the last one back until it is closed."""

import time
from collections.abc import Generator

import numpy as np

from paces_live.sources import Block, Source


class Paced:
    """Gives the blocks of `source`, `seconds` apart; with `hold`, it does not end."""

    live = True

    def __init__(self, source: Source, seconds: float = 0.0, *, hold: bool = False) -> None:
        self.name = source.name
        self._source = source
        self._seconds = seconds
        self._hold = hold

    def blocks(self) -> Generator[Block, None, None]:
        for block in self._source.blocks():
            time.sleep(self._seconds)
            yield block
        while self._hold:
            time.sleep(0.02)
            yield Block(np.empty(0, np.float32))
