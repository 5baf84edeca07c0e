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

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.pcm import POLL_S, PcmFormat, PipeSource, check_pcm

AHEAD_S = 1.0
"""A writer may give so much at once; only a pause that is longer than what it gave is a pause of the music."""
CAPACITY = 1 << 20
"""Bytes that the pipe should hold, the most that Linux grants, 6 s of CD sound: MPD throws away what does not fit."""


class FifoSource:
    """Raw PCM from a named pipe whose writers come and go.

    While nothing is written it gives silence, as long as the pause: so a song ends in it, as it does where a player
    pauses at the sound card.

    Parameters
    ----------
    path : path
        The pipe.
    rate, format, channels
        Of the samples, as for `PipeSource`; MPD's ``44100:16:2`` unless given.
    sample_rate : int
        The engine's rate, Hz.

    Raises
    ------
    UsageError
        `rate`, `format` or `channels` is none that can be read.
    """

    live = True

    def __init__(
        self,
        path: str | Path,
        rate: int = 44_100,
        format: PcmFormat = "s16le",  # noqa: A002 - the name of the option
        channels: int = 2,
        *,
        sample_rate: int,
    ) -> None:
        check_pcm(rate, format, channels)
        self._path = Path(path)
        self._rate, self._format, self._channels = rate, format, channels
        self._sample_rate = sample_rate
        self._note: str | None = None

    @property
    def name(self) -> str:
        """``fifo:`` and the pipe's name."""
        return f"fifo:{self._path.name}"

    @property
    def note(self) -> str | None:
        """That nobody writes, while that is so."""
        return self._note

    def blocks(self) -> Generator[Block, None, None]:
        """Yield what is written when it comes, and silence while nothing is, without end."""
        stream = self._open()
        if stream is None:
            raise SourceError(
                f"{self._path}: no such named pipe: start what writes it, or make it: mkfifo {self._path}"
            )
        pause = _Pause(self._sample_rate)
        try:
            while True:
                if stream is None:
                    time.sleep(POLL_S)
                    yield pause.silence()
                else:
                    yield from self._written(stream, pause)
                self._note = f"waiting for a program that writes into {self._path.name}"
                # Opened before the old one is closed: a pipe that nobody reads breaks under its writer.
                before, stream = stream, self._open()
                if before:
                    before.close()
        finally:
            if stream:
                stream.close()

    def _written(self, stream: BinaryIO, pause: "_Pause") -> Generator[Block, None, None]:
        """Yield what comes from `stream` until its last writer leaves or the path names another pipe."""
        pipe = PipeSource(
            stream, self._rate, self._format, self._channels, sample_rate=self._sample_rate, name=self.name
        )
        for samples in pipe.samples():
            if len(samples):
                self._note = None
                pause.over(len(samples))
                yield Block(samples)
                continue
            yield pause.silence()
            # A writer that starts anew may make the pipe anew: ours is then an old one without a name.
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_ino != os.fstat(stream.fileno()).st_ino:
                    return

    def _open(self) -> BinaryIO | None:
        """Open the pipe without waiting for a writer; None where there is no such path."""
        try:
            if not stat.S_ISFIFO(self._path.stat().st_mode):
                raise SourceError(f"{self._path}: is not a named pipe: give a file's path without fifo:")
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(f"{self._path}: cannot be opened: {error.strerror}") from error
        with contextlib.suppress(OSError):  # the system's limit is lower, or the pipe is fuller, than that
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CAPACITY)
        return os.fdopen(descriptor, "rb", buffering=0)


def is_fifo(path: str | Path) -> bool:
    """Tell whether `path` is a named pipe, as far as it can be seen."""
    try:
        return Path(path).is_fifo()
    except OSError:
        return False  # the path is too long, or leads through what is not ours: whoever opens it says so


class _Pause:
    """How much silence a pause of the writer is worth: what the clock is ahead of the samples."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._until = time.monotonic()

    def over(self, count: int) -> None:
        """Note that `count` samples have come, which last from now on or from the end of those before."""
        now = time.monotonic()
        self._until = min(max(self._until, now) + count / self._sample_rate, now + AHEAD_S)

    def silence(self) -> Block:
        """Return the silence since the last samples ended, or since it was last asked for."""
        now = time.monotonic()
        count = max(0, round((now - self._until) * self._sample_rate))
        self._until += count / self._sample_rate
        return Block(np.zeros(count, np.float32))
