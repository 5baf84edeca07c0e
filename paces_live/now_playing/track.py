"""A track from what a player or a file says about it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from paces_live.events import Track
from paces_live.text import one_line, shown_path


def make_track(
    *,
    title: str | None,
    artists: Iterable[str] = (),
    album: str | None = None,
    genres: Iterable[str] = (),
    location: str | None = None,
    duration: float | None = None,
) -> Track | None:
    """Return a track; None if there is neither a title nor the name of a file.

    Parameters
    ----------
    title, album : str or None
    artists, genres : iterable of str
    location : str or None
        Path or URL. If there is no title, the name of the file without its suffix takes its place; such a track has no
        artist, because it would often stand twice.
    duration : float or None
        Seconds.

    Examples
    --------
    >>> make_track(title="So What", artists=["Miles Davis", "Bill Evans"]).caption
    'Miles Davis, Bill Evans - So What'
    >>> make_track(title=None, location="file:///music/My%20tune.mp3").caption
    'My tune'
    """
    named = Track(title=title, artist=_listed(artists), album=album, genre=_listed(genres))
    if named.title is None:
        named = replace(named, title=_stem(location), artist=None)
    if named.title is None:
        return None
    return replace(named, location=location, duration=duration)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(filter(None, map(one_line, names)))


def _stem(location: str | None) -> str | None:
    """Return the name of a file without its suffix; any other URL says nothing about the song."""
    if not location or ("://" in location and not location.startswith("file://")):
        return None
    return shown_path(PurePosixPath(unquote(urlsplit(location).path) if "://" in location else location).stem)
