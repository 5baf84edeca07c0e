"""From frames at any rate to mono samples at the engine's rate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError

RATE_MIN, RATE_MAX = 8_000, 192_000
"""Sample rates that are accepted, Hz: below, the drums have lost their attacks; above, it is a mistake."""
LOUDEST = 1e6
"""Largest believable sample, full scale being 1: beyond it the data are broken or of another format."""


class MonoResampler:
    """A stream of frames turned into mono samples at another rate.

    Any split of the frames into pushes gives the same samples, bit for bit, once flushed: channels are
    averaged frame by frame, and soxr keeps its state between pushes. What a push returns lags by 10 to 100 ms
    (most for low rates) and the flush gives the rest; sample n belongs to the time n / `sample_rate` after
    the first frame. Equal rates pass unchanged, without soxr.

    Parameters
    ----------
    rate, sample_rate : int
        Hz in and out.
    name : str
        What an error calls the source.

    Raises
    ------
    SourceError
        `rate` is outside 8,000 to 192,000 Hz, or (on `push`) samples are not finite or absurdly loud.
    """

    def __init__(self, rate: int, sample_rate: int, *, name: str) -> None:
        if not RATE_MIN <= rate <= RATE_MAX:
            raise SourceError(f"{name}: sample rate {rate} is out of range: convert it to {RATE_MIN} to {RATE_MAX} Hz")
        self._name = name
        self._stream: Any = None
        if rate != sample_rate:
            # Deferred: soxr and its library are needed by none of the other commands, nor by equal rates.
            import soxr

            self._stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mono samples that `frames`, shape (n,) or (n, channels), complete; a new array."""
        if not len(frames):
            return np.empty(0, dtype=np.float32)
        # One comparison catches NaN, infinities and absurd values: it is false for NaN.
        if not float(np.abs(frames).max()) <= LOUDEST:
            raise SourceError(
                f"{self._name}: the samples are broken (NaN, infinite or far beyond full scale): "
                "check the format and rate, or convert the audio anew"
            )
        if frames.ndim == 1 or frames.shape[1] == 1:
            mono = frames.reshape(-1).astype(np.float32)
        else:
            mono = frames.mean(axis=1, dtype=np.float64).astype(np.float32)
        if self._stream is None:
            return mono
        return np.asarray(self._stream.resample_chunk(mono), dtype=np.float32)

    def flush(self) -> NDArray[np.float32]:
        """Return the samples still inside; the stream is then at its end."""
        empty = np.empty(0, dtype=np.float32)
        if self._stream is None:
            return empty
        return np.asarray(self._stream.resample_chunk(empty, last=True), dtype=np.float32)
