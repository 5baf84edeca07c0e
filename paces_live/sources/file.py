"""An audio file, in real time or as fast as it is taken."""

import shlex
import stat
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.decoder import INSTALL, Decoder, Frames, load_av
from paces_live.sources.native_stderr import silence_libraries
from paces_live.sources.resample import MonoResampler

BLOCK_S = 0.25
"""Seconds that are read at once: the memory that a file takes, however long it is."""


class FileSource:
    """The samples of an audio file: what libsndfile reads, and with the extra ``radio`` what FFmpeg reads.

    Parameters
    ----------
    path : path
        The file; `name` shows its last part.
    sample_rate : int
        The engine's rate, Hz.
    fast : bool
        Yield blocks as fast as they are taken; else one comes when its last sample would have been played.
    """

    live = False

    def __init__(self, path: str | Path, sample_rate: int, *, fast: bool = False) -> None:
        self._path = Path(path)
        self._sample_rate = sample_rate
        self._fast = fast

    @property
    def name(self) -> str:
        """``file:`` and the file's name."""
        return f"file:{self._path.name}"

    @cached_property
    def title(self) -> str | None:
        """The title in the file's tags, else its name without suffix; see `file_title`."""
        from paces_live.now_playing.tags import file_title

        return file_title(self._path)

    @property
    def duration(self) -> float:
        """Length in seconds, as the file's header states it.

        Raises
        ------
        SourceError
            The file cannot be opened, or does not say.
        """
        with closing(self.open()) as audio:
            if audio.duration is None:
                raise SourceError(f"{self._path}: does not say how long it is: {self._conversion}")
            return audio.duration

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the whole file in blocks of at most a quarter of a second; see `Source.blocks`."""
        start = time.monotonic()
        given = 0
        with closing(self.open()) as audio:
            for samples in self._resampled(audio.frames()):
                given += len(samples)
                if not self._fast:
                    time.sleep(max(0.0, start + given / self._sample_rate - time.monotonic()))
                if len(samples):
                    yield Block(samples)
        if not given:
            raise SourceError(f"{self._path}: holds no samples: choose a file with music in it")

    def _resampled(self, stretches: Iterator[Frames]) -> Iterator[NDArray[np.float32]]:
        resampler: MonoResampler | None = None
        for frames, rate in stretches:
            resampler = resampler or MonoResampler(rate, self._sample_rate, name=str(self._path))
            yield resampler.push(frames)
        if resampler:
            yield resampler.flush()

    def open(self) -> "Audio":
        """Open the file with libsndfile; what that does not know, with FFmpeg. Closing it is the caller's.

        Raises
        ------
        SourceError
            The file cannot be opened.
        """
        self._check()
        # Deferred: importing soundfile takes about 50 ms and opens libsndfile.
        import soundfile

        silence_libraries()
        try:
            return _Libsndfile(soundfile.SoundFile(self._path), self._damaged)
        except soundfile.LibsndfileError:
            # Its words are about some format that it tried last, which the file never was.
            unknown = SourceError(
                f"{self._path}: is no audio that is known here: WAV, FLAC, OGG and MP3 are, "
                f"with the extra radio ({INSTALL}) m4a and more; {self._conversion}"
            )
        if (av := load_av()) is None:
            raise unknown
        try:
            return Decoder(av, str(self._path), name=str(self._path))
        except SourceError:
            raise unknown from None

    def _damaged(self, error: Exception) -> SourceError:
        return SourceError(f"{self._path}: cannot be read to its end ({_reason(error)}): {self._conversion}")

    @property
    def _conversion(self) -> str:
        return f"if it is music, convert it with: ffmpeg -i {shlex.quote(self._path.name)} song.wav"

    def _check(self) -> None:
        """Raise `SourceError` for what libsndfile would explain badly or wait for without end."""
        try:
            status = self._path.stat()
            if stat.S_ISREG(status.st_mode):
                with self._path.open("rb"):
                    pass
        except FileNotFoundError as error:
            raise SourceError(
                f"{self._path}: no such file: check the name, or see paces-live devices for other inputs"
            ) from error
        except OSError as error:
            raise SourceError(f"{self._path}: cannot be opened: {error.strerror}") from error
        if stat.S_ISDIR(status.st_mode):
            raise SourceError(f"{self._path}: is a directory: give a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{self._path}: is not a regular file: a named pipe is the input fifo:{self._path}")
        if self._path.suffix.lower() == ".raw":
            # libsndfile goes by this suffix alone, and cannot know the rate.
            raise SourceError(
                f"{self._path}: raw PCM has no header: pipe it in with its rate: "
                f"paces-live listen --input - --rate 44100 < {self._path}"
            )
        if not status.st_size:
            raise SourceError(f"{self._path}: is empty: choose a file with music in it")


class Audio(Protocol):
    """An open file; `duration` is its length in seconds, None where its header does not state one."""

    duration: float | None

    def frames(self) -> Iterator[Frames]:
        """Yield stretches of frames until the end."""

    def close(self) -> None:
        """Close it."""


class _Libsndfile:
    """A file that libsndfile has opened, read a quarter of a second at once."""

    def __init__(self, file: Any, damaged: Callable[[Exception], SourceError]) -> None:
        self._file = file
        self._damaged = damaged
        self.duration: float | None = file.frames / file.samplerate

    def frames(self) -> Iterator[Frames]:
        size = max(1, round(BLOCK_S * self._file.samplerate))
        try:
            while len(read := self._file.read(size, dtype="float32", always_2d=True)):
                yield read, self._file.samplerate
        except RuntimeError as error:  # what soundfile's error is
            raise self._damaged(error) from error

    def close(self) -> None:
        self._file.close()


def _reason(error: Exception) -> str:
    """Return libsndfile's own words, without soundfile's prefix, as a part of a line."""
    words = getattr(error, "error_string", str(error))
    return " ".join(str(words).split()).rstrip(".")
