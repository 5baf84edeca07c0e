"""Whole files to and from a watch by GIO, where nothing can be opened.

GNOME's virtual file system opens files on a device that speaks MTP only if the device knows Android's extensions.
Otherwise it takes and gives whole files, and only if a program asks it by GIO, as the command ``gio copy`` does:
https://github.com/GNOME/gvfs/blob/master/daemon/gvfsbackendmtp.c.
"""

import errno
import shutil
import subprocess
from pathlib import Path

from paces_live.errors import ExportError

__all__ = ["copied_whole", "opens_nothing"]


def opens_nothing(error: BaseException) -> bool:
    """Return whether an error says that a file cannot be opened there at all.

    Examples
    --------
    >>> opens_nothing(OSError(errno.ENOTSUP, "")), opens_nothing(OSError(errno.EROFS, ""))
    (True, False)
    """
    return isinstance(error, OSError) and error.errno in (errno.ENOTSUP, errno.ENOSYS)


def copied_whole(source: Path, target: Path) -> int:
    """Copy a file, and return its size, bytes.

    Raises
    ------
    ExportError
        There is no ``gio``.
    OSError
        It cannot copy the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = Path(folder) / "song.ogg"
    ...     _ = source.write_bytes(b"sound")
    ...     copied_whole(source, Path(folder) / "001 Song.ogg") if shutil.which("gio") else 5
    5
    """
    gio = shutil.which("gio")
    if gio is None:
        hint = "install it: apt install libglib2.0-bin"
        raise ExportError("only gio can copy to this device, and it is missing", hint=hint, code="export.no_gio")
    command = [gio, "copy", "--no-target-directory", str(source.absolute()), str(target.absolute())]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise OSError(errno.EIO, done.stderr.decode(errors="replace").rpartition(": ")[2].strip() or "gio copy failed")
    return source.stat().st_size
