"""What a collection holds: songs, and what cannot be used."""

from dataclasses import dataclass
from pathlib import Path

from paces_live.errors import PacesError

__all__ = ["Item", "Unreadable"]


@dataclass(frozen=True, slots=True)
class Item:
    """A song: a file, or a part of one.

    Attributes
    ----------
    path : Path
    title, artist : str or None
        As a playlist names them.
    start : float
        Where the song begins in the file, seconds.
    end : float or None
        Where it ends, seconds; None is the end of the file.
    """

    path: Path
    title: str | None = None
    artist: str | None = None
    start: float = 0.0
    end: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole file."""
        return not self.start and self.end is None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that cannot be used, and why."""

    path: Path
    error: PacesError
