"""A title as one line of text, the same for the same song wherever it is read."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

LONGEST = 200
"""Characters of a title; what goes beyond is no title."""


def one_line(text: str | None) -> str | None:
    """Return `text` fit for a terminal and a table: one line, no control characters, not endless; None where empty.

    Titles come from strangers: a radio station or a telephone must not move the cursor.
    """
    if text is None:
        return None
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:LONGEST].rstrip() or None


def song_title(artists: Iterable[str], title: str | None, name: str | None = None) -> str | None:
    """Return ``Artist - Title``, without artists the title alone.

    Parameters
    ----------
    artists : iterable of str
        May be empty.
    title : str or None
        The song's own.
    name : str or None
        Path or URL of a file; its name without suffix stands for a missing title.
    """
    own = one_line(title)
    if own is None:
        return one_line(_stem(name))
    known = ", ".join(filter(None, map(one_line, artists)))
    return one_line(f"{known} - {own}" if known else own)


def _stem(name: str | None) -> str | None:
    """Return the name of a file without its suffix; a URL of anything else says nothing about the song."""
    if not name or ("://" in name and not name.startswith("file://")):
        return None
    return PurePosixPath(unquote(urlsplit(name).path) if "://" in name else name).stem
