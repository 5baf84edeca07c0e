"""The log of all writes to tags, each noted before it happens: what was there before, so that it can come back."""

import fcntl
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal, NamedTuple, Self

from paces_live.errors import TagError, reason
from paces_live.library.tagging.fields import Values
from paces_live.library.tagging.rewrite import draft_of

Action = Literal["tag", "undo"]


class Change(NamedTuple):
    """What a field was and is to be."""

    old: Values
    new: Values


class Write(NamedTuple):
    """A write that was noted; it may not have happened."""

    action: Action
    path: Path
    changes: Mapping[str, Change]


History = Sequence[tuple[Action, Change]]
"""All writes to a field of a file, the oldest first."""
Histories = Mapping[Path, Mapping[str, History]]
"""Those of all fields of all files, by their names."""


class TagLog:
    """The open log: lines of JSON, one for each write. Only one program at a time has it open.

    Parameters
    ----------
    path : Path
        The file; it is created, with its folder, if it does not exist.

    Raises
    ------
    TagError
        It cannot be opened or written, or another program writes tags. `append` may raise it, too.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, TagLog(Path(folder) / "tags.jsonl") as log:
    ...     log.append("tag", Path("/music/one.flac"), {"PACES": Change((), ("82.1; 164.2",))})
    ...     [write.changes["PACES"].new for write in log.writes()]
    [('82.1; 164.2',)]
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._file: IO[bytes] = os.fdopen(descriptor, "a+b")
        except OSError as error:
            raise _unusable(path, error) from error
        try:
            self._lock()
            self._tidy()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, action: Action, path: Path, changes: Mapping[str, Change]) -> None:
        """Note a write that is about to happen; when this returns, the note is on the disk."""
        # All beyond ASCII is escaped, and so are the bytes of a name that is no UTF-8.
        line = json.dumps({"action": action, "path": str(path), "changes": changes})
        try:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unusable(self._path, error) from error

    def writes(self) -> Iterator[Write]:
        """Yield all writes, the oldest first."""
        yield from read_log(self._path)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TagError(
                "another paces-live tag is at work", hint="wait until it has ended, then try again", code="tag.busy"
            ) from None
        except OSError:
            # On a file system without locks, nobody knows of the other.
            return

    def _tidy(self) -> None:
        """End a line that a killed program did not finish, and remove the file that it was writing."""
        for last in deque(self.writes(), maxlen=1):
            with suppress(OSError):
                draft_of(last.path).unlink(missing_ok=True)
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def read_log(path: Path) -> Iterator[Write]:
    """Yield all writes that a log has, the oldest first; none if there is no log.

    Raises
    ------
    TagError
        It cannot be read.

    Examples
    --------
    >>> list(read_log(Path("/none/tags.jsonl")))
    []
    """
    try:
        with path.open("rb") as file:
            for line in file:
                # A line that a killed program did not finish is of a write that did not happen.
                with suppress(ValueError, LookupError, TypeError):
                    yield _write(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(path, error) from error


def histories(writes: Iterable[Write]) -> Histories:
    """Return what was written into each field of each file.

    Examples
    --------
    >>> histories([Write("tag", Path("/music/one.flac"), {"BPM": Change((), ("82.1",))})])
    {PosixPath('/music/one.flac'): {'BPM': [('tag', Change(old=(), new=('82.1',)))]}}
    """
    found: dict[Path, dict[str, list[tuple[Action, Change]]]] = {}
    for write in writes:
        for name, change in write.changes.items():
            found.setdefault(write.path, {}).setdefault(name, []).append((write.action, change))
    return found


def original(now: Values, history: History) -> Values | None:
    """Return what a field was before all writes that still show; None if something else has changed it.

    A write that was noted need not have happened: its old value may still be there.

    Examples
    --------
    >>> first, second = Change((), ("82.0",)), Change(("82.0",), ("82.1",))
    >>> history = [("tag", first), ("tag", second)]
    >>> original(("82.1",), history), original(("82.0",), history), original((), history), original(("80",), history)
    ((), (), None, None)
    """
    value, is_ours = now, False
    for action, change in reversed(history):
        if action == "undo":
            if value != change.old:
                # All that is older was taken back.
                return value
        elif value in change:
            value, is_ours = change.old, True
        else:
            return value if is_ours else None
    return value


def _unusable(path: Path, error: OSError) -> TagError:
    return TagError(
        f"the log {path} cannot be used: {reason(error)}",
        hint="make room on its disk, or make it writable; nothing is tagged without it",
        code="tag.log",
    )


def _write(line: bytes) -> Write:
    """Return the write that a line notes."""
    noted = json.loads(line)
    changes = {name: Change(*map(tuple, change)) for name, change in noted["changes"].items()}
    return Write(noted["action"], Path(noted["path"]), changes)
