"""What a new playlist lists, and how it names the files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_from_bytes

from paces_live.collection.folder import real_path

__all__ = ["Listed", "location", "uri"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a playlist is to list.

    Attributes
    ----------
    path : Path
    duration : float
        Seconds.
    title, artist, album : str or None
    attributes : mapping
        What else programs may want to know about the song: text by name.

    Examples
    --------
    >>> Listed(Path("1.ogg"), 215.2, "So What", "Miles Davis").caption
    'Miles Davis - So What'
    """

    path: Path
    duration: float
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def caption(self) -> str:
        """``Artist - Title``, or the title alone."""
        return f"{self.artist} - {self.title}" if self.artist and self.title else self.title or ""


def location(path: Path, playlist: Path | None) -> str:
    """Return how a playlist names a file in plain text, so that reading it finds the same file.

    Paths are relative to the folder of the playlist, unless only the root is above both, or nobody knows yet where the
    playlist will be. A path that is no line of UTF-8 is percent-encoded.

    Examples
    --------
    >>> location(Path("/m/a/#1.ogg"), Path("/m/a/fits.m3u8")), location(Path("/m/a/1.ogg"), Path("/m/fits.m3u8"))
    ('./#1.ogg', 'a/1.ogg')
    """
    written = _path(path, playlist) if playlist else str(path)
    if not _is_line(written):
        written = quote_from_bytes(os.fsencode(written))
    # A comment, a mark, a space or a scheme at the beginning would not be read as a part of the name.
    first = written.partition("/")[0]
    return f"./{written}" if first[:1] in ("#", "\ufeff", " ", "\t") or ":" in first else written


def uri(path: Path, playlist: Path) -> str:
    """Return how a playlist names a file as a URI: relative to itself as `location` is, and percent-encoded.

    Examples
    --------
    >>> uri(Path("/m/So What?.ogg"), Path("/m/fits.xspf")), uri(Path("/disk/1.ogg"), Path("/m/fits.xspf"))
    ('So%20What%3F.ogg', 'file:///disk/1.ogg')
    """
    written = _path(path, playlist)
    quoted = quote_from_bytes(os.fsencode(written))
    return f"file://{quoted}" if written.startswith("/") else quoted


def _path(path: Path, playlist: Path) -> str:
    folder = playlist.absolute().parent
    if path.absolute().is_relative_to(folder) and ".." not in path.parts:
        return str(path.absolute().relative_to(folder))
    # The system goes up from where a link leads, not from the link.
    file, real_folder = Path(real_path(path.parent), path.name), real_path(playlist.resolve().parent)
    near = os.path.commonpath([file, real_folder]) != os.sep
    return os.path.relpath(file, real_folder) if near else str(file)


def _is_line(path: str) -> bool:
    """Whether a path is a line of UTF-8, whose end is not lost."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return not {"\r", "\n"} & set(path) and path == path.rstrip(" \t")
