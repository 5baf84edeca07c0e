"""Log-mel frames to periodicity: how strongly the music repeats at each lag.

The periodicity is the autocorrelation of the onset strength over the whole window. It is averaged over a few groups of
mel bands, so that a steady hi-hat and a sparse bass drum both count.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig

BAND_GROUPS = 4
"""Number of groups of mel bands with an onset strength of their own."""
DYNAMIC_RANGE = 14.0
"""Audible range below the loudest value of the window, nepers of power (60 dB): changes below it are not onsets."""
MAX_LAG_SHARE = 0.6
"""Longest lag as a share of the window: beyond it, too few pairs of frames remain."""
MAX_LAG_BEATS = 8.5
"""Longest lag in beats of the slowest tempo: `paces_live.analysis.candidates.refine` follows that tempo to 8 beats."""


@dataclass(frozen=True, slots=True)
class Periodicity:
    """Strength of repetition as a function of the lag.

    Attributes
    ----------
    strengths : ndarray of float32, shape (lags,)
        Autocorrelation at lags of 0, 1, 2, ... frames: 1 at lag 0, near 0 where nothing repeats.
    frame_rate : float
        Frames per second.
    """

    strengths: NDArray[np.float32]
    frame_rate: float

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


def onset_strength(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the onset strength of each group of mel bands.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames, nepers of power.

    Returns
    -------
    ndarray of float32, shape (frames - 1, BAND_GROUPS)
        Mean rise over the bands of a group from one frame to the next, nepers, as
        ``librosa.onset.onset_strength_multi`` computes it.

    Examples
    --------
    All bands rise by two nepers between the second frame and the third:

    >>> frames = np.repeat(np.float32([[0], [0], [2], [1]]), 32, axis=1)
    >>> onset_strength(frames).tolist()
    [[0.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]]
    """
    audible = np.maximum(frames, frames.max() - DYNAMIC_RANGE)
    rise = np.diff(audible, axis=0)
    np.maximum(rise, 0.0, out=rise)
    # The matrix is mostly zeros, yet the product is far faster than numpy's mean over a short axis.
    grouped: NDArray[np.float32] = rise @ _groups(frames.shape[1])
    return grouped


@lru_cache(maxsize=4)
def _groups(bands: int) -> NDArray[np.float32]:
    """Return the matrix that averages the bands of each group, shape (bands, BAND_GROUPS)."""
    size = bands // BAND_GROUPS
    return np.repeat(np.eye(BAND_GROUPS, dtype=np.float32) / np.float32(size), size, axis=0)


def periodicity(frames: NDArray[np.float32], config: FeatureConfig) -> Periodicity:
    """Return the periodicity of a window.

    The autocorrelation of each group of bands is ``librosa.autocorrelate`` of its onset strength less the mean. It is
    divided by the number of pairs at each lag (the unbiased estimate), normalized to 1 at lag 0, and averaged over the
    groups.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames, nepers of power; two at least.
    config : FeatureConfig
        Gives the frame rate and the slowest tempo.

    Examples
    --------
    A click every 43 frames repeats most strongly at a lag of 43 frames:

    >>> config = FeatureConfig()
    >>> frames = np.zeros((config.window_frames, config.n_mels), np.float32)
    >>> frames[::43] = 5.0
    >>> clicks = periodicity(frames, config)
    >>> 20 + int(clicks.strengths[20:80].argmax())
    43
    >>> [round(strength, 2) for strength in clicks.at(np.array([120.18, 100.0])).tolist()]
    [1.0, -0.02]
    """
    onsets = onset_strength(frames)
    count = len(onsets)
    lags = int(min(MAX_LAG_SHARE * count, MAX_LAG_BEATS * config.max_lag))
    size = 1 << (count + lags).bit_length()
    centred = onsets - onsets.mean(axis=0)
    spectrum = np.fft.rfft(centred, size, axis=0)
    power = np.maximum(np.einsum("ng,ng->g", centred, centred), np.finfo(np.float32).tiny)
    # Average the groups before the inverse transform: one inverse transform then does for all.
    mean = (spectrum.real**2 + spectrum.imag**2) @ (1.0 / (power * BAND_GROUPS))
    pairs = (count - np.arange(lags + 1)) / count
    strengths = (np.fft.irfft(mean, size)[: lags + 1] / pairs).astype(np.float32)
    return Periodicity(strengths, config.frame_rate)
