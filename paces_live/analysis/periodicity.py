"""Log-mel frames to a tempogram, and its peaks to candidate tempi.

The tempogram is the autocorrelation of the onset strength over the whole window, averaged over a few groups of mel
bands, so that a steady hi-hat and a sparse bass drum both count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig

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
    rise = np.diff(audible, axis=0)
    np.maximum(rise, 0.0, out=rise)
    # A product with zeros is far quicker than numpy's mean over a short axis.
    grouped: NDArray[np.float32] = rise @ _groups(frames.shape[1])
    return grouped


@lru_cache(maxsize=4)
def _groups(bands: int) -> NDArray[np.float32]:
    """Return what averages the bands of each group, shape (bands, BAND_GROUPS)."""
    size = bands // BAND_GROUPS
    return np.repeat(np.eye(BAND_GROUPS, dtype=np.float32) / np.float32(size), size, axis=0)


def tempogram(frames: NDArray[np.float32], config: FeatureConfig) -> Tempogram:
    """Return the tempogram of a window of log-mel frames, shape (frames, n_mels).

    The autocorrelation of each group is that of librosa (``librosa.autocorrelate`` of the onset strength less its
    mean), made unbiased by the number of pairs at each lag, normalised to 1 at lag 0 and averaged over the groups.
    """
    onsets = onset_strength(frames)
    count = len(onsets)
    lags = int(min(LONGEST_LAG * count, 8.5 * config.max_lag))
    size = 1 << (count + lags).bit_length()
    centred = onsets - onsets.mean(axis=0)
    spectrum = np.fft.rfft(centred, size, axis=0)
    power = np.maximum(np.einsum("ng,ng->g", centred, centred), np.finfo(np.float32).tiny)
    # The mean of the groups is taken before the inverse transform, which then is of one series.
    mean = (spectrum.real**2 + spectrum.imag**2) @ (1.0 / (power * BAND_GROUPS))
    pairs = (count - np.arange(lags + 1)) / count
    strengths = (np.fft.irfft(mean, size)[: lags + 1] / pairs).astype(np.float32)
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
    strengths, positions = gram.strengths, _positions(gram.strengths)
    for multiple in (1, 2, 4, 8, 16):
        longer = lags * multiple
        around = np.minimum(np.maximum(np.rint(longer).astype(int), 2), len(strengths) - 3)
        around += np.argmax(strengths[around[:, None] + _NEIGHBOURS], axis=1) - 1
        position = positions[around]
        # False where there is no peak: its position is not a number.
        followed = np.abs(position - longer) <= 1.5
        followed &= (strengths[around] > 0.05) & (longer < len(strengths) - 3)
        lags = np.where(followed, position / multiple, lags)
    tempi: NDArray[np.float64] = 60.0 * gram.frame_rate / lags
    return tempi


_NEIGHBOURS = np.array([-1, 0, 1])


def _positions(strengths: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return where the parabola through each lag and its neighbours peaks, NaN where the lag is no peak."""
    rising, falling = strengths[1:-1] - strengths[:-2], strengths[1:-1] - strengths[2:]
    at = np.flatnonzero((rising >= 0.0) & (falling >= 0.0) & (rising + falling > 0.0))
    positions = np.full(len(strengths), np.nan)
    positions[at + 1] = at + 1 + 0.5 * (rising[at] - falling[at]) / (rising[at] + falling[at])
    return positions


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
    same = (distance < SAME).T
    earlier = np.zeros(len(bpm), bool)
    kept: list[int] = []
    for index in range(len(bpm)):
        if not earlier[index]:
            kept.append(index)
            earlier |= same[index]
    shadowed = ((distance < ONE_PEAK) & weaker)[np.ix_(kept, kept)].any(axis=1) & ~tracked[kept]
    distinct: NDArray[np.float64] = bpm[kept][~shadowed]
    return distinct
