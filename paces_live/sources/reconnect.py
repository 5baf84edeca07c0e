"""Live sources that go away and return: a device that is unplugged, a sound server or a station that ends."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace

import numpy as np

from paces_live.errors import SourceError
from paces_live.events import Condition
from paces_live.sources.block import POLL_S, Block

_log = logging.getLogger(__name__)

BACKOFF_S = (1.0, 2.0, 5.0, 10.0)
"""Pauses before successive tries, seconds; all later tries use the last one."""


class Reconnection:
    """Opens a source again and again once it has given samples; before that, a failure is an error.

    Parameters
    ----------
    what : str
        What messages call the source, such as ``microphone``.
    sample_rate : int
        Sample rate of the blocks, Hz.
    waits : bool
        Whether the source stands still while it is gone, so that nothing is lost.

    Attributes
    ----------
    condition : Condition or None
        That the source is gone, and when it is tried again; None while it is there. Every block carries it.
    """

    def __init__(self, what: str, sample_rate: int, *, waits: bool = False) -> None:
        self._what = what
        self._sample_rate = sample_rate
        self._waits = waits
        self.condition: Condition | None = None

    def blocks(self, connect: Callable[[], Generator[Block, None, None]]) -> Generator[Block, None, None]:
        """Yield the blocks of one connection after another.

        The first block after a loss counts the time without samples as `dropped`. A connection that ends without an
        error ends the source.

        Parameters
        ----------
        connect : callable
            Opens the source and yields its blocks until it fails with `SourceError`.

        Raises
        ------
        SourceError
            The source failed before it ever gave a sample.
        """
        heard: float | None = None
        tries = 0
        while True:
            try:
                with closing(connect()) as blocks:
                    for block in blocks:
                        if not len(block.samples):
                            yield replace(block, condition=self.condition or block.condition)
                            continue
                        now = time.monotonic()
                        lost = 0
                        if self.condition is not None and heard is not None and not self._waits:
                            lost = max(1, round((now - heard) * self._sample_rate) - len(block.samples))
                        self.condition, heard, tries = None, now, 0
                        yield replace(block, dropped=block.dropped + lost)
            except SourceError as error:
                if heard is None:
                    raise
                _log.info("%s", error)
            else:
                return
            wait = BACKOFF_S[min(tries, len(BACKOFF_S) - 1)]
            tries += 1
            self.condition = Condition("reconnecting", f"{self._what} is gone, trying again in {wait:g} s")
            again = time.monotonic() + wait
            while (left := again - time.monotonic()) > 0.0:
                yield Block(np.empty(0, np.float32), condition=self.condition)
                time.sleep(min(left, POLL_S))
