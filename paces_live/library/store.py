"""The library: the paces of the files on this machine, in a database that a scan can always make again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from paces_live.errors import LibraryError, PacesError
from paces_live.events import SongPace, Track
from paces_live.library.corrections import known_corrections
from paces_live.library.entries import Known, Stamp, paces_in, put_file, put_song, song_of
from paces_live.library.files import FilePaces
from paces_live.library.overruling import TABLE, overrule
from paces_live.library.schema import MIGRATIONS
from paces_live.storage import Database, state_folder

if TYPE_CHECKING:
    import sqlite3

APPLICATION = 0x50_6C_4C_62
"""``PlLb``, which marks an SQLite database as a library."""


def default_path() -> Path:
    """Return where the library is: ``$XDG_STATE_HOME/paces-live/library.db``.

    Examples
    --------
    >>> default_path().parts[-2:]
    ('paces-live', 'library.db')
    """
    return state_folder() / "library.db"


def open_library(path: Path | None = None, *, read_only: bool = True) -> "Library":
    """Return the library that there is: looking for songs must not create one.

    Raises
    ------
    LibraryError
        There is none, or it cannot be opened.

    Examples
    --------
    >>> open_library(Path("/none/library.db"))
    Traceback (most recent call last):
        ...
    paces_live.errors.LibraryError: there is no library at /none/library.db: make one: paces-live scan ~/Music
    """
    file = path or default_path()
    if not file.exists():
        raise LibraryError(
            f"there is no library at {file}", hint="make one: paces-live scan ~/Music", code="library.missing"
        )
    return Library(file, read_only=read_only)


class Library:
    """The open library; `close` it, or use it in a ``with``. It belongs to the thread that opened it.

    All that is read from it goes by the corrections that there are when it is opened, but for `heard`.

    Parameters
    ----------
    path : path
        The file; it is created, with its folder, if it does not exist.
    read_only : bool
        Whether it is only searched.

    Raises
    ------
    LibraryError
        The file cannot be opened, read or written, or a newer version has written it. Every method may raise it, too.

    Examples
    --------
    >>> import tempfile
    >>> path = Path("/music/so what.ogg")
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     library.use("sha256:1", "1")
    ...     library.keep(path, Stamp(1000, 0), "sound:1", Track(title="So What"), FilePaces(path, 215.0, paces=()))
    ...     library.known(path).content, library.counts()["songs"]
    ('sound:1', 1)
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        hint = "name another file with --library, or delete it and scan again"
        self._database = Database(
            path,
            MIGRATIONS,
            name="library",
            error=LibraryError,
            hint=hint,
            application=APPLICATION,
            read_only=read_only,
        )
        self._analyser: int | None = None
        with self._database.guarded() as connection:
            connection.execute("CREATE TEMP TABLE seen (file INTEGER PRIMARY KEY)")
            connection.execute(TABLE)
        try:
            self._corrections = {one.content: one for one in known_corrections()}
            with self._database.guarded() as connection:
                # Only temporary tables are written to: that must not wait for a scan, nor keep one waiting.
                connection.execute("BEGIN")
                overrule(connection, self._corrections.values())
                connection.execute("COMMIT")
        except LibraryError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @contextmanager
    def reading(self) -> "Iterator[sqlite3.Connection]":
        """Give the connection, for a search; errors of SQLite become errors of ours."""
        with self._database.guarded() as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Show the library as it is now until the ``with`` ends, whatever a scan changes meanwhile."""
        with self._database.guarded() as connection:
            connection.execute("BEGIN")
        try:
            yield
        finally:
            with self._database.guarded() as connection:
                connection.execute("ROLLBACK")

    def use(self, model: str, engine: str) -> None:
        """Say what judges songs from now on. All songs that something else has judged are stale."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO analyser (model, engine, current) VALUES (?, ?, 1) ON CONFLICT DO NOTHING", (model, engine)
            )
            connection.execute("UPDATE analyser SET current = (model = ? AND engine = ?)", (model, engine))
            # Another scan may use another one in the meantime.
            (self._analyser,) = connection.execute("SELECT id FROM analyser WHERE current").fetchone()

    def known(self, path: Path) -> Known | None:
        """Return what is known about a file; None if nothing is."""
        row = self._one(
            "SELECT file.id, size, modified, gone, content, song.analyser != ? FROM file"
            " LEFT JOIN song ON song.id = file.song WHERE path = ?",
            (self._analyser, os.fsencode(path)),
        )
        if row is None:
            return None
        number, size, modified, gone, content, stale = row
        return Known(number, Stamp(size, modified), bool(gone), content, bool(stale))

    def paces(self, path: Path) -> tuple[SongPace, ...] | None:
        """Return the paces of the song in a file, most probable first; None if it is not known, or gone."""
        query = "SELECT paces FROM song JOIN file ON file.song = song.id WHERE path = ? AND NOT gone"
        with self._database.guarded():
            row = self._one(query, (os.fsencode(path),))
            return None if row is None else paces_in(row[0])

    def heard(self, content: str) -> FilePaces | None:
        """Return what was heard of a sound, whatever people say about it; None if nobody scanned it."""
        with self._database.guarded() as connection:
            known = song_of(connection, content)
        return known[1] if known else None

    def is_stale(self, content: str) -> bool | None:
        """Return whether something else has judged the sound; None if nothing has."""
        row = self._one("SELECT analyser != ? FROM song WHERE content = ?", (self._analyser, content))
        return None if row is None else bool(row[0])

    def keep(
        self, path: Path, stamp: Stamp, content: str, track: Track | None = None, song: FilePaces | None = None
    ) -> None:
        """Keep a file and its tags, and the song in it, unless that is known already; all of it, or nothing.

        Parameters
        ----------
        path : Path
            Absolute.
        stamp : Stamp
            As it was before the file was read.
        content : str
            See `paces_live.library.content.content_key`.
        track : Track, optional
            What the tags say; those that are known stay if there are none.
        song : FilePaces, optional
            It takes the place of what is known about the sound.
        """
        with self._database.transaction() as connection:
            if song is not None:
                put_song(connection, content, song, self._analyser)
                if content in self._corrections:
                    overrule(connection, [self._corrections[content]])
            (number,) = connection.execute("SELECT id FROM song WHERE content = ?", (content,)).fetchone()
            put_file(connection, path, stamp, {"song": number}, track)
            # Files that are gone were moved here. So were those of which only the folder is there, and is not scanned.
            others = "SELECT id, path, gone FROM file WHERE song = ? AND path != ?"
            rows = connection.execute(others, (number, os.fsencode(path))).fetchall()
            moved = [(file,) for file, name, gone in rows if gone or _has_left(os.fsdecode(name))]
            connection.executemany("DELETE FROM file WHERE id = ?", moved)

    def fail(self, path: Path, stamp: Stamp, error: PacesError) -> None:
        """Keep why a file cannot be read."""
        reason = {"code": error.code, "message": error.message, "hint": error.hint}
        with self._database.transaction() as connection:
            put_file(connection, path, stamp, reason, Track())

    def unsee(self) -> None:
        """Begin to note again which files are there."""
        with self._database.guarded() as connection:
            connection.execute("DELETE FROM temp.seen")

    def saw(self, known: Known) -> None:
        """Note that a file that is known is there."""
        with self._database.guarded() as connection:
            connection.execute("INSERT INTO temp.seen VALUES (?) ON CONFLICT DO NOTHING", (known.id,))
            if known.gone:
                connection.execute("UPDATE file SET gone = 0 WHERE id = ?", (known.id,))

    def restamp(self, known: Known, before: Stamp, after: Stamp) -> None:
        """Note that we have changed a file ourselves, so that the next scan need not look into it.

        If somebody else had changed it `before`, since the last scan, that scan has to.
        """
        if known.stamp == before:
            with self._database.transaction() as connection:
                connection.execute("UPDATE file SET size = ?, modified = ? WHERE id = ?", (*after, known.id))

    def unseen(self, root: Path) -> Iterator[tuple[int, Path]]:
        """Yield the files at or below `root` that were there, and that this object neither kept nor saw."""
        name = os.fsencode(root)
        below = name.rstrip(b"/") + b"/"
        last = 0
        while True:
            # A few at a time: the caller may write in between.
            with self._database.guarded() as connection:
                rows = connection.execute(
                    "SELECT id, path FROM file WHERE id > ? AND NOT gone AND (path = ? OR (path >= ? AND path < ?))"
                    " AND id NOT IN (SELECT file FROM temp.seen) ORDER BY id LIMIT 1000",
                    (last, name, below, below[:-1] + b"0"),
                ).fetchall()
            if not rows:
                return
            for last, path in rows:
                yield last, Path(os.fsdecode(path))

    def lose(self, files: list[int]) -> None:
        """Note that files are gone. Forget those whose sound is in a file elsewhere: they were moved."""
        with self._database.transaction() as connection:
            connection.executemany("UPDATE file SET gone = 1 WHERE id = ?", [(number,) for number in files])
            connection.executemany(
                "DELETE FROM file WHERE id = ? AND EXISTS"
                " (SELECT 1 FROM file AS other WHERE other.song = file.song AND NOT other.gone)",
                [(number,) for number in files],
            )

    def counts(self) -> dict[str, int]:
        """Return how many songs there are, how many of them are stale, and in how many files; also the other files."""
        row = self._one(
            "SELECT count(*), coalesce(sum(NOT current), 0) FROM song JOIN analyser ON analyser.id = song.analyser"
            " WHERE EXISTS (SELECT 1 FROM file WHERE file.song = song.id AND NOT gone)"
        )
        files = self._one(
            "SELECT coalesce(sum(NOT gone AND song IS NOT NULL), 0), coalesce(sum(NOT gone AND song IS NULL), 0),"
            " coalesce(sum(gone), 0) FROM file"
        )
        assert row
        assert files
        names = ("songs", "stale", "files", "unreadable", "gone")
        return dict(zip(names, (*row, *files), strict=True))

    def unreadable(self) -> Iterator[tuple[Path, PacesError]]:
        """Yield the files that could not be read, in the order of their paths, and why."""
        with self._database.guarded() as connection:
            rows = connection.execute(
                "SELECT path, message, hint, code FROM file WHERE song IS NULL AND NOT gone ORDER BY path"
            )
            for path, message, hint, code in rows:
                yield Path(os.fsdecode(path)), PacesError(message, hint=hint, code=code)

    def _one(self, query: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        with self._database.guarded() as connection:
            row: tuple[Any, ...] | None = connection.execute(query, values).fetchone()
        return row


def _has_left(path: str) -> bool:
    """Return whether a file is no longer in its folder; of a disk that is not mounted nobody knows."""
    return not os.path.lexists(path) and os.path.isdir(os.path.dirname(path))  # noqa: PTH112, PTH120
