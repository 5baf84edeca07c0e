"""The history: the songs that were heard, in the user's state folder. It holds words and numbers, never audio."""

import json
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Self

from paces_live.analysis.tracking import SAME_PACE
from paces_live.errors import HistoryError
from paces_live.events import Match, Pace, Section, SongPace
from paces_live.session.recalling import KNOWN_S
from paces_live.storage import Database, state_folder

APPLICATION = 0x50_6C_48_69
"""``PlHi``, which marks an SQLite database as a history."""
MIGRATIONS = (
    """
    CREATE TABLE song (
        id INTEGER PRIMARY KEY,
        heard TEXT NOT NULL,        -- when it ended, ISO 8601, UTC
        input TEXT NOT NULL,        -- such as mic:USB
        title TEXT,
        length REAL NOT NULL,       -- seconds
        target REAL,                -- steps per minute
        match_spm REAL,
        match_error REAL,           -- match_spm / target - 1
        match_grade TEXT
    );
    CREATE INDEX song_title ON song (title);
    CREATE TABLE pace (
        song INTEGER NOT NULL REFERENCES song ON DELETE CASCADE,
        spm REAL NOT NULL,          -- steps per minute
        probability REAL NOT NULL,
        share REAL NOT NULL         -- of the song's readings that showed it
    );
    CREATE INDEX pace_song ON pace (song);
    """,
    """
    ALTER TABLE pace ADD COLUMN low REAL;   -- range of a tempo that changes, steps per minute
    ALTER TABLE pace ADD COLUMN high REAL;
    -- JSON: start and end of each section, seconds since the beginning of the song, and the felt beat at both
    ALTER TABLE song ADD COLUMN sections TEXT NOT NULL DEFAULT '[]';
    """,
)
"""See `paces_live.storage.Database`."""
RECALLED = 5
"""Newest songs of a title that must not contradict the last one, or its paces are not recalled."""


@dataclass(frozen=True, slots=True)
class HeardSong:
    """A song as it is kept: when it ended, its input, its `length` in seconds, and its match with the `target` then.

    The times of its `sections` are since its beginning.
    """

    heard: datetime
    input: str
    title: str | None
    length: float
    paces: tuple[SongPace, ...]
    target: float | None
    match: Match | None
    sections: tuple[Section, ...] = ()


def default_path() -> Path:
    """Return where the history is: ``$XDG_STATE_HOME/paces-live/history.db``.

    Examples
    --------
    >>> default_path().parts[-2:]
    ('paces-live', 'history.db')
    """
    return state_folder() / "history.db"


class History:
    """The open history; `close` it, or use it in a ``with``. It belongs to the thread that opened it.

    Parameters
    ----------
    path : path
        The file; it is created, with its folder, if it does not exist.

    Raises
    ------
    HistoryError
        The file cannot be opened, read or written, or a newer version has written it. Every method may raise it, too.

    Examples
    --------
    >>> import tempfile
    >>> paces = (SongPace(136.2, probability=0.9, share=0.8),)
    >>> song = HeardSong(datetime(2026, 5, 1), "mic", "So What", 545.0, paces, target=None, match=None)
    >>> with tempfile.TemporaryDirectory() as folder, History(Path(folder) / "history.db") as history:
    ...     history.add(song)
    ...     history.recall("So What")
    (Pace(spm=136.2, probability=0.9),)
    """

    def __init__(self, path: Path) -> None:
        hint = "set XDG_STATE_HOME to another folder, or listen with --no-history"
        self._database = Database(
            path, MIGRATIONS, name="history", error=HistoryError, hint=hint, application=APPLICATION
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, song: HeardSong) -> None:
        """Keep a song."""
        match = (song.match.spm, song.match.error, song.match.grade) if song.match else (None, None, None)
        sections = json.dumps([astuple(section) for section in song.sections])
        row = (song.heard.isoformat(), song.input, song.title, song.length, song.target, *match, sections)
        with self._database.transaction() as connection:
            added = connection.execute(
                "INSERT INTO song (heard, input, title, length, target, match_spm, match_error, match_grade, sections)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            connection.executemany(
                "INSERT INTO pace (song, spm, probability, share, low, high) VALUES (?, ?, ?, ?, ?, ?)",
                [(added.lastrowid, *astuple(pace)) for pace in song.paces],
            )

    def songs(self, *, word: str = "", limit: int | None = None) -> list[HeardSong]:
        """Return the newest `limit` songs whose title or input contains `word`, newest first."""
        # The wildcards of LIKE stand for themselves here.
        pattern = "%" + "".join(f"\\{letter}" if letter in "%_\\" else letter for letter in word) + "%"
        return self._select(
            r"WHERE ifnull(title, '') LIKE ? ESCAPE '\' OR input LIKE ? ESCAPE '\'", (pattern, pattern), limit
        )

    def recall(self, title: str) -> tuple[Pace, ...]:
        """Return the paces of the last song with that title that was long enough, most probable first.

        Empty if there is none, or if songs with that title contradict each other: the name of a station is not a song.
        A tempo that changes is not recalled: it is not known what it is now.
        """
        songs = self._select("WHERE title = ? AND length >= ?", (title, KNOWN_S), RECALLED)
        known = [song.paces for song in songs if song.paces]
        if (
            not known
            or any(pace.low is not None for pace in known[0])
            or any(not _have_common_pace(known[0], paces) for paces in known[1:])
        ):
            return ()
        return tuple(Pace(pace.spm, pace.probability) for pace in known[0])

    def count(self) -> int:
        """Return how many songs are kept."""
        with self._database.guarded() as connection:
            return int(connection.execute("SELECT count(*) FROM song").fetchone()[0])

    def clear(self) -> None:
        """Forget all songs; nothing of them stays in the file."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM song")
        with self._database.guarded() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _select(self, where: str, values: tuple[str | float, ...], limit: int | None) -> list[HeardSong]:
        # The clause is our own; what the user typed is in `values`.
        chosen = f"SELECT * FROM song {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self._database.guarded() as connection:
            rows = connection.execute(
                f"SELECT chosen.*, spm, probability, share, low, high FROM ({chosen}) AS chosen"  # noqa: S608
                " LEFT JOIN pace ON pace.song = chosen.id ORDER BY chosen.id DESC, pace.rowid",
                (*values, -1 if limit is None else limit),
            ).fetchall()
            return [_song(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]


def _song(rows: list[tuple[Any, ...]]) -> HeardSong:
    """Return the song that the rows of its paces make."""
    _, heard, source, title, length, target, spm, error, grade, sections, *_ = rows[0]
    paces = tuple(SongPace(*row[-5:]) for row in rows if row[-5] is not None)
    match = None if grade is None else Match(spm, error, grade)
    course = tuple(Section(*section) for section in json.loads(sections))
    return HeardSong(datetime.fromisoformat(heard), source, title, length, paces, target, match, course)


def _have_common_pace(some: tuple[SongPace, ...], others: tuple[SongPace, ...]) -> bool:
    """Return whether two songs have a pace in common."""
    return any(abs(pace.spm / other.spm - 1.0) <= SAME_PACE for pace in some for other in others)
