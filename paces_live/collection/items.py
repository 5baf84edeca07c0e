"""What a collection holds: songs, and what cannot be used."""

import errno
from dataclasses import dataclass
from pathlib import Path

from paces_live.errors import PacesError, SourceError, reason


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


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that cannot be used, and why."""

    path: Path
    error: PacesError


def cannot_open(shown: str, error: OSError | ValueError) -> SourceError:
    """Return the error for a path that the system does not open, from what the system says.

    Examples
    --------
    >>> cannot_open("party.m3u, line 7: x.wav", FileNotFoundError(errno.ENOENT, "No such file or directory")).message
    'party.m3u, line 7: x.wav: no such file'
    """
    # A name that holds a NUL is a ValueError.
    if isinstance(error, ValueError) or error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return SourceError(f"{shown}: no such file", hint="check the name", code="source.not_found")
    return SourceError(f"{shown}: cannot be opened: {reason(error)}", hint="check its permissions")
