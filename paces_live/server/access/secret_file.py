"""Files that only their owner may read."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from paces_live.errors import AccessError, reason

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write(path: Path, data: bytes, *, replace: bool) -> bool:
    """Write a file that only you may read, completely or not at all; return whether it was written.

    Parameters
    ----------
    path : path
        Its folder is made if it does not exist.
    data : bytes
    replace : bool
        Whether a file that is there is replaced; if not, it stays as it is.

    Raises
    ------
    AccessError
        The file cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "key", b"1", replace=False), write(Path(folder) / "key", b"2", replace=False)
    (True, False)
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes a file of mode 0600, whatever the umask is.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                Path(name).replace(path)
                return True
            with suppress(FileExistsError):
                # A link, unlike a rename, leaves the file of another process that was faster.
                os.link(name, path)
                return True
            return False
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise AccessError(
            f"{path}: cannot be written: {reason(error)}", hint="check its permissions, or set XDG_CONFIG_HOME"
        ) from error


def read(path: Path) -> bytes:
    """Return what is in a file that only you may read.

    Raises
    ------
    AccessError
        Others may read or write the file, or it cannot be read.

    Examples
    --------
    >>> read(Path("/etc/passwd"))
    Traceback (most recent call last):
    ...
    paces_live.errors.AccessError: /etc/passwd: others may read it: run chmod 600 /etc/passwd
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise AccessError(
                    f"{path}: others may read it", hint=f"run chmod 600 {path}", code="access.permissions"
                )
            return file.read()
    except OSError as error:
        raise AccessError(f"{path}: cannot be read: {reason(error)}", hint="check its permissions") from error
