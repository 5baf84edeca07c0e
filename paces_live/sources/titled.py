"""A source that says which song plays when."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from paces_live.events import Track
from paces_live.sources.block import Block, Source


class TitledSource:
    """The blocks of another source, with the tracks that are known to be in it.

    Parameters
    ----------
    source : Source
        Must lose no samples.
    tracks : sequence of (float, Track)
        When each track begins, seconds, in order.
    sample_rate : int
        Sample rate of the blocks, Hz.
    name : str
        What the start event calls it.

    Examples
    --------
    >>> import numpy as np
    >>> from paces_live.sources import ArraySource
    >>> array = ArraySource(np.zeros(16_000, np.float32), 8_000, 8_000, block=8_000)
    >>> tracks = [(0.0, Track(title="One")), (1.0, Track(title="Two"))]
    >>> [block.track.title for block in TitledSource(array, tracks, 8_000, name="mix").blocks()]
    ['One', 'Two']
    """

    def __init__(self, source: Source, tracks: Sequence[tuple[float, Track]], sample_rate: int, *, name: str) -> None:
        self._source = source
        self._tracks = tracks
        self._sample_rate = sample_rate
        self.name = name
        self.live = source.live

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the blocks of the source; see `Source.blocks`."""
        position = 0
        for block in self._source.blocks():
            # A block belongs to the song that plays at its end, up to a quarter of a second early.
            position += len(block.samples)
            begun = [track for start, track in self._tracks if start * self._sample_rate < position]
            yield replace(block, track=begun[-1]) if begun else block
