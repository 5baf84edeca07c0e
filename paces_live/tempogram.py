"""Log-mel frames to a tempogram, and its peaks to candidate tempi.

The tempogram is the autocorrelation of the onset strength over the whole window, averaged over a few groups of mel
bands, so that a steady hi-hat and a sparse bass drum both count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.config import FeatureConfig

BAND_GROUPS = 4
DYNAMIC_RANGE = 14.0
"""Nepers of power (60 dB) below the window's loudest value, under which differences are not heard as onsets."""
SAME, ONE_PEAK = 0.02, 0.05
"""Tempi closer than the first ratio are the same; of two closer than the second, the one that repeats less is a side
lobe of the other."""
LONGEST_LAG = 0.6
"""Longest lag used, as a part of the window: beyond it too few pairs of frames remain."""


@dataclass(frozen=True, slots=True)
class Tempogram:
    """Strength of repetition at each lag.

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
        """Return the beat period of `bpm` in frames."""
        return 60.0 * self.frame_rate / bpm

    def at(self, bpm: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the strength at each tempo, interpolated; 0 where the window is too short to tell."""
        lags = np.arange(len(self.strengths))
        strengths: NDArray[np.float32] = np.interp(self.lag(bpm), lags, self.strengths, right=0.0).astype(np.float32)
        return strengths


