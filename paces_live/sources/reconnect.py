"""Live sources that go away and come back: a device that is unplugged, a sound server or a station that ends."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace

import numpy as np

from paces_live.errors import SourceError
from paces_live.sources.block import Block

BACKOFF_S = (1.0, 2.0, 5.0, 10.0)
"""Pauses before successive tries; the last one is that of all later tries too."""
POLL_S = 0.5
"""While it is away an empty block comes so often: whoever reads can then stop."""


class Reconnection:
    """Opens a source again and again once it has given something; until then what fails is an error.

    Parameters
    ----------
    what : str
        What `note` calls the source, such as ``microphone``.
    sample_rate : int
        The engine's rate, Hz.
    waits : bool
        Whether the source stands still while it is gone: then nothing is lost meanwhile.

    Attributes
    ----------
    note : str or None
        That the source is gone and when it is tried again; None while it is there.
    """

    def __init__(self, what: str, sample_rate: int, *, waits: bool = False) -> None:
        self._what = what
        self._sample_rate = sample_rate
        self._waits = waits
        self.note: str | None = None

    def blocks(self, session: Callable[[], Generator[Block, None, None]]) -> Generator[Block, None, None]:
        """Yield the blocks of one session after the other.

        The first block after a loss carries the time that nothing came as `dropped`. A session that ends without an
        error ends the source.

        Parameters
        ----------
        session : callable
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
                with closing(session()) as blocks:
                    for block in blocks:
                        if not len(block.samples):
                            yield block
                            continue
                        now = time.monotonic()
                        lost = 0
                        if self.note is not None and heard is not None and not self._waits:
                            lost = max(1, round((now - heard) * self._sample_rate) - len(block.samples))
                        self.note, heard, tries = None, now, 0
                        yield replace(block, dropped=block.dropped + lost)
            except SourceError:
                if heard is None:
                    raise
            else:
                return
            wait = BACKOFF_S[min(tries, len(BACKOFF_S) - 1)]
            tries += 1
            self.note = f"{self._what} is gone, trying again in {wait:g} s"
            again = time.monotonic() + wait
            while (left := again - time.monotonic()) > 0.0:
                yield Block(np.empty(0, np.float32))
                time.sleep(min(left, POLL_S))
