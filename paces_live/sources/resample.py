"""Frames at any rate to mono samples at another."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.decoder import DecodedFrames
from paces_live.sources.downmix import Downmix

RATE_MIN, RATE_MAX = 6_000, 384_000
"""Sample rates that are accepted, Hz: below, drums lose their attacks; above, it is a mistake."""
LOUDEST = 1e6
"""Largest believable sample; full scale is 1. Beyond it, the data are broken or in another format."""


class MonoResampler:
    """Turns a stream of frames into mono samples at another rate.

    Any split of the frames into pushes gives the same samples, bit for bit, once flushed: channels are mixed frame by
    frame, see `Downmix`, and soxr keeps its state between pushes. A push lags by 10 to 100 ms (most for low rates), and
    the flush returns the rest. Sample n belongs to the time n / `sample_rate` after the first frame. Equal rates need
    no soxr.

    Parameters
    ----------
    rate, sample_rate : int
        Hz in and out.
    name : str
        What error messages call the source.

    Raises
    ------
    SourceError
        `rate` is outside 6,000 to 384,000 Hz, or (on `push`) samples are not finite or absurdly loud.

    Examples
    --------
    >>> resampler = MonoResampler(44_100, 22_050, name="example")
    >>> samples = [resampler.push(np.zeros((44_100, 2), np.float32)), resampler.flush()]
    >>> sum(len(part) for part in samples)
    22050
    """

    def __init__(self, rate: int, sample_rate: int, *, name: str) -> None:
        if not RATE_MIN <= rate <= RATE_MAX:
            raise SourceError(
                f"{name}: sample rate {rate} is out of range", hint=f"convert it to {RATE_MIN} to {RATE_MAX} Hz"
            )
        self._name = name
        self._downmix = Downmix()
        self._stream: Any = None
        if rate != sample_rate:
            # Deferred: other commands and equal rates do not need soxr.
            import soxr

            self._stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mono samples that `frames`, shape (n,) or (n, channels), complete; a new array."""
        if not len(frames):
            return np.empty(0, dtype=np.float32)
        check_samples(frames, self._name)
        mono = self._downmix.push(frames)
        if self._stream is None:
            return mono
        return np.asarray(self._stream.resample_chunk(mono), dtype=np.float32)

    def flush(self) -> NDArray[np.float32]:
        """Return the samples that are still inside, and end the stream."""
        empty = np.empty(0, dtype=np.float32)
        if self._stream is None:
            return empty
        return np.asarray(self._stream.resample_chunk(empty, last=True), dtype=np.float32)


def mono_blocks(pieces: Iterable[DecodedFrames], sample_rate: int, *, name: str) -> Iterator[Block]:
    """Yield decoded pieces as blocks at `sample_rate`; their rate and channels may change on the way.

    Parameters
    ----------
    pieces : iterable of DecodedFrames
    sample_rate : int
        Hz.
    name : str
        What error messages call the source.

    Raises
    ------
    SourceError
        As `MonoResampler` does.

    Examples
    --------
    >>> silence = np.zeros((4_410, 2), np.float32)
    >>> pieces = [DecodedFrames(silence, 44_100), DecodedFrames(silence[:800], 8_000)]
    >>> sum(len(block.samples) for block in mono_blocks(pieces, 22_050, name="example"))
    4410
    """
    resampler: MonoResampler | None = None
    rate = 0
    for piece in pieces:
        if resampler is None or piece.rate != rate:
            if resampler is not None:
                yield Block(resampler.flush())
            rate = piece.rate
            resampler = MonoResampler(rate, sample_rate, name=name)
        samples = resampler.push(piece.frames)
        yield Block(samples, damaged=round(piece.damaged * sample_rate / rate))
    if resampler is not None:
        yield Block(resampler.flush())


def check_samples(frames: NDArray[np.float32], name: str) -> None:
    """Raise `SourceError` if samples are not finite or absurdly loud.

    Parameters
    ----------
    frames : ndarray of float32, shape (n,) or (n, channels)
    name : str
        Their source, for the message.

    Examples
    --------
    >>> check_samples(np.array([0.1, np.nan], np.float32), "song.wav")
    Traceback (most recent call last):
        ...
    paces_live.errors.SourceError: song.wav: the samples are broken (NaN, infinite or far beyond full scale): ...
    """
    # One comparison catches NaN, infinities and absurd values: it is false for NaN.
    if len(frames) and not float(np.abs(frames).max()) <= LOUDEST:
        raise SourceError(
            f"{name}: the samples are broken (NaN, infinite or far beyond full scale)",
            hint="check the format and rate, or convert the audio again",
            code="source.unreadable",
        )