def onset_strength(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the onset strength of each group of bands, shape (frames - 1, BAND_GROUPS).

    Mean rise of the log-mel power over the group, as ``librosa.onset.onset_strength_multi`` with one-frame lag.
    """
    audible = np.maximum(frames, frames.max() - DYNAMIC_RANGE)
    rise = np.maximum(np.diff(audible, axis=0), 0.0)
    grouped: NDArray[np.float32] = rise.reshape(len(rise), BAND_GROUPS, -1).mean(axis=2)
    return grouped


def tempogram(frames: NDArray[np.float32], config: FeatureConfig) -> Tempogram:
    """Return the tempogram of a window of log-mel frames, shape (frames, n_mels).

    The autocorrelation of each group is that of librosa (``librosa.autocorrelate`` of the onset strength less its
    mean), made unbiased by the number of pairs at each lag, normalised to 1 at lag 0 and averaged over the groups.
    """
    onsets = onset_strength(frames)
    count = len(onsets)
    lags = int(min(LONGEST_LAG * count, 8.5 * config.max_lag))
    size = 1 << (count + lags).bit_length()
    spectrum = np.fft.rfft(onsets - onsets.mean(axis=0), size, axis=0)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=0)[: lags + 1]
    pairs = (count - np.arange(lags + 1)) / count
    power = np.maximum(correlation[0], np.finfo(np.float32).tiny)
    strengths = (correlation / power / pairs[:, None]).mean(axis=1).astype(np.float32)
    return Tempogram(strengths, config.frame_rate)


def candidates(
    gram: Tempogram,
    config: FeatureConfig,
    *,
    count: int,
    also: Sequence[float] = (),
    target: float | None = None,
) -> NDArray[np.float64]:
    """Return up to `count` distinct tempi worth judging, in beats per minute.

    In order of precedence: the tempi in `also` (those being tracked), the strongest peak near `target`, the strongest
    peaks, and the double and half of these (the double of a beat that nobody plays is no peak, yet one may
    step at it). All are refined to a fraction of a lag.
    """
    peaks = _peaks(gram, config)
    strongest = np.concatenate([peaks, np.repeat(peaks[:4], 2) * np.tile([2.0, 0.5], len(peaks[:4]))])
    # The doubles and halves of the strongest get a place before the weakest peaks.
    order = np.concatenate([peaks[: count // 2], strongest[len(peaks) :], peaks[count // 2 :]])
    proposed = np.concatenate([np.asarray(also, float), _near(peaks, target), order])
    refined = refine(gram, proposed)
    # What moves further than half a lag was no peak: it is judged where it stands.
    refined = np.where(np.abs(refined / proposed - 1.0) < 0.04, refined, proposed)
    # A tempo at the very end of the range may come out just beyond it.
    clipped = np.clip(refined, config.spm_min, config.spm_max)
    inside = np.abs(refined / clipped - 1.0) < 0.002
    tracked = np.arange(len(proposed)) < len(also)
    return _distinct(clipped[inside], gram.at(clipped[inside]), tracked[inside])[:count]


def refine(gram: Tempogram, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `bpm` moved to the nearest tempogram peak, to a small fraction of a lag.

    The peak is interpolated by a parabola, and followed to 2, 4, 8 and 16 times the lag, where the same error of
    position means an ever smaller error of tempo. A multiple at which nothing repeats is not followed.
    """
    lags = gram.lag(bpm)
    for multiple in (1, 2, 4, 8, 16):
        position, strength = _parabolic(gram.strengths, lags * multiple)
        inside = lags * multiple < len(gram.strengths) - 3
        near = np.abs(position - lags * multiple) <= 1.5
        lags = np.where(inside & near & (strength > 0.05), position / multiple, lags)
    tempi: NDArray[np.float64] = 60.0 * gram.frame_rate / lags
    return tempi


def _parabolic(
    strengths: NDArray[np.float32], lags: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return position and height of the peak within one frame of each lag; where there is none, the lag and -1."""
    around = np.clip(np.rint(lags).astype(int), 2, len(strengths) - 3)
    around = around + np.argmax(strengths[around[:, None] + np.array([-1, 0, 1])], axis=1) - 1
    left, middle, right = (strengths[around + offset].astype(np.float64) for offset in (-1, 0, 1))
    curvature = left - 2.0 * middle + right
    is_peak = (middle >= left) & (middle >= right) & (curvature < 0.0)
    shift = 0.5 * (left - right) / np.where(is_peak, curvature, -1.0)
    return np.where(is_peak, around + shift, lags), np.where(is_peak, middle, -1.0)


def _peaks(gram: Tempogram, config: FeatureConfig) -> NDArray[np.float64]:
    """Return the tempi of all local maxima in range, strongest first."""
    strengths = gram.strengths
    first, last = int(config.min_lag), min(int(config.max_lag) + 2, len(strengths) - 2)
    inner = strengths[first : last + 1]
    is_peak = (inner > strengths[first - 1 : last]) & (inner >= strengths[first + 1 : last + 2]) & (inner > 0.0)
    lags = first + np.flatnonzero(is_peak)
    lags = lags[np.argsort(-strengths[lags], kind="stable")]
    tempi: NDArray[np.float64] = 60.0 * gram.frame_rate / lags
    return tempi


def _near(peaks: NDArray[np.float64], target: float | None, reach: float = 0.08) -> NDArray[np.float64]:
    """Return the strongest of the `peaks` within `reach` of `target`; none, where nothing repeats there."""
    if target is None:
        return np.empty(0)
    found: NDArray[np.float64] = peaks[np.abs(np.log(peaks / target)) < np.log1p(reach)][:1]
    return found


def _distinct(
    bpm: NDArray[np.float64], strengths: NDArray[np.float32], tracked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return `bpm` without what is the same as an earlier one, and without the weaker of two that are one peak.

    Those that are `tracked` go only where an earlier one is the same.
    """
    if not len(bpm):
        return bpm
    distance = np.abs(bpm[:, None] / bpm[None, :] - 1.0)
    weaker = strengths[:, None] < strengths[None, :]
    kept: list[int] = []
    for index in range(len(bpm)):
        if not (distance[index, kept] < SAME).any():
            kept.append(index)
    shadowed = ((distance < ONE_PEAK) & weaker)[np.ix_(kept, kept)].any(axis=1) & ~tracked[kept]
    distinct: NDArray[np.float64] = bpm[kept][~shadowed]
    return distinct
