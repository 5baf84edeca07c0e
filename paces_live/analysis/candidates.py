"""Periodicity to candidates: the distinct tempi that are worth judging."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.periodicity import Periodicity
from paces_live.match import STRETCH_TOLERANCE

SAME_CANDIDATE = 0.02
"""Largest relative difference between two tempi that are one candidate."""
SIDE_LOBE = 0.05
"""Largest relative difference between a peak and its side lobes: the weaker of two such candidates is not a tempo."""
NEAR_INTEREST = STRETCH_TOLERANCE
"""Largest relative difference between a tempo of interest and the peak that is judged for it: a stretch reaches it."""
OCTAVES_OF = 4
"""Number of strongest peaks whose double and half are candidates too."""
MAX_SHIFT = 0.04
"""Largest relative shift by `refine` that is believed, about half a lag of the fastest tempo."""
RANGE_SLACK = 0.002
"""Largest relative distance outside the range from which a candidate is moved to the end of the range."""

MULTIPLES = (1, 2, 4, 8, 16)
"""Multiples of the lag at which `refine` looks for the peak, in order."""
MAX_LAG_ERROR = 1.5
"""Largest distance in frames between an expected peak and the peak that `refine` finds."""
MIN_STRENGTH = 0.05
"""Smallest strength of a peak that `refine` follows: weaker ones are noise."""


def candidates(
    periodicity: Periodicity,
    config: FeatureConfig,
    *,
    count: int,
    tracked: Sequence[float] = (),
    of_interest: Sequence[float] = (),
) -> NDArray[np.float64]:
    """Return distinct tempi that are worth judging.

    The order of precedence is: the tracked tempi, the strongest peak near each tempo of interest, the strongest peaks
    with their doubles and halves, and the weaker peaks. Doubles and halves are not peaks if nobody plays them, yet you
    can step at them.

    Parameters
    ----------
    periodicity : Periodicity
        Periodicity of the window.
    config : FeatureConfig
        Gives the range of the candidates.
    count : int
        Largest number of candidates.
    tracked : sequence of float
        Tempi that are being tracked, beats per minute; judged even if nothing repeats at them.
    of_interest : sequence of float
        Tempi of interest, such as targets, beats per minute. The strongest peak within `NEAR_INTEREST` of each is a
        candidate, however weak it is. If there is no peak, nothing is added.

    Returns
    -------
    ndarray of float64, shape (n,), n <= count
        Candidates in order of precedence, refined to a fraction of a lag, beats per minute.

    Examples
    --------
    With 120 clicks a minute, you can step at every second or third click, and twice a click:

    >>> from paces_live.analysis.periodicity import periodicity
    >>> config = FeatureConfig()
    >>> frames = np.zeros((config.window_frames, config.n_mels), np.float32)
    >>> frames[::43] = 5.0
    >>> candidates(periodicity(frames, config), config, count=8).round(1).tolist()
    [120.2, 60.1, 40.1, 240.4, 80.1]
    """
    peaks = _peaks(periodicity, config)
    strongest = peaks[:OCTAVES_OF]
    octaves = np.repeat(strongest, 2) * np.tile([2.0, 0.5], len(strongest))
    # The octaves come before the weakest peaks.
    order = (peaks[: count // 2], octaves, peaks[count // 2 :])
    near = (_near(peaks, tempo) for tempo in of_interest)
    proposed = np.concatenate([np.asarray(tracked, float), *near, *order])
    refined = refine(periodicity, proposed)
    # A tempo that shifts further is not a peak, and is judged as it is.
    refined = np.where(np.abs(refined / proposed - 1.0) < MAX_SHIFT, refined, proposed)
    clipped = np.clip(refined, config.spm_min, config.spm_max)
    inside = np.abs(refined / clipped - 1.0) < RANGE_SLACK
    is_tracked = np.arange(len(proposed)) < len(tracked)
    return _distinct(clipped[inside], periodicity.at(clipped[inside]), is_tracked[inside])[:count]


def refine(periodicity: Periodicity, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each tempo moved to the nearest peak, to a small fraction of a lag.

    A parabola interpolates the peak. The peak is then followed to 2, 4, 8 and 16 times the lag, where the same error of
    position is an ever smaller error of tempo. Multiples at which nothing repeats are skipped.

    Parameters
    ----------
    periodicity : Periodicity
        Periodicity of the window.
    bpm : ndarray of float64, shape (n,)
        Tempi, beats per minute.

    Returns
    -------
    ndarray of float64, shape (n,)
        Refined tempi, beats per minute; unchanged if there is no peak nearby.

    Examples
    --------
    At 86.13 frames a second, 120 beats a minute have a lag of 43.07 frames:

    >>> config = FeatureConfig()
    >>> beats = np.cos(2 * np.pi * np.arange(1000) * 2.0 / config.frame_rate).astype(np.float32)
    >>> refine(Periodicity(beats, config.frame_rate), np.array([119.0, 121.5])).round(2).tolist()
    [120.0, 120.0]
    """
    lags = periodicity.lag(bpm)
    strengths, positions = periodicity.strengths, _positions(periodicity.strengths)
    for multiple in MULTIPLES:
        longer = lags * multiple
        around = np.minimum(np.maximum(np.rint(longer).astype(int), 2), len(strengths) - 3)
        around += np.argmax(strengths[around[:, None] + _NEIGHBOURS], axis=1) - 1
        position = positions[around]
        # The comparison is false without a peak: its position is NaN.
        followed = np.abs(position - longer) <= MAX_LAG_ERROR
        followed &= (strengths[around] > MIN_STRENGTH) & (longer < len(strengths) - 3)
        lags = np.where(followed, position / multiple, lags)
    tempi: NDArray[np.float64] = 60.0 * periodicity.frame_rate / lags
    return tempi


