"""Recalls the paces of a file that the library knows, until its sound has been judged."""

import logging
from collections.abc import Iterable
from pathlib import Path

from paces_live.collection.folder import real_name
from paces_live.errors import LibraryError
from paces_live.events import Event, Pace, Reading, SongPace, Start
from paces_live.library.entries import Stamp
from paces_live.library.store import Library
from paces_live.session.recalling import Recaller

__all__ = ["LibraryRecall", "known_paces"]

_log = logging.getLogger(__name__)


def known_paces(library: Path, file: Path) -> tuple[SongPace, ...] | None:
    """Return the paces of a file that a library knows, most probable first.

    None if it does not know them, if there may be another song in the file now, or if it cannot be read. That never
    stops the music, but is logged.

    Parameters
    ----------
    library : path
        The file of the library.
    file : path
    """
    if not library.exists():
        return None
    try:
        # Opened for each song: a library belongs to one thread, and a scan may make another one.
        with Library(library, read_only=True) as songs:
            name = real_name(file)
            known = songs.known(name)
            return songs.paces(name) if known and known.stamp == Stamp.of(name) else None
    except LibraryError as error:
        _log.warning("%s", error)
        return None
    except OSError:
        return None


class LibraryRecall:
    """Takes the events of a player; a file that the library knows shows its paces from its first reading on.

    A library that cannot be read never stops the music: nothing is recalled then.

    Parameters
    ----------
    path : path
        The file of the library.
    files : collection of path
        What is played as a whole. The library knows nothing of the parts of a file.
    """

    def __init__(self, path: Path, files: Iterable[Path]) -> None:
        self._path = path
        self._files = frozenset(map(str, files))
        self._recaller = Recaller(_hearing, self._recall)

    def take(self, event: Event) -> Event:
        """Return a reading with recalled paces if the sound has not been judged, other events as they are."""
        if isinstance(event, Start):
            self._recaller.begin()
        return self._recaller.take(event) if isinstance(event, Reading) else event

    def _recall(self, hearing: tuple[int, str]) -> tuple[Pace, ...]:
        _, location = hearing
        if location not in self._files:
            return ()
        paces = known_paces(self._path, Path(location)) or ()
        if any(pace.low is not None for pace in paces):
            # Of a tempo that changes nobody knows what it is now.
            return ()
        return tuple(Pace(pace.spm, pace.probability) for pace in paces)


def _hearing(reading: Reading) -> tuple[int, str] | None:
    """Return the song and its file: a file that is repeated is another song."""
    location = reading.track.location if reading.track else None
    return None if location is None else (reading.song, location)
