"""An entry of a playlist, whatever the format of the playlist."""

import re
from dataclasses import dataclass

from paces_live.text import one_line

# Schemes have two letters at least; a single one is a drive.
_SCHEME = r"(?i)(?!file:)[a-z][a-z0-9+.-]+://"
STATION_SCHEMES = {"http": "http", "https": "https", "icy": "http", "icyx": "http"}
"""Schemes of stations, and the protocol that each means: ``icy`` and ``icyx`` are names of players for HTTP."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a playlist lists at one place.

    Attributes
    ----------
    location : str
        A path, relative or not and of any system, or a URI.
    line : int
        The line that names it; 1 is the first, and 0 stands for none.
    title, artist : str or None
    raw : str or None
        Its bytes as Python has those of file names, if the playlist is plain text.
    start : float
        Where the song begins in the file, seconds.
    end : float or None
        Where it ends, seconds; None is the end of the file.
    """

    location: str
    line: int
    title: str | None = None
    artist: str | None = None
    raw: str | None = None
    start: float = 0.0
    end: float | None = None

    @property
    def is_station(self) -> bool:
        """Whether the location is the address of a station."""
        scheme, separator, _ = self.location.partition("://")
        return bool(separator) and scheme.lower() in STATION_SCHEMES

    @property
    def is_elsewhere(self) -> bool:
        """Whether the location is a URI of anything but a file."""
        return re.match(_SCHEME, self.location) is not None


def title_and_artist(caption: str, artist: str = "") -> tuple[str | None, str | None]:
    """Return title and artist of a caption such as ``Artist - Title``; an artist that is known is no part of it.

    Examples
    --------
    >>> title_and_artist("Nina Simone - Feeling Good"), title_and_artist("Feeling Good")
    (('Feeling Good', 'Nina Simone'), ('Feeling Good', None))
    >>> title_and_artist("So What - live", artist="Miles Davis")
    ('So What - live', 'Miles Davis')
    """
    title, artist = one_line(caption), one_line(artist)
    first, dash, rest = title.partition(" - ")
    if dash and not artist:
        artist, title = first, rest
    return title or None, artist or None