_NEIGHBOURS = np.array([-1, 0, 1])


def _positions(strengths: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the vertex of the parabola through each lag and its neighbours, frames; NaN if the lag is not a peak."""
    rising, falling = strengths[1:-1] - strengths[:-2], strengths[1:-1] - strengths[2:]
    at = np.flatnonzero((rising >= 0.0) & (falling >= 0.0) & (rising + falling > 0.0))
    positions = np.full(len(strengths), np.nan)
    positions[at + 1] = at + 1 + 0.5 * (rising[at] - falling[at]) / (rising[at] + falling[at])
    return positions


def _peaks(periodicity: Periodicity, config: FeatureConfig) -> NDArray[np.float64]:
    """Return the tempi of all local maxima in range, strongest first."""
    strengths = periodicity.strengths
    first, last = int(config.min_lag), min(int(config.max_lag) + 2, len(strengths) - 2)
    inner = strengths[first : last + 1]
    is_peak = (inner > strengths[first - 1 : last]) & (inner >= strengths[first + 1 : last + 2]) & (inner > 0.0)
    lags = first + np.flatnonzero(is_peak)
    lags = lags[np.argsort(-strengths[lags], kind="stable")]
    tempi: NDArray[np.float64] = 60.0 * periodicity.frame_rate / lags
    return tempi


def _near(peaks: NDArray[np.float64], tempo: float) -> NDArray[np.float64]:
    """Return the strongest of the `peaks` near `tempo`, shape (1,), or (0,) if there is none."""
    found: NDArray[np.float64] = peaks[np.abs(np.log(peaks / tempo)) < np.log1p(NEAR_INTEREST)][:1]
    return found


def _distinct(
    bpm: NDArray[np.float64], strengths: NDArray[np.float32], is_tracked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return `bpm` without repetitions of earlier candidates and without side lobes of stronger ones.

    A tracked tempo is dropped only if it repeats an earlier one.
    """
    if not len(bpm):
        return bpm
    distance = np.abs(bpm[:, None] / bpm[None, :] - 1.0)
    weaker = strengths[:, None] < strengths[None, :]
    same = (distance < SAME_CANDIDATE).T
    repeats_earlier = np.zeros(len(bpm), bool)
    kept: list[int] = []
    for index in range(len(bpm)):
        if not repeats_earlier[index]:
            kept.append(index)
            repeats_earlier |= same[index]
    is_lobe = ((distance < SIDE_LOBE) & weaker)[np.ix_(kept, kept)].any(axis=1) & ~is_tracked[kept]
    distinct: NDArray[np.float64] = bpm[kept][~is_lobe]
    return distinct
