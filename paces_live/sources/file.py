"""A file that libsndfile reads, in real time or as fast as it is taken."""

import stat
import time
from collections.abc import Generator
from functools import cached_property
from pathlib import Path

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.resample import MonoResampler

BLOCK_S = 0.25
"""Seconds that are read at once: the memory that a file takes, however long it is."""


class FileSource:
    """The samples of an audio file: WAV, FLAC, OGG, MP3 and what else libsndfile reads.

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
        from paces_live.titles.tags import file_title

        return file_title(self._path)

    @property
    def duration(self) -> float:
        """Length in seconds, as the file's header states it.

        Raises
        ------
        SourceError
            The file cannot be opened.
        """
        self._check()
        import soundfile

        try:
            information = soundfile.info(str(self._path))
        except soundfile.LibsndfileError as error:
            raise self._unreadable(error) from error
        return float(information.frames / information.samplerate)

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the whole file in blocks of about a quarter of a second; see `Source.blocks`."""
        self._check()
        # Deferred: importing soundfile takes about 50 ms and opens libsndfile.
        import soundfile

        start = time.monotonic()
        given = 0
        try:
            with soundfile.SoundFile(self._path) as file:
                resampler = MonoResampler(file.samplerate, self._sample_rate, name=str(self._path))
                frames = max(1, round(BLOCK_S * file.samplerate))
                ended = False
                while not ended:
                    read = file.read(frames, dtype="float32", always_2d=True)
                    ended = not len(read)
                    samples = resampler.flush() if ended else resampler.push(read)
                    given += len(samples)
                    if not self._fast:
                        time.sleep(max(0.0, start + given / self._sample_rate - time.monotonic()))
                    if len(samples):
                        yield Block(samples)
        except soundfile.LibsndfileError as error:
            raise self._unreadable(error) from error
        if not given:
            raise SourceError(f"{self._path}: holds no samples: choose a file with music in it")

    def _unreadable(self, error: Exception) -> SourceError:
        return SourceError(
            f"{self._path}: cannot be read as audio ({_reason(error)}): WAV, FLAC, OGG and MP3 can; "
            f"convert others with: ffmpeg -i {self._path.name} song.wav"
        )

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
            raise SourceError(
                f"{self._path}: is not a regular file: read raw PCM from it with --input - < {self._path}"
            )
        if self._path.suffix.lower() == ".raw":
            # libsndfile goes by this suffix alone, and cannot know the rate.
            raise SourceError(
                f"{self._path}: raw PCM has no header: pipe it in with its rate: "
                f"paces-live listen --input - --rate 44100 < {self._path}"
            )
        if not status.st_size:
            raise SourceError(f"{self._path}: is empty: choose a file with music in it")


def _reason(error: Exception) -> str:
    """Return libsndfile's own words, without soundfile's prefix, as a part of a line."""
    words = getattr(error, "error_string", str(error))
    return " ".join(str(words).split()).rstrip(".")
