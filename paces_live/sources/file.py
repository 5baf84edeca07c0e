"""An audio file, in real time or as fast as it is taken."""

import os
import shlex
import stat
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.decoder import INSTALL, Decoder, Frames, load_av
from paces_live.sources.native_stderr import silence_native_stderr
from paces_live.sources.resample import MonoResampler

BLOCK_S = 0.25
"""Seconds that are read at once; they limit the memory that a file takes, however long it is."""


class FileSource:
    """The samples of an audio file: what libsndfile reads, and with the extra ``radio`` what FFmpeg reads.

    Parameters
    ----------
    path : path
        The file; `name` shows its last part.
    sample_rate : int
        Sample rate of the blocks, Hz.
    fast : bool
        Yield blocks as fast as they are taken, instead of when their last sample would have been played.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> source = FileSource(excerpt(), 22_050, fast=True)
    >>> source.name, source.duration
    ('file:demo.ogg', 91.0)
    >>> sum(len(block.samples) for block in source.blocks()) / 22_050
    91.0
    """

    live = False

    def __init__(self, path: str | Path, sample_rate: int, *, fast: bool = False) -> None:
        self.path = Path(path)
        self._sample_rate = sample_rate
        self._fast = fast

    @property
    def name(self) -> str:
        """``file:`` and the file's name; a byte of it that is not UTF-8 is a question mark."""
        return f"file:{self.path.name.encode('utf-8', 'replace').decode()}"

    @property
    def duration(self) -> float:
        """Length in seconds, as the file's header states it.

        Raises
        ------
        SourceError
            The file cannot be opened, or does not say.
        """
        with closing(open_audio(self.path)) as audio:
            if audio.duration is None:
                raise SourceError(f"{self.path}: does not say how long it is", hint=_conversion(self.path))
            return audio.duration

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the whole file in blocks of at most a quarter of a second; see `Source.blocks`."""
        start = time.monotonic()
        given = 0
        with closing(open_audio(self.path)) as audio:
            for samples in self._resampled(audio.frames()):
                given += len(samples)
                if not self._fast:
                    time.sleep(max(0.0, start + given / self._sample_rate - time.monotonic()))
                if len(samples):
                    yield Block(samples)
        if not given:
            raise no_samples(self.path)

    def _resampled(self, stretches: Iterator[Frames]) -> Iterator[NDArray[np.float32]]:
        resampler: MonoResampler | None = None
        for frames, rate in stretches:
            resampler = resampler or MonoResampler(rate, self._sample_rate, name=str(self.path))
            yield resampler.push(frames)
        if resampler:
            yield resampler.flush()


class Audio(Protocol):
    """An open file; `duration` is its length in seconds, None if its header does not state one."""

    duration: float | None

    def frames(self) -> Iterator[Frames]:
        """Yield stretches of frames until the end."""

    def close(self) -> None:
        """Close it."""


def open_audio(path: Path) -> Audio:
    """Open a file with libsndfile, or with FFmpeg if libsndfile does not know it; the caller closes it.

    Raises
    ------
    SourceError
        The file cannot be opened.
    """
    _check(path)
    # Deferred: importing soundfile takes about 50 ms and opens libsndfile.
    import soundfile

    silence_native_stderr()
    try:
        return _Libsndfile(soundfile.SoundFile(os.fsencode(path)), path)
    except soundfile.LibsndfileError:
        # Its message is about some format that it tried last, which the file never had.
        unknown = SourceError(
            f"{path}: is not audio that paces-live reads",
            hint=f"choose WAV, FLAC, OGG or MP3, or m4a and more with the extra radio: {INSTALL}; {_conversion(path)}",
            code="source.unreadable",
        )
    if (av := load_av()) is None:
        raise unknown
    try:
        return Decoder(av, str(path), name=str(path))
    except SourceError:
        raise unknown from None


def no_samples(path: Path) -> SourceError:
    """Return the error for a file without samples."""
    return SourceError(f"{path}: holds no samples", hint="choose a file with music in it")


def _conversion(path: Path) -> str:
    return f"if it is music, convert it with: ffmpeg -i {shlex.quote(path.name)} song.wav"


class _Libsndfile:
    """A file that libsndfile has opened, read a quarter of a second at a time."""

    def __init__(self, file: Any, path: Path) -> None:
        self._file = file
        self._path = path
        self.duration: float | None = file.frames / file.samplerate

    def frames(self) -> Iterator[Frames]:
        size = max(1, round(BLOCK_S * self._file.samplerate))
        try:
            while len(read := self._file.read(size, dtype="float32", always_2d=True)):
                yield read, self._file.samplerate
        except RuntimeError as error:  # what soundfile's error is
            raise SourceError(
                f"{self._path}: cannot be read to its end ({_reason(error)})",
                hint=_conversion(self._path),
                code="source.unreadable",
            ) from error

    def close(self) -> None:
        self._file.close()


def _check(path: Path) -> None:
    """Raise `SourceError` for paths that libsndfile would explain badly or wait for forever."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            with path.open("rb"):
                pass
    except FileNotFoundError as error:
        raise SourceError(
            f"{path}: no such file",
            hint="check the name, or see paces-live devices for other inputs",
            code="source.not_found",
        ) from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}", hint="check its permissions") from error
    if stat.S_ISDIR(status.st_mode):
        raise SourceError(f"{path}: is a directory", hint="give a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(f"{path}: is not a regular file", hint=f"for a named pipe use the input fifo:{path}")
    if path.suffix.lower() == ".raw":
        # libsndfile decides by this suffix alone, and cannot know the rate.
        raise SourceError(
            f"{path}: raw PCM has no header",
            hint=f"pipe it in with its rate: paces-live listen --input - --rate 44100 < {path}",
        )
    if not status.st_size:
        raise SourceError(f"{path}: is empty", hint="choose a file with music in it")


def _reason(error: Exception) -> str:
    """Return the message of libsndfile as a part of a line, without the prefix of soundfile."""
    words = getattr(error, "error_string", str(error))
    return " ".join(str(words).split()).rstrip(".")
