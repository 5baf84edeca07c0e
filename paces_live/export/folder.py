"""The folder that songs are copied to, whatever holds it: a disk, a stick, or a watch that speaks MTP.

MTP knows files, but little of what a file system does with them. So only contents are copied, from the beginning to
the end, without permissions, times, links or seeks. A copy comes under a temporary name and then gets its own. Where
nothing can be renamed, it is written in place, and its size shows whether it is whole. Where nothing can be opened, GIO
copies it.
"""

import errno
import fcntl
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from paces_live.errors import ExportError, SourceError, cannot_open, reason
from paces_live.export.gio import copied_whole, opens_nothing
from paces_live.export.record import Written, read_record
from paces_live.text import shown_path

__all__ = ["PART", "PLAYLIST", "Folder"]

PLAYLIST = "paces-live.m3u8"
"""Name of the playlist beside the copies."""
PART = "paces-live.part"
"""Temporary name of a copy."""
MOST_READ = 64 << 20
"""Most bytes of a playlist: what is larger is a part of a song, and no record."""
COPIED_AT_ONCE = 1 << 20
"""Bytes that are copied at once."""
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What file systems say that cannot wait until everything is on the disk."""


class Folder:
    """A folder that songs are copied to; a context manager. One export at a time has it.

    Parameters
    ----------
    path : Path
        It is made if only itself is missing.
    read_only : bool
        Whether it is only looked at, and not made.

    Attributes
    ----------
    path : Path
    written : dict of str to Written
        What earlier exports wrote, by name.

    Raises
    ------
    ExportError
        It cannot be used; every method may raise it, too.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name, Folder(Path(name) / "run") as folder:
    ...     song = Path(name) / "song.ogg"
    ...     _ = song.write_bytes(b"sound")
    ...     folder.put("001 Song.ogg", song), folder.size("001 Song.ogg"), folder.size("002.ogg")
    (5, 5, None)
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.written: dict[str, Written] = {}
        self._names: dict[str, str] = {}
        self._read_only = read_only
        self._lock = -1
        # Nobody knows before it is tried.
        self._renames = True

    def __enter__(self) -> Self:
        with self._errors():
            if not self.path.exists():
                if not self.path.parent.is_dir():
                    raise self._unusable("there is no such folder", "check that the disk or the watch is connected")
                if self._read_only:
                    return self
                # Only itself: a disk that is not mounted must not become a folder.
                self.path.mkdir()
            if not self.path.is_dir():
                raise self._unusable("is no folder", "choose another name")
            if not self._read_only:
                self._take()
        try:
            self._read_record()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock >= 0:
            with suppress(OSError):
                # New names, too, are to be on the disk.
                os.fsync(self._lock)
            os.close(self._lock)
            self._lock = -1

    def name(self, name: str) -> str:
        """Return the name under which a copy is there: FAT does not tell capitals from small letters."""
        return self._names.get(name.casefold(), name)

    def size(self, name: str) -> int | None:
        """Return the size of a file in it, bytes; None if there is none."""
        with self._errors():
            try:
                status = (self.path / name).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            if not stat.S_ISREG(status.st_mode):
                raise self._unusable(f"{name} is no file", "remove it, or choose another folder")
            return status.st_size

    def read(self, name: str) -> bytes | None:
        """Return the contents of a small file in it; None if there is none."""
        with self._errors():
            if self.size(name) is None:
                return None
            path = self.path / name
            try:
                with path.open("rb") as file:
                    return file.read(MOST_READ)
            except OSError as error:
                if not opens_nothing(error):
                    raise
                with tempfile.TemporaryDirectory(prefix="paces-live-") as local:
                    copied_whole(path, Path(local) / name)
                    return (Path(local) / name).read_bytes()

    def free(self) -> tuple[int, int] | None:
        """Return how many bytes are free, and how many a file takes at least; None if it does not say."""
        with self._errors():
            found = os.statvfs(self.path if self.path.is_dir() else self.path.parent)
        return (found.f_bavail * found.f_frsize, found.f_frsize) if found.f_blocks else None

    def put(self, name: str, source: Path) -> int:
        """Copy the contents of a file; return its size, bytes.

        The copy has its name as a whole, or not at all where the folder can rename. A file of that name is replaced.

        Raises
        ------
        SourceError
            The file cannot be read.
        ExportError
            The folder cannot be written to.
        """
        # The playlist is there as a whole at any moment, under one of the two names.
        part_first = not self._part_is_playlist() if name == PLAYLIST else self._renames
        if part_first:
            size = self._write(PART, source)
            if self._renamed(name):
                return size
            self._renames = False
        size = self._write(name, source)
        self.remove(PART)
        return size

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._errors():
            (self.path / name).unlink(missing_ok=True)

    def _take(self) -> None:
        """Keep other exports out; where nothing can be locked, nobody is kept out."""
        try:
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = -1
            raise self._unusable("another export copies to it", "wait until it has ended") from None
        except OSError as error:
            if self._lock < 0:
                raise
            if error.errno not in (errno.ENOSYS, errno.ENOTSUP, errno.EBADF, errno.EINVAL, errno.ENOLCK):
                raise

    def _read_record(self) -> None:
        found = read_record(self.read(PLAYLIST))
        if found is None:
            # The playlist was being replaced when the last export was interrupted.
            found = read_record(self.read(PART))
            if found is None and self.size(PLAYLIST) is not None:
                raise self._unusable(f"{PLAYLIST} is not from an export", "move it away, or choose another folder")
        self.written = found or {}
        with self._errors():
            if any((self.path / name.upper()).exists() for name in (PLAYLIST, PART)):
                self._names = {name.casefold(): name for name in self.written}

    def _part_is_playlist(self) -> bool:
        """Return whether the temporary file alone has a record: the playlist was being replaced."""
        return read_record(self.read(PLAYLIST)) is None and read_record(self.read(PART)) is not None

    def _renamed(self, name: str) -> bool:
        """Give the temporary file its name, if the folder can do that."""
        part, whole = self.path / PART, self.path / name
        with suppress(OSError):
            part.replace(whole)
            return True
        # Some do not rename over a file that is there.
        self.remove(name)
        with suppress(OSError):
            part.rename(whole)
            return True
        return False

    def _write(self, name: str, source: Path) -> int:
        """Write the contents of a file to another one, until they are on the disk; half a file does not stay."""
        try:
            file = source.open("rb", buffering=0)
        except (OSError, ValueError) as error:
            raise cannot_open(shown_path(source), error) from error
        with file, self._errors():
            # Not before there is something to put in its place.
            self.remove(name)
            try:
                size = self._copied(file, name)
            except BaseException as error:
                with suppress(OSError):
                    (self.path / name).unlink(missing_ok=True)
                if getattr(error, "errno", 0) == errno.EFBIG:
                    message = f"{shown_path(source)}: is too large for the file system of {shown_path(self.path)}"
                    raise SourceError(message, hint="choose shorter songs, or another file system") from None
                if not opens_nothing(error):
                    raise
                size = copied_whole(source, self.path / name)
        if self.size(name) != size:
            raise self._unusable(f"{name} was not written as a whole", "check the disk or the watch, and try again")
        return size

    def _copied(self, file: io.FileIO, name: str) -> int:
        size = 0
        with (self.path / name).open("xb") as copy:
            while chunk := _read(file):
                size += copy.write(chunk)
            copy.flush()
            try:
                # A stick that is pulled out must not have whole names with nothing in them.
                os.fsync(copy.fileno())
            except OSError as error:
                if error.errno not in _NO_SYNC:
                    raise
        return size

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of the system into one line."""
        try:
            yield
        except (OSError, ValueError) as error:
            if getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
                raise self._unusable("is full", "remove something, or give --max-size", "export.full") from error
            raise self._unusable(
                f"cannot be used: {reason(error)}", "check that it is connected, and may be written to"
            ) from error

    def _unusable(self, what: str, hint: str, code: str | None = None) -> ExportError:
        return ExportError(f"{shown_path(self.path)}: {what}", hint=hint, code=code)


def _read(file: io.FileIO) -> bytes:
    try:
        return file.read(COPIED_AT_ONCE)
    except OSError as error:
        name = shown_path(str(file.name))
        raise SourceError(f"{name}: cannot be read: {reason(error)}", hint="check its disk") from error
