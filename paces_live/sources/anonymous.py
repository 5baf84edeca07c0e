"""A pipe without a name that is given as a path: ``/dev/stdin``, ``/dev/fd/3``, or ``<(command)`` in a shell."""

import os
from collections.abc import Generator
from pathlib import Path

from paces_live.errors import cannot_open
from paces_live.sources.block import Block
from paces_live.sources.pcm import PipeWithPath
from paces_live.text import shown_path


class AnonymousPipeSource(PipeWithPath):
    """Raw PCM or an encoded file from a pipe that nobody else can open: it ends when its writer does."""

    live = False

    @property
    def name(self) -> str:
        """``pipe:`` and the path as people see it, see `shown_path`."""
        return f"pipe:{shown_path(self._path)}"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield samples as they come, and an empty block every half second without data; see `Source.blocks`."""
        try:
            # Without O_NONBLOCK, this waits forever if the writer has left already.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise cannot_open(shown_path(self._path), error) from error
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            yield from self._reader(stream, self.name).blocks()


def is_anonymous_pipe(path: str | Path) -> bool:
    """Return whether `path` leads to a pipe that has no name in any folder.

    Examples
    --------
    >>> reader, writer = os.pipe()
    >>> is_anonymous_pipe(f"/dev/fd/{reader}"), is_anonymous_pipe("/dev/null")
    (True, False)
    >>> os.close(reader), os.close(writer)
    (None, None)
    """
    try:
        # What such a path leads to reads "pipe:[123]", where there is nothing.
        return Path(path).is_fifo() and not os.path.lexists(os.path.realpath(path))
    except OSError:
        return False  # opening it will say why
