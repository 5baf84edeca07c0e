"""What every source of audio gives: blocks of mono samples."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.events import Condition, Track


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of samples, what was lost right before it, and what the source says about itself.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        Mono, full scale ±1, at the sample rate of the session; belongs to the receiver.
    dropped : int
        Samples lost between the previous block and this one.
    damaged : int
        How many of `samples` are silence that stands for what could not be decoded: time goes on without a splice.
    ends : bool
        Whether a song ends with it, as the source knows.
    skipped : bool
        Whether that song ends because the listener moved on to another one.
    condition : Condition or None
        What is wrong with the source; None if all is well.
    track : Track or None
        What is playing, as the source knows; None if it does not know.
    """

    samples: NDArray[np.float32]
    dropped: int = 0
    damaged: int = 0
    ends: bool = False
    skipped: bool = False
    condition: Condition | None = None
    track: Track | None = None


POLL_S = 0.5
"""Time without samples after which a live source yields an empty block, seconds: its reader can then stop."""


class Source(Protocol):
    """A stream of audio. Iterating `blocks` opens it; ending or closing the iterator closes it."""

    @property
    def name(self) -> str:
        """What the start event calls it, such as ``file:song.ogg`` or ``mic:USB``; final once it is open."""

    @property
    def live(self) -> bool:
        """Whether time goes on while nobody reads: a session that is behind then skips readings, never audio."""

    def blocks(self) -> Generator[Block, None, None]:
        """Yield blocks until the source ends; a live source yields everything new, at least every half second.

        Raises
        ------
        SourceError
            The source cannot be opened or read.
        """
