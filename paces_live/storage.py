"""Where files are kept, by the XDG Base Directory specification; files written as a whole; SQLite databases."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from paces_live.errors import PacesError, UsageError, reason
from paces_live.text import shown_path

if TYPE_CHECKING:
    import sqlite3

APP = "paces-live"
BUSY_S = 5.0
"""Time that we wait for another program which holds a database, seconds."""


def config_folder() -> Path:
    """Return the folder of the settings, which may not exist.

    Raises
    ------
    UsageError
        The user has no home folder.

    Examples
    --------
    >>> config_folder().name
    'paces-live'
    """
    # Deferred: 6 ms, which --help and --version need not pay.
    import platformdirs

    return _located(platformdirs.user_config_path, "XDG_CONFIG_HOME")


def state_folder() -> Path:
    """Return the folder of the history, which may not exist; raises as `config_folder` does.

    Examples
    --------
    >>> state_folder().name
    'paces-live'
    """
    import platformdirs

    return _located(platformdirs.user_state_path, "XDG_STATE_HOME")


def _located(locate: Callable[[str], Path], variable: str) -> Path:
    try:
        return locate(APP)
    except RuntimeError as error:
        raise UsageError("this user has no home folder", hint=f"set HOME or {variable} to a folder") from error


@contextmanager
def drafted(path: Path, code: str = "usage.file") -> Iterator[Path]:
    """Give the path of a draft, which takes the place of `path` at the end: it is there as a whole, or as it was.

    Parameters
    ----------
    path : path
    code : str
        Of the error.

    Raises
    ------
    UsageError
        It cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with drafted(Path(folder) / "paces.csv") as draft:
    ...         _ = draft.write_text("So What,137", "utf-8")
    ...     [path.name for path in Path(folder).iterdir()]
    ['paces.csv']
    """
    try:
        # A link goes on to lead to the file. The suffix says what is in it.
        place = path.resolve()
        draft = place.with_name(f".paces-live-{os.getpid()}{place.suffix}")
        # A link that somebody has put there would lead elsewhere.
        draft.unlink(missing_ok=True)
        draft.touch(exist_ok=False)
        try:
            yield draft
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        message = f"{shown_path(path)}: cannot be written: {reason(error)}"
        raise UsageError(message, hint="choose another place", code=code) from error


class Database:
    """An open SQLite database; `close` it, or use it in a ``with``. It belongs to the thread that opened it.

    Parameters
    ----------
    path : path
        The file; it is created, with its folder, if it does not exist.
    migrations : sequence of str
        Script n makes a database of version n + 1 from one of version n; ``PRAGMA user_version`` is the version.
    name : str
        What error messages call it.
    error : type of PacesError
        Raised if the file cannot be opened, read or written, or if a newer version has written it.
    hint : str
        What the user can do about that.
    application : int
        Marks the file as one of these, as ``PRAGMA application_id``; 0 for no mark.
    read_only : bool
        Whether the file is only read. Then it may be where nobody may write.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "runs.db"
    ...     with Database(path, ["CREATE TABLE run (spm REAL);"], name="runs", error=PacesError, hint="") as database:
    ...         with database.transaction() as connection:
    ...             _ = connection.execute("INSERT INTO run VALUES (165)")
    ...         with database.guarded() as connection:
    ...             connection.execute("SELECT spm FROM run").fetchone()
    (165.0,)
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[str],
        *,
        name: str,
        error: type[PacesError],
        hint: str,
        application: int = 0,
        read_only: bool = False,
    ) -> None:
        # Deferred, here and below: settings need only the folders.
        import sqlite3

        self._path = path
        self._name = name
        self._error = error
        self._hint = hint
        self._application = application
        with self._errors():
            if not read_only:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # We begin transactions ourselves.
            self._connection = sqlite3.connect(
                _read_only(path) if read_only else path, timeout=BUSY_S, isolation_level=None, uri=read_only
            )
        try:
            with self._errors():
                if not read_only:
                    self._migrate(migrations)
                elif self._check_version(len(migrations)) < len(migrations):
                    raise error(f"{name} {path} cannot be used (it is empty, or of an older paces-live)", hint=hint)
        except PacesError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def guarded(self) -> "Iterator[sqlite3.Connection]":
        """Give the connection; errors of SQLite become errors of ours, and so does a `ValueError`: a damaged row."""
        with self._errors():
            yield self._connection

    @contextmanager
    def transaction(self) -> "Iterator[sqlite3.Connection]":
        """Give the connection; everything in the ``with`` happens, or nothing does."""
        with self._errors(), self._all_or_nothing():
            yield self._connection

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk has rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _migrate(self, migrations: Sequence[str]) -> None:
        """Bring the schema up to date."""
        self._check_version(len(migrations))
        self._use_write_ahead_log()
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA secure_delete = ON")
        if self._check_version(len(migrations)) == len(migrations):
            return
        with self._all_or_nothing():
            # Asked again: another program may have migrated in the meantime.
            for number in range(self._check_version(len(migrations)), len(migrations)):
                for statement in _statements(migrations[number]):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {number + 1}")
            self._connection.execute(f"PRAGMA application_id = {self._application}")

    def _use_write_ahead_log(self) -> None:
        """Change the journal mode; SQLite does not wait if another program changes it at the same moment."""
        import sqlite3

        deadline = time.monotonic() + BUSY_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _check_version(self, known: int) -> int:
        """Return the version of the database; one that is newer than `known`, or of another program, is an error."""
        # In one statement, because another program may make it in the meantime.
        version, application, tables = self._connection.execute(
            "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema)"
            " FROM pragma_user_version, pragma_application_id"
        ).fetchone()
        # Our first ones have no mark.
        if application not in (0, self._application) or (version == 0 and tables):
            raise self._error(
                f"{self._path} is a database, but no {self._name}; nothing in it was changed", hint=self._hint
            )
        if version > known:
            raise self._error(
                f"{self._name} {self._path} was written by a newer paces-live (version {version}, this one knows "
                f"{known}); nothing in it was changed",
                hint=f"update paces-live, or {self._hint}",
                code=f"{self._error.code}.newer",
            )
        return int(version)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import sqlite3

        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            # SQLite has no code for text that it gives as it is, and that is no UTF-8, or no JSON.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            damaged = not isinstance(error, OSError) and code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
            what = "it is damaged, or no database:" if damaged else "make room on its disk, make it writable, or"
            raise self._error(
                f"{self._name} {self._path} cannot be used ({reason})", hint=f"{what} {self._hint}"
            ) from error


def _read_only(path: Path) -> str:
    """Return the address of a database that is only read.

    SQLite makes files beside it even to read it, and removes them afterwards, unless the mode is ``ro``. Where it may
    not make any, the file is read as it is, unless they are there.
    """
    is_alone = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?{'immutable=1' if is_alone else 'mode=rw'}"


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would end the transaction."""
    import sqlite3

    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
