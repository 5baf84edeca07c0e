"""A named pipe that raw PCM is written into, such as MPD's fifo output."""

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError, cannot_open
from paces_live.events import Condition
from paces_live.sources.block import POLL_S, Block
from paces_live.sources.pcm import PipeWithPath
from paces_live.text import shown_path

AHEAD_S = 1.0
"""Audio that a writer may give at once, seconds; only a longer pause is a pause of the music."""
CAPACITY = 1 << 20
"""Bytes that the pipe should hold, the most that Linux grants: 6 s of CD sound. MPD discards what does not fit."""


class FifoSource(PipeWithPath):
    """Raw PCM from a named pipe whose writers come and go.

    While nobody writes, it gives silence, as long as the pause. So a song ends in it, as it does if a player pauses at
    the sound card.
    """

    live = True

    _condition: Condition | None = None

    @property
    def name(self) -> str:
        """``fifo:`` and the pipe's name as people see it, see `shown_path`."""
        return f"fifo:{shown_path(self._path.name)}"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield samples as they are written, and silence while nobody writes, without end; see `Source.blocks`."""
        stream = self._open()
        if stream is None:
            raise SourceError(
                f"{shown_path(self._path)}: no such named pipe",
                hint=f"start the program that writes it, or create it: mkfifo {shown_path(self._path)}",
                code="source.not_found",
            )
        pause = _Pause(self._sample_rate)
        waiting = Condition("waiting", f"waiting for a program that writes into {shown_path(self._path.name)}")
        # Until the first samples come.
        self._condition = waiting
        try:
            while True:
                if stream is None:
                    time.sleep(POLL_S)
                    yield self._silence(pause)
                else:
                    yield from self._written(stream, pause)
                self._condition = waiting
                # Opened before the old one is closed: a pipe that nobody reads breaks under its writer.
                before, stream = stream, self._open()
                if before:
                    before.close()
        finally:
            if stream:
                stream.close()

    def _written(self, stream: BinaryIO, pause: "_Pause") -> Generator[Block, None, None]:
        """Yield what comes from `stream` until its last writer leaves or the path names another pipe."""
        for samples in self._reader(stream, self.name).samples():
            if len(samples):
                self._condition = None
                pause.over(len(samples))
                yield Block(samples)
                continue
            yield self._silence(pause)
            # A writer that starts again may create the pipe again: ours is then an old one without a name.
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_ino != os.fstat(stream.fileno()).st_ino:
                    return

    def _silence(self, pause: "_Pause") -> Block:
        return Block(pause.silence(), condition=self._condition)

    def _open(self) -> BinaryIO | None:
        """Open the pipe without waiting for a writer; None if there is no such path."""
        try:
            if not stat.S_ISFIFO(self._path.stat().st_mode):
                raise SourceError(
                    f"{shown_path(self._path)}: is not a named pipe", hint="give the path of a file without fifo:"
                )
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise cannot_open(shown_path(self._path), error) from error
        with contextlib.suppress(OSError):  # the limit of the system is lower, or the pipe holds more
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CAPACITY)
        return os.fdopen(descriptor, "rb", buffering=0)


def is_fifo(path: str | Path) -> bool:
    """Return whether `path` is a named pipe that we can see.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.mkfifo(f"{folder}/mpd.fifo")
    ...     is_fifo(f"{folder}/mpd.fifo"), is_fifo(folder)
    (True, False)
    """
    try:
        return Path(path).is_fifo()
    except OSError:
        return False  # the path is too long, or we may not follow it: opening it will say so


class _Pause:
    """How much silence a pause of the writer is: the time by which the clock is ahead of the samples."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._until = time.monotonic()

    def over(self, count: int) -> None:
        """Note that `count` samples have come; they last from now, or from the end of those before."""
        now = time.monotonic()
        self._until = min(max(self._until, now) + count / self._sample_rate, now + AHEAD_S)

    def silence(self) -> NDArray[np.float32]:
        """Return the silence since the last samples ended, or since the last call."""
        now = time.monotonic()
        count = max(0, round((now - self._until) * self._sample_rate))
        self._until += count / self._sample_rate
        return np.zeros(count, np.float32)
