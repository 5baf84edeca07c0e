"""A song that is to be copied, from the library or from a playlist."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paces_live.collection.folder import real_name
from paces_live.collection.items import Item, Unreadable
from paces_live.errors import SourceError
from paces_live.events import SongPace
from paces_live.library.search import Found, Results
from paces_live.library.store import Library
from paces_live.now_playing.tags import item_track
from paces_live.text import shown_path

__all__ = ["Song", "of_found", "of_items"]


@dataclass(frozen=True, slots=True)
class Song:
    """A song that is to be copied.

    Attributes
    ----------
    path : Path
    title, artist, album : str or None
    duration : float or None
        Seconds; None if nobody knows.
    spm : float or None
        The pace at which you run to it, steps per minute; None if nobody knows.
    """

    path: Path
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    duration: float | None = None
    spm: float | None = None


def of_found(found: Found, target: float) -> Song:
    """Return a song of the library at the pace that was asked for, or else at the one nearest to a target.

    Examples
    --------
    >>> paces = (SongPace(82.1, 0.9, 1.0), SongPace(164.2, 0.9, 1.0))
    >>> found = Found(Path("a.ogg"), "So What", None, None, None, 200.0, None, None, paces, None, (), stale=False)
    >>> of_found(found, 170.0).spm
    164.2
    """
    pace = found.pace or _nearest(found.paces, target)
    return Song(found.path, found.title, found.artist, found.album, found.duration, pace.spm if pace else None)


def of_items(items: Iterable[Item | Unreadable], library: Library | None, target: float) -> Iterator[Song | Unreadable]:
    """Yield the songs of a playlist in its order, and what cannot be used of it.

    What the playlist says about a song comes before what its tags say. The library says how long it is, and at which
    of its paces, the one nearest to a target, you run to it.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> [song] = of_items([Item(excerpt(), title="Waltz", artist="Band")], None, 165.0)
    >>> song.title, song.duration, song.spm
    ('Waltz', 91.0, None)
    """
    parts: set[Path] = set()
    for item in items:
        if isinstance(item, Unreadable):
            yield item
        elif item.start or item.end is not None:
            if item.path in parts:
                continue
            parts.add(item.path)
            error = SourceError(
                f"{shown_path(item.path)}: holds several songs",
                hint="copy the whole file, or split it",
            )
            yield Unreadable(item.path, error)
        else:
            track = item_track(item)
            found = _known(library, item.path)
            known = of_found(found, target) if found else Song(item.path, duration=track.duration if track else None)
            tags = (track.title, track.artist, track.album) if track else (None, None, None)
            yield Song(item.path, *tags, known.duration, known.spm)


def _known(library: Library | None, path: Path) -> Found | None:
    known = library.known(real_name(path)) if library else None
    if library is None or known is None or known.content is None:
        return None
    return next(iter(Results(library, [(known.id, None, None)])), None)


def _nearest(paces: Iterable[SongPace], target: float) -> SongPace | None:
    return min(paces, key=lambda pace: max(pace.spm / target, target / pace.spm), default=None)
