"""What tags of every format have in common: the fields ``PACES`` and ``BPM``, and all others, which stay."""

import errno
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

Values = tuple[str | int, ...]
"""Values of a field; none if there is no such field."""
NAMES = ("PACES", "BPM")
COPIED_AT_ONCE = 1 << 20
"""Bytes."""


class FileTags(ABC):
    """The tags of a file, as they were when it was opened."""

    @abstractmethod
    def values(self, name: str) -> Values:
        """Return the values of a field, one of `NAMES`."""

    @abstractmethod
    def others(self) -> Sequence[Any]:
        """Return all other fields, to be compared with those of another file."""

    @abstractmethod
    def write(self, target: BinaryIO, fields: Mapping[str, Values]) -> None:
        """Write the file, with other values of some fields, to `target`, which is empty and can be read.

        Raises
        ------
        ValueError
            There is no room for them.
        """

    def bpm(self, tempo: float) -> Values:
        """Return the values that stand for a tempo: most formats take no decimals."""
        return (f"{tempo:.0f}",)


def system_error(error: Exception) -> OSError | None:
    """Return the error of the system that an error of mutagen hides; None if the file itself is the cause.

    Examples
    --------
    >>> system_error(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    FileNotFoundError(2, 'No such file or directory')
    >>> system_error(ValueError("no sync")) is None
    True
    """
    found = error.__context__ or error
    # What is beyond a file that is too short is an invalid argument.
    return found if isinstance(found, OSError) and found.errno not in (None, errno.EINVAL) else None
