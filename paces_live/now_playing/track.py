"""A track from what a player or a file says about it."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from paces_live.events import Track


def make_track(
    *,
    title: str | None,
    artists: Iterable[str] = (),
    album: str | None = None,
    location: str | None = None,
    duration: float | None = None,
) -> Track | None:
    """Return a track; None if there is neither a title nor the name of a file.

    Parameters
    ----------
    title, album : str or None
    artists : iterable of str
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
    named = Track(
        title=title, artist=", ".join(filter(None, (Track(artist=artist).artist for artist in artists))), album=album
    )
    if named.title is None:
        named = Track(title=_stem(location), album=album)
    if named.title is None:
        return None
    return Track(title=named.title, artist=named.artist, album=named.album, location=location, duration=duration)


def _stem(location: str | None) -> str | None:
    """Return the name of a file without its suffix; any other URL says nothing about the song."""
    if not location or ("://" in location and not location.startswith("file://")):
        return None
    return PurePosixPath(unquote(urlsplit(location).path) if "://" in location else location).stem
