"""Puts a file with other tags into the place of a file, if its sound is the same: it is the old one or the new one."""

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from paces_live.errors import SourceError, TagError, pip_install, reason
from paces_live.library.content import content_key
from paces_live.library.entries import Stamp
from paces_live.library.tagging.fields import NAMES, FileTags, Values
from paces_live.library.tagging.formats import open_tags
from paces_live.sources.decoder import has_decoder
from paces_live.text import shown_path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors that the next file would meet, too."""


def draft_of(path: Path) -> Path:
    """Return where a file is written before it is put into its place: hidden, and beside what `path` leads to.

    Examples
    --------
    >>> draft_of(Path("/music/one.flac"))
    PosixPath('/music/.paces-live-3b49adbab0f8f81f.flac')
    """
    real = Path(os.path.realpath(path))
    name = hashlib.blake2b(os.fsencode(real.name), digest_size=8).hexdigest()
    return real.with_name(f".paces-live-{name}{real.suffix}")


def check_writable(path: Path, content: str) -> None:
    """Raise `TagError` if a file may not be written to, or its folder, or if nobody would see a change of its sound."""
    if not content.startswith("sound:"):
        hint = "convert it with FFmpeg, then scan it" if has_decoder() else pip_install("av")
        raise _unwritable(path, "its sound cannot be checked", hint)
    real = Path(os.path.realpath(path))
    # Its mode counts for root, too: it says what somebody wants.
    if not stat.S_IMODE(real.stat().st_mode) & 0o222 or not os.access(real, os.W_OK):
        raise _unwritable(path, "is read-only", "make it writable: chmod u+w")
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise _unwritable(path, "its folder is read-only", "make it writable: chmod u+w")


def rewrite(path: Path, tags: FileTags, fields: Mapping[str, Values], content: str, stamp: Stamp) -> None:
    """Write other values of some fields into a file. Until all is checked and on the disk, the old file is there.

    Its mode, its attributes and, where the system allows it, its owner stay. It gets a new time of modification, by
    which players know that they have to read it again. Other hard links lead to the old file.

    Parameters
    ----------
    path : Path
        If it is a link, the file is changed to which it leads.
    tags : FileTags
        As they are.
    fields : mapping of str to tuple
    content : str
        The key of its sound, see `paces_live.library.content.content_key`.
    stamp : Stamp
        The stamp of the file when it was read.

    Raises
    ------
    TagError
        It cannot be written, or has changed meanwhile, or its sound or its other fields would not be the same.
    """
    draft, real = draft_of(path), Path(os.path.realpath(path))
    try:
        with _locked(path):
            try:
                # What a killed program has left is no link to somewhere else.
                draft.unlink(missing_ok=True)
                descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "w+b") as target:
                    tags.write(target, fields)
                    target.flush()
                    _check(path, draft, tags, fields, content)
                    _keep_attributes(real, draft)
                    os.fsync(target.fileno())
                    # Another machine may know nothing of the lock, and write a draft of its own there.
                    if Stamp.of(real) != stamp or not os.path.samestat(os.fstat(target.fileno()), draft.stat()):
                        raise _changed(path)
                    draft.replace(real)
                _flush_folder(real.parent)
            finally:
                draft.unlink(missing_ok=True)
    except (OSError, ValueError, SourceError) as error:
        full = getattr(error, "errno", None) in FULL
        raise _unwritable(
            path,
            f"cannot be written: {reason(error)}",
            "make room on its disk" if full else "check its folder and its disk",
            code="tag.full" if full else "tag.unwritable",
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep others from writing tags into a file: they may have another log, and the draft is the same."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _changed(path) from None
        except OSError:
            pass  # Not every file system has locks.
        yield


def _check(path: Path, draft: Path, tags: FileTags, fields: Mapping[str, Values], content: str) -> None:
    """Raise `TagError` unless the draft has the fields, everything else of the file, and its sound."""
    expected = {name: tags.values(name) for name in NAMES} | dict(fields)
    try:
        new = open_tags(draft)
        is_same = {name: new.values(name) for name in NAMES} == expected and new.others() == tags.others()
    except TagError:
        is_same = False
    if not is_same or content_key(draft) != content:
        lost = "its sound would not be the same" if is_same else "some of its tags would be lost"
        raise _unwritable(path, f"was left as it is, because {lost}", "save its tags again with a tag editor")


def _keep_attributes(real: Path, draft: Path) -> None:
    status = real.stat()
    # Not every file system has owners, modes and attributes, and not everybody may set them.
    with suppress(OSError):
        os.chown(draft, -1, status.st_gid)
    with suppress(OSError):
        os.chown(draft, status.st_uid, -1)
    with suppress(OSError):
        shutil.copystat(real, draft)
    os.utime(draft)


def _flush_folder(folder: Path) -> None:
    """Have the system write down that a file has another name now; some file systems know no way to do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _changed(path: Path) -> TagError:
    return TagError(f"{shown_path(path)}: has changed meanwhile", hint="try again", code="tag.changed")


def _unwritable(path: Path, message: str, hint: str, code: str = "tag.unwritable") -> TagError:
    return TagError(f"{shown_path(path)}: {message}", hint=hint, code=code)
