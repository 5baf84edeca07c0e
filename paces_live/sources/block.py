"""What every source of audio gives: blocks of mono samples at the engine's rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of samples, and what was lost right before it.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        Mono, full scale ±1, at the engine's sample rate; belongs to the receiver.
    dropped : int
        Samples lost between the previous block and this one, at the engine's sample rate.
    ends : bool
        Whether a song ends with it, as the source knows.
    """

    samples: NDArray[np.float32]
    dropped: int = 0
    ends: bool = False


class Source(Protocol):
    """A stream of audio; iterating `blocks` opens it, ending or closing the iterator closes it."""

    @property
    def name(self) -> str:
        """What the start event calls it, such as ``file:song.ogg`` or ``mic:USB``."""

    @property
    def live(self) -> bool:
        """Whether time goes on while nobody reads: an engine that is behind then leaves out readings, not audio."""

    def blocks(self) -> Iterator[Block]:
        """Yield blocks until the source ends; a live source yields all that is new, at least every half second.

        Raises
        ------
        SourceError
            The source cannot be opened or read.
        """
