"""The database of Mixxx (https://mixxx.org): its tracks, crates and playlists; Mixxx may be running.

The tables are those that Mixxx makes: https://github.com/mixxxdj/mixxx/blob/main/res/schema.xml.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from paces_live.collection.entry import Entry
from paces_live.errors import SourceError
from paces_live.storage import BUSY_S
from paces_live.text import one_line, shown_path

if TYPE_CHECKING:
    import sqlite3

BEGINNING = re.compile(rb"SQLite format 3\0")
"""How a file of this format begins."""
_TRACKS = """
    SELECT library.id, track_locations.location, title, artist, ifnull(fs_deleted, 0)
    FROM library JOIN track_locations ON track_locations.id = library.location
    WHERE NOT ifnull(mixxx_deleted, 0) AND typeof(track_locations.location) = 'text'
    ORDER BY track_locations.location"""
_CRATES = """
    SELECT crates.id, name, track_id FROM crates LEFT JOIN crate_tracks ON crate_id = crates.id
    LEFT JOIN library ON library.id = track_id LEFT JOIN track_locations ON track_locations.id = library.location
    ORDER BY name, crates.id, track_locations.location"""
# The others are the queue of Auto DJ and what was played.
_PLAYLISTS = """
    SELECT Playlists.id, name, track_id FROM Playlists LEFT JOIN PlaylistTracks ON playlist_id = Playlists.id
    WHERE NOT hidden ORDER BY name, Playlists.id, PlaylistTracks.position"""


@dataclass(frozen=True, slots=True)
class Collection:
    """What a DJ program has.

    Attributes
    ----------
    tracks : list of Entry
    crates : list of tuple
        The name of each crate or playlist, with its folders before it if it has some, and what is in it.
    """

    tracks: list[Entry]
    crates: list[tuple[str, list[Entry]]] = field(default_factory=list)


Reader = Callable[[Path], Collection]
"""Reads a collection; raises `SourceError`."""


def read(path: Path) -> Collection:
    """Return the tracks, crates and playlists; a track that Mixxx misses is only in its crates and playlists.

    Raises
    ------
    SourceError
        The file cannot be read, is no database of Mixxx, or Mixxx holds it for long.
    """
    with _opened(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {"library", "track_locations", "crates", "crate_tracks", "Playlists", "PlaylistTracks"} <= tables:
            raise SourceError(f"{shown_path(path)}: is a database, but not of Mixxx", hint="give mixxxdb.sqlite")
        tracks, known = [], {}
        for number, location, title, artist, missing in connection.execute(_TRACKS):
            known[number] = entry = Entry(location, 0, _words(title), _words(artist))
            if not missing:
                tracks.append(entry)
        crates: dict[tuple[str, int], tuple[str, list[Entry]]] = {}
        for query in (_CRATES, _PLAYLISTS):
            for number, name, track in connection.execute(query):
                if name is None:  # Nobody can ask for it.
                    continue
                _, entries = crates.setdefault((query, number), (str(name), []))
                if track in known:
                    entries.append(known[track])
        return Collection(tracks, list(crates.values()))


def _words(text: object) -> str | None:
    return one_line(text) or None if isinstance(text, str) else None


@contextmanager
def _opened(path: Path) -> "Iterator[sqlite3.Connection]":
    """Give the database as it is at one moment; nothing is written."""
    import sqlite3

    try:
        with closing(sqlite3.connect(_address(path), timeout=BUSY_S, isolation_level=None, uri=True)) as connection:
            # A name of a file may be no UTF-8.
            connection.text_factory = lambda data: data.decode(errors="surrogateescape")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("BEGIN")
            yield connection
    except (sqlite3.Error, OSError, ValueError) as error:
        hints = {
            sqlite3.SQLITE_BUSY: "try again when Mixxx has finished what it does",
            sqlite3.SQLITE_CORRUPT: "it is damaged: take a copy of it that is not",
        }
        hint = hints.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "start Mixxx and end it, then try again")
        raise SourceError(f"{shown_path(path)}: cannot be read ({error})", hint=hint) from error


def _address(path: Path) -> str:
    """Return the address of a database that is only read.

    A database with a write-ahead log needs files beside it, which SQLite would make and leave there; without a log,
    nobody writes. Byte 18 says how it is written: https://www.sqlite.org/fileformat.html.
    """
    with path.open("rb") as file:
        has_log = file.read(19)[18:] == b"\2"
    is_alone = has_log and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?{'immutable=1' if is_alone else 'mode=ro'}"
