"""Log-mel frames to periodicity: how strongly the music repeats at each lag.

The periodicity is the autocorrelation of the onset strength over the whole window, in the straight time of its tempo
curve: people who do not keep exact time repeat themselves as strongly as a machine.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.tempo_curve import EXACT_TIME, TempoCurve, tempo_curve

BAND_GROUPS = 4
"""Number of groups of mel bands that count alike in the onset strength."""
DYNAMIC_RANGE = 14.0
"""Audible range below the loudest value of the window, nepers of power (60 dB): changes below it are not onsets."""
MAX_LAG_SHARE = 0.6
"""Longest lag as a share of the window: beyond it, too few pairs of frames remain."""
MAX_LAG_BEATS = 8.5
"""Longest lag in beats of the slowest tempo: `paces_live.analysis.candidates` asks for that of 8 beats."""


@dataclass(frozen=True, slots=True)
class Periodicity:
    """Strength of repetition as a function of the lag.

    Attributes
    ----------
    strengths : ndarray of float32, shape (lags,)
        Autocorrelation at lags of 0, 1, 2, ... frames: 1 at lag 0, near 0 where nothing repeats.
    frame_rate : float
        Frames per second.
    curve : TempoCurve
        Tempo curve of the window; the lags are those of its newest tempo.
    """

    strengths: NDArray[np.float32]
    frame_rate: float
    curve: TempoCurve = EXACT_TIME

    def lag(self, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the beat period of each tempo, shape (n,), in frames."""
        return 60.0 * self.frame_rate / bpm

    def at(self, bpm: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the strength at each tempo, shape (n,), linearly interpolated between lags.

        The strength is 0 if the window is too short for the lag.
        """
        lags = np.arange(len(self.strengths))
        strengths: NDArray[np.float32] = np.interp(self.lag(bpm), lags, self.strengths, right=0.0).astype(np.float32)
        return strengths


NOTHING_REPEATS = Periodicity(np.empty(0, np.float32), 1.0)
"""The periodicity of a window that is too short for one: it has no lags."""


def onset_strength(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the onset strength of a window.

    The onset strength of a group of mel bands is the mean rise over its bands from the frame before, as
    ``librosa.onset.onset_strength_multi`` computes it. Each group is scaled to unit variance before they are added, so
    that a steady hi-hat and a sparse bass drum both count.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames, nepers of power; two at least.

    Returns
    -------
    ndarray of float32, shape (frames,)
        Of mean 0, in standard deviations of a group.

    Examples
    --------
    All bands rise by two nepers between the second frame and the third:

    >>> frames = np.repeat(np.float32([[0], [0], [2], [1]]), 32, axis=1)
    >>> [round(strength, 1) for strength in onset_strength(frames).tolist()]
    [-2.3, -2.3, 6.9, -2.3]
    """
    # The fastest of several ways (measured): a maximum with a number, a mean over a few columns and a product with a
    # transposed matrix take three to ten times as long.
    loudest = frames.max()
    audible = np.clip(frames, loudest - DYNAMIC_RANGE, loudest)
    rise = np.maximum(audible[1:], audible[:-1])
    rise -= audible[:-1]
    grouped = np.zeros((BAND_GROUPS, len(frames)), np.float32)
    grouped[:, 1:] = (rise @ _groups(frames.shape[1])).T
    grouped -= grouped.sum(axis=1, keepdims=True) / np.float32(len(frames))
    variance = np.einsum("gn,gn->g", grouped, grouped) / np.float32(len(frames))
    strength: NDArray[np.float32] = (1.0 / np.sqrt(np.maximum(variance, np.finfo(np.float32).tiny))) @ grouped
    return strength


@lru_cache(maxsize=4)
def _groups(bands: int) -> NDArray[np.float32]:
    """Return the matrix that averages the bands of each group, shape (bands, BAND_GROUPS)."""
    size = bands // BAND_GROUPS
    return np.repeat(np.eye(BAND_GROUPS, dtype=np.float32) / np.float32(size), size, axis=0)


def periodicity(frames: NDArray[np.float32], config: FeatureConfig) -> Periodicity:
    """Return the periodicity of a window.

    The autocorrelation is ``librosa.autocorrelate`` of the onset strength in straight time. It is divided by the number
    of pairs at each lag (the unbiased estimate), and normalized to 1 at lag 0.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames, nepers of power; two at least.
    config : FeatureConfig
        Gives the frame rate and the slowest tempo.

    Examples
    --------
    A click every 31 frames repeats most strongly at a lag of 31 frames:

    >>> config = FeatureConfig()
    >>> frames = np.zeros((config.window_frames, config.n_mels), np.float32)
    >>> frames[::31] = 5.0
    >>> clicks = periodicity(frames, config)
    >>> 20 + int(clicks.strengths[20:60].argmax())
    31
    >>> [round(strength, 2) for strength in clicks.at(np.array([121.24, 100.0])).tolist()]
    [1.0, -0.03]
    """
    measured = onset_strength(frames)
    curve = tempo_curve(measured, config.frame_rate)
    onsets = curve.straightened(measured)
    count = len(onsets)
    lags = int(min(MAX_LAG_SHARE * count, MAX_LAG_BEATS * config.max_lag))
    size = _fast_length(count + lags)
    # This norm divides all by the length. With the usual one, numpy would transform in double precision.
    spectrum = np.fft.rfft(onsets, size, norm="forward")
    autocorrelation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size, norm="forward")[: lags + 1]
    power = max(float(onsets @ onsets) / size, float(np.finfo(np.float32).tiny))
    pairs = (count - np.arange(lags + 1)) * (power / count)
    return Periodicity((autocorrelation / pairs).astype(np.float32), config.frame_rate, curve)


@lru_cache(maxsize=256)
def _fast_length(least: int) -> int:
    """Return the smallest length of a fast Fourier transform from `least` on: a power of two, or 3 or 5 times one."""
    powers = (factor << max(0, (-(-least // factor) - 1).bit_length()) for factor in (1, 3, 5))
    return min(powers)
