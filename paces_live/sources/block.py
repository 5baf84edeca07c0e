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
    """A stream of audio; iterating `blocks` opens it, ending or closing the iterator closes it.

    A source may have two more properties. ``note``, str or None: its words about itself now, such as ``microphone is
    gone, trying again in 5 s``. ``title``, str or None: what plays now, as the source itself names it.
    """

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


def note_of(source: Source) -> str | None:
    """Return what `source` says about itself, if it ever says anything."""
    return getattr(source, "note", None)


def title_of(source: Source) -> str | None:
    """Return what plays now, as `source` names it, if it ever names anything."""
    return getattr(source, "title", None)
