"""A track from what a player or a file says about it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote

from paces_live.events import Track
from paces_live.text import is_url, one_line, shown_path, without_password

LONGEST_S = 86_400.0
"""Longest track, seconds: for a station some players report a length of weeks, or the largest number that they know."""


def make_track(
    *,
    title: str | None,
    artists: Iterable[str] = (),
    album: str | None = None,
    genres: Iterable[str] = (),
    location: str | None = None,
    duration: float | None = None,
    heard: str | None = None,
) -> Track | None:
    """Return a track; None if there is neither a title nor the name of a file.

    Parameters
    ----------
    title, album : str or None
        An address is no title, and neither is the last part of the location: players that know no title show these.
    artists, genres : iterable of str
    location : str or None
        Path or URL; user and password are left out of it, because a track is shown and kept. If there is no title, the
        name of the file without its suffix takes its place; such a track has no artist, because it would often stand
        twice.
    duration : float or None
        Seconds; 0, one above `LONGEST_S`, and what is no number are none.
    heard : str or None
        What a station says that it plays, while `title` and `artists` are about the station. It takes their place.

    Examples
    --------
    >>> make_track(title="So What", artists=["Miles Davis", "Bill Evans"]).caption
    'Miles Davis, Bill Evans - So What'
    >>> make_track(title=None, location="file:///music/My%20tune.mp3").caption
    'My tune'
    >>> make_track(title="stream.mp3", location="http://radio.example/stream.mp3") is None
    True
    >>> make_track(title="Radio X", heard="Miles Davis - So What").caption
    'Miles Davis - So What'
    """
    title = _words(title, location)
    if heard := _words(heard, location):
        title, artists = heard, ()
    named = Track(title=title, artist=_listed(artists), album=album, genre=_listed(genres))
    if named.title is None:
        named = replace(named, title=_stem(location), artist=None)
    if named.title is None:
        return None
    if duration is not None and not 0.0 < duration <= LONGEST_S:
        duration = None
    return replace(named, location=location and without_password(location), duration=duration)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(filter(None, map(one_line, names)))


def _words(title: str | None, location: str | None) -> str | None:
    """Return a title as one line; None if it is empty, or an address."""
    words = Track(title=title).title
    if words is None or is_url(words):
        return None
    return None if words in _addresses(location or "") and words != _stem(location) else words


def _addresses(location: str) -> set[str]:
    """Return what players show of a location if they know no title: all, all but the scheme, or the last part."""
    path = (location.partition("://")[2] or location).rstrip("/")
    last = path.rpartition("/")[2]
    return {text for shown in (location, path, last, last.partition("?")[0]) for text in (shown, unquote(shown))}


def _stem(location: str | None) -> str | None:
    """Return the name of a file without its suffix; any other URL says nothing about the song."""
    if not location or ("://" in location and not location.startswith("file://")):
        return None
    path = location.removeprefix("file://")
    return shown_path(PurePosixPath(path if path == location else unquote(path)).stem)
