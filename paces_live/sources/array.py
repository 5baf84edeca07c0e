"""Samples in memory as a source, for tests: ours and yours."""

from collections.abc import Generator

import numpy as np
from numpy.typing import ArrayLike

from paces_live.sources.block import Block
from paces_live.sources.resample import MonoResampler


class ArraySource:
    """An array as a source, with the same steps as a file or a microphone.

    Parameters
    ----------
    samples : array_like, shape (n,) or (n, channels)
        Full scale ±1; copied.
    rate : int
        Their sample rate, Hz.
    sample_rate : int
        Sample rate of the blocks, Hz.
    block : int
        Frames of `samples` in a block; the last one may be shorter.
    name : str
        What the start event calls it.

    Examples
    --------
    >>> source = ArraySource(np.zeros(44_100), 44_100, 22_050)
    >>> sum(len(block.samples) for block in source.blocks())
    22050
    """

    live = False

    def __init__(
        self, samples: ArrayLike, rate: int, sample_rate: int, *, block: int = 4096, name: str = "array"
    ) -> None:
        if block < 1:
            raise ValueError(f"block must be positive, not {block}")
        self._samples = np.array(samples, dtype=np.float32)
        if self._samples.ndim not in (1, 2):
            raise ValueError(f"samples must have shape (n,) or (n, channels), not {self._samples.shape}")
        self._rate = rate
        self._sample_rate = sample_rate
        self._block = block
        self._name = name

    @property
    def name(self) -> str:
        """The name that was given."""
        return self._name

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the array in blocks, as fast as they are taken."""
        resampler = MonoResampler(self._rate, self._sample_rate, name=self._name)
        for start in range(0, len(self._samples), self._block):
            yield Block(resampler.push(self._samples[start : start + self._block]))
        if len(rest := resampler.flush()):
            yield Block(rest)
