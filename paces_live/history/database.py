"""The database of songs heard: SQLite in the user's state directory. It holds words and numbers, never audio."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from paces_live.analysis.tracking import SAME
from paces_live.errors import HistoryError
from paces_live.events import Match, Pace, SongPace
from paces_live.storage import state_folder

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
)
"""Script n makes a database of version n + 1 from one of version n; ``PRAGMA user_version`` is the version."""
BUSY_S = 5.0
"""Time that another program may hold the database."""
RECALLED = 5
"""Newest songs of a title that must not contradict the last one, if its paces are to be recalled."""
KNOWN_S = 25.0
"""Length from which on a song was heard well enough to be recalled: a full window."""


@dataclass(frozen=True, slots=True)
class HeardSong:
    """A song as it is kept: when it ended, where it was heard, `length` in seconds, and how it fitted `target`."""

    heard: datetime
    input: str
    title: str | None
    length: float
    paces: tuple[SongPace, ...]
    target: float | None
    match: Match | None


def default_path() -> Path:
    """Return where the songs heard are kept: ``$XDG_STATE_HOME/paces-live/history.db``."""
    return state_folder() / "history.db"


class History:
    """An open database; `close` it, or use it in a ``with``. It belongs to the thread that opened it.

    Parameters
    ----------
    path : path
        The file; it is made, with its folder, where there is none.

    Raises
    ------
    HistoryError
        By every method too: the file cannot be opened, read or written, or a newer version has written it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._told():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Transactions are begun here, not by the module.
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            with self._told():
                self._prepare()
        except HistoryError:
            self.close()
            raise

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def add(self, song: HeardSong) -> None:
        """Keep a song."""
        match = (song.match.spm, song.match.error, song.match.grade) if song.match else (None, None, None)
        row = (song.heard.isoformat(), song.input, song.title, song.length, song.target, *match)
        with self._told(), self._transaction():
            added = self._connection.execute(
                "INSERT INTO song (heard, input, title, length, target, match_spm, match_error, match_grade)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            self._connection.executemany(
                "INSERT INTO pace VALUES (?, ?, ?, ?)",
                [(added.lastrowid, pace.spm, pace.probability, pace.share) for pace in song.paces],
            )

    def songs(self, *, word: str = "", limit: int | None = None) -> list[HeardSong]:
        """Return the newest `limit` songs whose title or input contains `word`, newest first."""
        # LIKE's own signs are letters here.
        pattern = "%" + "".join(f"\\{letter}" if letter in "%_\\" else letter for letter in word) + "%"
        return self._select(
            r"WHERE ifnull(title, '') LIKE ? ESCAPE '\' OR input LIKE ? ESCAPE '\'", (pattern, pattern), limit
        )

    def recall(self, title: str) -> tuple[Pace, ...]:
        """Return the paces of the last song of that title that was heard for long enough, most probable first.

        Empty where there was none, or where songs of that title contradict each other: a station's name is no song.
        """
        songs = self._select("WHERE title = ? AND length >= ?", (title, KNOWN_S), RECALLED)
        known = [song.paces for song in songs if song.paces]
        if not known or any(not _alike(known[0], paces) for paces in known[1:]):
            return ()
        return tuple(Pace(pace.spm, pace.probability) for pace in known[0])

    def count(self) -> int:
        """Return how many songs are kept."""
        with self._told():
            return int(self._connection.execute("SELECT count(*) FROM song").fetchone()[0])

    def clear(self) -> None:
        """Forget all songs; nothing of them stays in the file."""
        with self._told():
            with self._transaction():
                self._connection.execute("DELETE FROM song")
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _select(self, where: str, values: tuple[str | float, ...], limit: int | None) -> list[HeardSong]:
        # Our own words, not the user's: his stand in `values`.
        chosen = f"SELECT * FROM song {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self._told():
            rows = self._connection.execute(
                f"SELECT chosen.*, spm, probability, share FROM ({chosen}) AS chosen"  # noqa: S608
                " LEFT JOIN pace ON pace.song = chosen.id ORDER BY chosen.id DESC, pace.rowid",
                (*values, -1 if limit is None else limit),
            ).fetchall()
        return [_song(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]

    def _prepare(self) -> None:
        """Bring the schema up to date."""
        connection = self._connection
        self._check_version()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if self._check_version() == len(MIGRATIONS):
            return
        with self._transaction():
            # Asked again: another program may have done it meanwhile.
            for number in range(self._check_version(), len(MIGRATIONS)):
                for statement in _statements(MIGRATIONS[number]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number + 1}")

    def _check_version(self) -> int:
        """Return the version of the database; a newer one than is known here is an error."""
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise HistoryError(
                f"history {self._path} was written by a newer paces-live (version {version}, this one knows "
                f"{len(MIGRATIONS)}): update paces-live, or listen with --no-history; nothing in it was changed"
            )
        return version

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk has rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite and the file system say into an error of ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise HistoryError(
                f"history {self._path} cannot be used ({reason}): make room or free it, set XDG_STATE_HOME to another "
                "folder, or listen with --no-history"
            ) from error


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _song(rows: list[tuple[Any, ...]]) -> HeardSong:
    """Return the song that the rows of its paces describe."""
    _, heard, source, title, length, target, spm, error, grade, *_ = rows[0]
    paces = tuple(SongPace(*row[-3:]) for row in rows if row[-3] is not None)
    match = None if grade is None else Match(spm, error, grade)
    return HeardSong(datetime.fromisoformat(heard), source, title, length, paces, target, match)


def _alike(some: tuple[SongPace, ...], others: tuple[SongPace, ...]) -> bool:
    """Tell whether two songs have a pace in common."""
    return any(abs(pace.spm / other.spm - 1.0) <= SAME for pace in some for other in others)
