"""Samples to log-mel frames: one pure function, and a stream that only cuts samples into chunks.

Frames are computed in chunks of a fixed size. Each frame is then part of the same matrix product however the samples
arrive: any split of the samples gives bit-identical frames.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig

CHUNK_FRAMES = 16
"""Number of frames that are computed at once."""
EPSILON = np.float32(1e-9)
"""Power added to the mel power before the logarithm, about the noise floor of 16-bit audio."""


def log_mel(samples: NDArray[np.float32], config: FeatureConfig) -> NDArray[np.float32]:
    """Return the log-mel spectrogram of `samples`.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono audio at ``config.sample_rate``, full scale ±1.
    config : FeatureConfig
        Gives the sample rate, the frames and the mel bands.

    Returns
    -------
    ndarray of float32, shape (frames, n_mels)
        Natural logarithm of the mel power, nepers. Frame i covers the samples from ``i * hop`` to ``i * hop + n_fft``;
        an incomplete last frame is dropped. Equals ``log(librosa.feature.melspectrogram(center=False) + 1e-9)`` within
        1e-4.

    Examples
    --------
    The frames of a second of silence hold the logarithm of `EPSILON`:

    >>> config = FeatureConfig()
    >>> frames = log_mel(np.zeros(config.sample_rate, np.float32), config)
    >>> frames.shape
    (60, 32)
    >>> np.unique(frames.round(2)).tolist() == [np.log(EPSILON).round(2)]
    True
    """
    frames = max(0, 1 + (len(samples) - config.n_fft) // config.hop)
    chunks = [_log_mel_chunk(samples[start * config.hop :], config) for start in range(0, frames, CHUNK_FRAMES)]
    if not chunks:
        return np.empty((0, config.n_mels), np.float32)
    return np.concatenate(chunks)[:frames]


class LogMelStream:
    """Computes the frames of a stream of samples, chunk by chunk.

    It holds less than a chunk of samples.

    Parameters
    ----------
    config : FeatureConfig
        Gives the sample rate, the frames and the mel bands.

    Examples
    --------
    >>> stream = LogMelStream(FeatureConfig())
    >>> blocks = np.zeros((10, 2205), np.float32)
    >>> [len(stream.push(block)) for block in blocks]
    [0, 0, 16, 0, 0, 16, 0, 16, 0, 0]
    """

    def __init__(self, config: FeatureConfig) -> None:
        self._config = config
        self._chunk = _chunk_samples(config)
        self._rest = np.empty(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add samples and return the frames of the chunks that they complete.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            The next samples: mono audio, full scale ±1.

        Returns
        -------
        ndarray of float32, shape (frames, n_mels)
            The next frames, as `log_mel` computes them; a multiple of `CHUNK_FRAMES`, or none.
        """
        config = self._config
        rest = np.concatenate((self._rest, samples))
        step = CHUNK_FRAMES * config.hop
        chunks = max(0, 1 + (len(rest) - self._chunk) // step)
        self._rest = rest[chunks * step :]
        if not chunks:
            return np.empty((0, config.n_mels), np.float32)
        return np.concatenate([_log_mel_chunk(rest[index * step :], config) for index in range(chunks)])

    def reset(self) -> None:
        """Forget the samples of an incomplete chunk: the next samples do not follow them."""
        self._rest = np.empty(0, np.float32)


def mel_filters(config: FeatureConfig) -> NDArray[np.float32]:
    """Return triangular mel filters of equal area.

    The mel scale is that of Slaney (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above. The filters equal
    those of ``librosa.filters.mel``.

    Returns
    -------
    ndarray of float32, shape (n_mels, 1 + n_fft // 2)
        Weight of each frequency bin in each band, 1/Hz.

    Examples
    --------
    The area of each wide band is 1; narrow ones have too few bins to add up exactly:

    >>> config = FeatureConfig()
    >>> filters = mel_filters(config)
    >>> filters.shape
    (32, 513)
    >>> area = filters.sum(axis=1) * config.sample_rate / config.n_fft
    >>> bool(np.abs(area[-10:] - 1.0).max() < 0.01)
    True
    """
    low, high = _hz_to_mel(np.array([config.fmin, config.fmax]))
    edges = _mel_to_hz(np.linspace(low, high, config.n_mels + 2))
    bins = np.fft.rfftfreq(config.n_fft, 1.0 / config.sample_rate)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters: NDArray[np.float32] = (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return filters


_BREAK_HZ, _BREAK_MEL, _LOG_STEP = 1000.0, 15.0, np.log(6.4) / 27.0


def _hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(
        hz < _BREAK_HZ,
        hz * _BREAK_MEL / _BREAK_HZ,
        _BREAK_MEL + np.log(np.maximum(hz, 1.0) / _BREAK_HZ) / _LOG_STEP,
    )


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(
        mel < _BREAK_MEL,
        mel * _BREAK_HZ / _BREAK_MEL,
        _BREAK_HZ * np.exp((mel - _BREAK_MEL) * _LOG_STEP),
    )


def _chunk_samples(config: FeatureConfig) -> int:
    return (CHUNK_FRAMES - 1) * config.hop + config.n_fft


@lru_cache(maxsize=4)
def _tables(config: FeatureConfig) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the periodic Hann window, times its length, and the transposed mel filters."""
    window = (config.n_fft * np.hanning(config.n_fft + 1)[:-1]).astype(np.float32)
    return window, np.ascontiguousarray(mel_filters(config).T)


def _log_mel_chunk(samples: NDArray[np.float32], config: FeatureConfig) -> NDArray[np.float32]:
    """Return the first `CHUNK_FRAMES` frames of `samples`; zeros follow if there are too few."""
    window, filters = _tables(config)
    size = _chunk_samples(config)
    chunk = samples[:size]
    if len(chunk) < size:
        chunk = np.pad(chunk, (0, size - len(chunk)))
    # A view of overlapping frames, made by hand: numpy's sliding_window_view would make this function a fifth slower.
    step = chunk.strides[0]
    frames = np.ndarray((CHUNK_FRAMES, config.n_fft), chunk.dtype, chunk, strides=(config.hop * step, step))
    # This norm divides by the length again. With the usual one, numpy would transform in double precision.
    spectrum = np.fft.rfft(frames * window, norm="forward")
    power = spectrum.real**2 + spectrum.imag**2
    mel: NDArray[np.float32] = np.log(power @ filters + EPSILON)
    return mel
