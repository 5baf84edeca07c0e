"""Claims on songs: two scans at once do not analyse the same one."""

import fcntl
import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

from paces_live.errors import LibraryError, reason

_log = logging.getLogger(__name__)


class Claims:
    """What this scan analyses, as other scans on the library see it.

    A claim is a lock on a byte of a file, the place of which is a hash of the content. The system gives it up when the
    process ends, however it ends.

    Parameters
    ----------
    path : Path
        The file; it stays empty.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     claims = Claims(Path(folder) / "library.db-lock")
    ...     claims.take("sound:1"), claims.take("sound:1"), claims.take("sound:2")
    ...     claims.drop("sound:1")
    ...     claims.take("sound:1")
    ...     claims.close()
    (True, False, True)
    True
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = "make room on its disk, make it writable, or name another file with --library"
            raise LibraryError(f"library {path} cannot be used ({reason(error)})", hint=hint) from error
        self._taken: set[str] = set()

    def take(self, content: str) -> bool:
        """Claim a content; False if somebody has claimed it already."""
        # The system lets a process have a lock as often as it likes.
        if content in self._taken:
            return False
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(content))
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            # On a file system without locks, both analyse it, which does no harm.
            _log.info("%s cannot be locked: %s", content, reason(error))
        self._taken.add(content)
        return True

    def drop(self, content: str) -> None:
        """Give up a claim; nothing happens if there is none."""
        if content in self._taken:
            self._taken.remove(content)
            with suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(content))

    def close(self) -> None:
        """Give up all claims."""
        os.close(self._file)


def _place(content: str) -> int:
    """Return the place of a content in the file: 2 to the power of 56 are as good as endless."""
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=7).digest())
