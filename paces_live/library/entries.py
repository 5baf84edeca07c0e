"""What a scan puts into the tables of the library, and what it finds there."""

import json
import os
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from paces_live.events import Section, SongPace, Track
from paces_live.library.files import FilePaces
from paces_live.library.folded import folded
from paces_live.match import steps_per_beat
from paces_live.text import shown_path

if TYPE_CHECKING:
    import sqlite3


class Stamp(NamedTuple):
    """By what a file is known to be unchanged: its size in bytes, and its time of modification in nanoseconds."""

    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the stamp of a file; raises `OSError`."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns)


UNKNOWN = Stamp(-1, -1)
"""The stamp of no file: one that has it is looked into by every scan."""


class Known(NamedTuple):
    """What the library knows about a file.

    Attributes
    ----------
    id : int
    stamp : Stamp
        As it was at the last scan.
    gone : bool
    content : str or None
        The key of its sound; None if it could not be read.
    stale : bool
        Whether another model or another version judged it.
    """

    id: int
    stamp: Stamp
    gone: bool
    content: str | None
    stale: bool


def put_song(connection: "sqlite3.Connection", content: str, song: FilePaces, analyser: int | None) -> None:
    """Put a song into the tables, or in the place of what they know about the same sound; `analyser` has judged it."""
    values = {"content": content, "analyser": analyser, "duration": song.duration, "damaged": song.damaged}
    values |= song_columns(song.paces, song.beat, song.sections)
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    renewed = ", ".join(f"{name} = excluded.{name}" for name in values)
    # The names are our own.
    (number,) = connection.execute(
        f"INSERT INTO main.song ({names}) VALUES ({marks}) ON CONFLICT (content) DO UPDATE SET {renewed} RETURNING id",  # noqa: S608
        values,
    ).fetchone()
    connection.execute("DELETE FROM main.pace WHERE song = ?", (number,))
    put_paces(connection, "main.pace", number, song.paces, song.beat)


def song_columns(paces: Sequence[SongPace], beat: float | None, sections: Sequence[Section]) -> dict[str, Any]:
    """Return the columns of a song that say at which paces you can jog to it.

    Examples
    --------
    >>> song_columns((), None, ())
    {'beat': None, 'low': None, 'high': None, 'steady': None, 'paces': '[]', 'sections': '[]'}
    """
    ends = [spm for section in sections for spm in (section.start_spm, section.end_spm)]
    ends = ends or ([] if beat is None else [beat])
    low, high = (min(ends), max(ends)) if ends else (None, None)
    return {
        "beat": beat,
        "low": low,
        "high": high,
        "steady": int(low == high) if ends else None,
        "paces": json.dumps([astuple(pace) for pace in paces]),
        "sections": json.dumps([astuple(section) for section in sections]),
    }


def paces_in(text: str) -> tuple[SongPace, ...]:
    """Return the paces in a column of a song; raises `ValueError` if it is damaged.

    Examples
    --------
    >>> paces_in("[[165.0, 0.9, 1.0, null, null]]")
    (SongPace(spm=165.0, probability=0.9, share=1.0, low=None, high=None),)
    """
    return tuple(SongPace(*values) for values in json.loads(text))


def sections_in(text: str) -> tuple[Section, ...]:
    """Return the sections in a column of a song; raises `ValueError` if it is damaged.

    Examples
    --------
    >>> sections_in("[[0.0, 215.0, 137.0, 137.0]]")
    (Section(start=0.0, end=215.0, start_spm=137.0, end_spm=137.0),)
    """
    return tuple(Section(*values) for values in json.loads(text))


def put_paces(
    connection: "sqlite3.Connection", table: str, song: int, paces: Sequence[SongPace], beat: float | None
) -> None:
    """Put the paces of a song into a table, to be searched."""
    connection.executemany(
        # The name is our own.
        f"INSERT INTO {table} (song, low, high, spm, probability, share, steps) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [
            (
                *(song, pace.spm if pace.low is None else pace.low, pace.spm if pace.high is None else pace.high),
                *(pace.spm, pace.probability, pace.share),
                None if beat is None else steps_per_beat(pace.spm, beat),
            )
            for pace in paces
        ],
    )


def song_of(connection: "sqlite3.Connection", content: str) -> tuple[int, FilePaces] | None:
    """Return the number of a song and what was heard of it, whatever people say about it; None if nobody scanned it."""
    row = connection.execute(
        "SELECT id, duration, beat, paces, sections FROM main.song WHERE content = ?", (content,)
    ).fetchone()
    if row is None:
        return None
    number, duration, beat, paces, sections = row
    return number, FilePaces(Path(), duration, paces_in(paces), beat=beat, sections=sections_in(sections))


def put_file(
    connection: "sqlite3.Connection", path: Path, stamp: Stamp, more: dict[str, Any], track: Track | None
) -> None:
    """Put a file into the tables, or in the place of what they know about that path; `more` are columns.

    Without a `track`, the tags that are known stay.
    """
    tags = {} if track is None else {name: getattr(track, name) for name in ("title", "artist", "album", "genre")}
    values: dict[str, Any] = {"path": os.fsencode(path), "size": stamp.size, "modified": stamp.modified, "gone": 0}
    # What another column says is no longer true.
    values |= {"song": None, "code": None, "message": None, "hint": None} | more | tags
    for name, value in values.items():
        if isinstance(value, str):
            # SQLite takes no halves of characters: the bytes of a name that is no UTF-8.
            values[name] = value.encode(errors="replace").decode()
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    renewed = ", ".join(f"{name} = excluded.{name}" for name in values)
    (number,) = connection.execute(
        f"INSERT INTO file ({names}) VALUES ({marks}) ON CONFLICT (path) DO UPDATE SET {renewed} RETURNING id",  # noqa: S608
        values,
    ).fetchone()
    connection.execute("INSERT INTO temp.seen VALUES (?) ON CONFLICT DO NOTHING", (number,))
    if track is not None:
        words = [folded(values[name] or "") for name in tags]
        connection.execute(
            "INSERT OR REPLACE INTO words (file, title, artist, album, genre, path) VALUES (?, ?, ?, ?, ?, ?)",
            (number, *words, folded(shown_path(path))),
        )
