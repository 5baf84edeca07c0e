"""An audio file, in real time or as fast as it is taken."""

import shlex
import stat
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from paces_live.errors import SourceError, cannot_open
from paces_live.sources import libsndfile
from paces_live.sources.block import Block
from paces_live.sources.decoder import DecodedFrames, Decoder, has_decoder
from paces_live.sources.resample import mono_blocks
from paces_live.text import shown_path


class FileSource:
    """The samples of an audio file, or of a part of it.

    Parameters
    ----------
    path : path
        The file; `name` shows its last part.
    sample_rate : int
        Sample rate of the blocks, Hz.
    fast : bool
        Yield blocks as fast as they are taken, instead of when their last sample would have been played.
    start, end : float, optional
        The part of the file, seconds; a CUE sheet has such parts.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> source = FileSource(excerpt(), 22_050, fast=True)
    >>> source.name
    'file:demo.ogg'
    >>> sum(len(block.samples) for block in source.blocks()) / 22_050
    91.0
    """

    live = False

    def __init__(
        self,
        path: str | Path,
        sample_rate: int,
        *,
        fast: bool = False,
        start: float = 0.0,
        end: float | None = None,
    ) -> None:
        self.path = Path(path)
        self._sample_rate = sample_rate
        self._fast = fast
        self._start, self._end = start, end

    @property
    def name(self) -> str:
        """``file:`` and the file's name as people see it, see `shown_path`."""
        return f"file:{shown_path(self.path.name)}"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the whole file in blocks of about a quarter of a second; see `Source.blocks`."""
        begun = time.monotonic()
        given = 0
        with closing(read_audio(self.path, start=self._start, end=self._end)) as pieces:
            for block in mono_blocks(pieces, self._sample_rate, name=shown_path(self.path)):
                given += len(block.samples)
                if not self._fast:
                    time.sleep(max(0.0, begun + given / self._sample_rate - time.monotonic()))
                if len(block.samples):
                    yield block


def read_audio(path: Path, *, start: float = 0.0, end: float | None = None) -> Generator[DecodedFrames, None, None]:
    """Yield the frames of a file as they are in it, from `start` to `end` seconds.

    FFmpeg decodes it. Only where PyAV is not installed does libsndfile, which reads fewer formats.

    Raises
    ------
    SourceError
        The file cannot be opened or decoded, or there are no samples in it.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> round(sum(len(piece.frames) / piece.rate for piece in read_audio(excerpt(), start=1.5, end=4.0)), 3)
    2.5
    """
    _check(path)
    name = shown_path(path)
    given = 0
    try:
        with path.open("rb", buffering=0) as file:
            if has_decoder():
                with closing(Decoder(file, name=name)) as decoder:
                    for piece in part(decoder.frames(), start, end):
                        given += len(piece.frames)
                        yield piece
            else:
                for piece in part(libsndfile.read(file, name=name), start, end):
                    given += len(piece.frames)
                    yield piece
    except OSError as error:
        raise cannot_open(name, error) from error
    if not given:
        raise SourceError(f"{name}: holds no samples", hint="choose a file with music in it")


def part(pieces: Iterable[DecodedFrames], start: float, end: float | None) -> Iterator[DecodedFrames]:
    """Yield what lies from `start` to `end` seconds; None is the end of the pieces.

    Examples
    --------
    >>> import numpy as np
    >>> whole = [DecodedFrames(np.zeros((1000, 2), np.float32), 8000) for _ in range(4)]
    >>> [len(piece.frames) for piece in part(whole, 0.1875, 0.375)]
    [500, 1000]
    """
    now = 0.0
    for piece in pieces:
        first = max(0, round((start - now) * piece.rate))
        last = len(piece.frames) if end is None else max(0, round((end - now) * piece.rate))
        now += len(piece.frames) / piece.rate
        frames = piece.frames[first:last]
        if len(frames):
            yield DecodedFrames(frames, piece.rate, min(piece.damaged, len(frames)))
        if end is not None and now >= end:
            return


def _check(path: Path) -> None:
    """Raise `SourceError` for paths that a decoder would explain badly or wait for forever."""
    name = shown_path(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        hint = "check the name, or see paces-live devices for other inputs"
        raise cannot_open(name, error, hint=hint) from error
    if stat.S_ISDIR(status.st_mode):
        raise SourceError(f"{name}: is a directory", hint="give a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(f"{name}: is not a regular file", hint=f"for a named pipe use the input fifo:{name}")
    if path.suffix.lower() == ".raw":
        raise SourceError(
            f"{name}: raw PCM has no header",
            hint=f"pipe it in with its rate: paces-live listen --input - --rate 44100 < {shlex.quote(name)}",
        )
    if not status.st_size:
        raise SourceError(f"{name}: is empty", hint="choose a file with music in it")
