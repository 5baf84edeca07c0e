"""Periodicity to candidates: the distinct tempi that are worth judging.

A tempo is as good as what its multiples agree on: the mean of the strengths at 1, 2, 4 and 8 beats. The beat's own lag
says little about its tempo, because peaks are as wide as a few per cent of it, and because uneven rhythms lie next to
it; eight beats say it to a fraction of a per cent, but so do eight beats and a half of another tempo. Only the true
tempo has a peak at each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.periodicity import Periodicity
from paces_live.match import STRETCH_TOLERANCE

MULTIPLES = np.array([1, 2, 4, 8])
"""Numbers of beats that must agree on a tempo."""
GRID_STEP = 0.0025
"""Distance between neighbouring tempi of the grid on which peaks of the agreement are found, relative."""
SAME_CANDIDATE = 0.02
"""Largest relative difference between two tempi that are one candidate."""
SIDE_LOBE = 0.04
"""Largest relative difference between a peak and its side lobes: the weaker of two such candidates is not a tempo."""
NEAR_INTEREST = STRETCH_TOLERANCE
"""Largest relative difference between a tempo of interest and the peak that is judged for it: a stretch reaches it."""
MAX_SHIFT = 0.045
"""Largest relative shift by `refine`."""
MAX_LAG_ERROR = 1.5
"""Largest distance between an expected peak and the one that refines it, frames."""
OUTSIDE = 0.01
"""Largest relative distance of a tracked tempo from the range."""
LEAST = 0.3
"""Smallest agreement on a candidate, relative to the strongest: weaker peaks are chance."""


def agreement(periodicity: Periodicity, bpm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the mean strength of repetition at the multiples of each tempo's beat.

    Parameters
    ----------
    periodicity : Periodicity
        Periodicity of the window.
    bpm : ndarray of float64
        Tempi, beats per minute; of any shape.

    Returns
    -------
    ndarray of float32
        0 to 1, of the shape of `bpm`: the mean over those of 1, 2, 4 and 8 beats for which the window is long enough,
        negative strengths taken as 0.

    Examples
    --------
    Something repeats every 30 frames, which is 100 times a minute at 50 frames a second. Twice and half the tempo keep
    all multiples but the shortest, and 103 a minute loses all:

    >>> strengths = np.where(np.arange(600) % 30 == 0, 1.0, 0.0).astype(np.float32)
    >>> agreement(Periodicity(strengths, 50.0), np.array([50.0, 100.0, 200.0, 103.0])).tolist()
    [1.0, 1.0, 0.75, 0.03...]
    """
    lags = periodicity.lag(bpm)
    return _mean_at(periodicity.strengths, *_places(np.multiply.outer(MULTIPLES, lags)))


def candidates(
    periodicity: Periodicity,
    config: FeatureConfig,
    *,
    count: int,
    tracked: Sequence[float] = (),
    of_interest: Sequence[float] = (),
) -> NDArray[np.float64]:
    """Return distinct tempi that are worth judging.

    The order of precedence is: the tracked tempi, the strongest peak near each tempo of interest, and the peaks of the
    `agreement`, strongest first. You can step at doubles and halves that nobody plays; they are peaks, because their
    multiples are played.

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
    With 121 clicks a minute, you can step at every second or third click, and twice a click:

    >>> from paces_live.analysis.periodicity import periodicity
    >>> config = FeatureConfig()
    >>> frames = np.zeros((config.window_frames, config.n_mels), np.float32)
    >>> frames[::31] = 5.0
    >>> sorted(candidates(periodicity(frames, config), config, count=4).round(1).tolist())
    [40.4, 60.6, 121.2, 242.5]
    """
    grid = _grid(config)
    agreed = _mean_at(periodicity.strengths, grid.whole, grid.part)
    inner = agreed[1:-1]
    peaks = 1 + np.flatnonzero((inner > agreed[:-2]) & (inner >= agreed[2:]))
    peaks = peaks[np.argsort(-agreed[peaks], kind="stable")]
    near = [_near(peaks, grid.bpm, tempo) for tempo in of_interest]
    strong = peaks[agreed[peaks] >= LEAST * agreed.max()]
    at = np.concatenate([*near, strong])
    vertex = _vertex(agreed[at - 1], agreed[at], agreed[at + 1])
    rough, is_peak = _highest(periodicity, np.asarray(tracked, float))
    refined = _through_peaks(periodicity, np.concatenate((rough, grid.bpm[at] * np.exp(GRID_STEP * vertex))))
    followed, found = np.where(is_peak, refined[: len(rough)], tracked), refined[len(rough) :]
    # A tempo that has left the range would stay at its end for ever.
    followed = followed[np.abs(followed / _bounded(followed, config.spm_min, config.spm_max) - 1.0) < OUTSIDE]
    proposed = _bounded(np.concatenate((followed, found)), config.spm_min, config.spm_max)
    known = np.concatenate((agreement(periodicity, followed), agreed[at]))
    return _distinct(proposed, known, len(followed), count)


def refine(periodicity: Periodicity, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each tempo moved to the nearby one that its multiples agree on most.

    Parameters
    ----------
    periodicity : Periodicity
        Periodicity of the window.
    bpm : ndarray of float64, shape (n,)
        Tempi, beats per minute.

    Returns
    -------
    ndarray of float64, shape (n,)
        Refined tempi, beats per minute; unchanged if there is no peak within `MAX_SHIFT`.

    Examples
    --------
    >>> config = FeatureConfig()
    >>> beats = np.cos(2 * np.pi * np.arange(1000) * 2.0 / config.frame_rate).astype(np.float32)
    >>> refine(Periodicity(beats, config.frame_rate), np.array([118.0, 121.5])).round(1).tolist()
    [120.0, 120.0]
    """
    rough, is_peak = _highest(periodicity, bpm)
    return np.where(is_peak, _through_peaks(periodicity, rough), bpm)


def _highest(periodicity: Periodicity, bpm: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the tempo of highest agreement near each tempo, and whether it is a peak."""
    agreed = agreement(periodicity, bpm[:, None] * _AROUND)
    best = agreed.argmax(axis=1)
    inside = _bounded(best, 1, 2 * _SIDE - 1)
    rows = np.arange(len(bpm))
    vertex = _vertex(agreed[rows, inside - 1], agreed[rows, inside], agreed[rows, inside + 1])
    return bpm * np.exp(GRID_STEP * (inside - _SIDE + vertex)), (best == inside) & (agreed[rows, best] > 0.0)


_SIDE = round(MAX_SHIFT / GRID_STEP)
_AROUND = np.exp(GRID_STEP * np.arange(-_SIDE, _SIDE + 1))


@dataclass(frozen=True, slots=True)
class _Grid:
    """Tempi, evenly spaced on a logarithmic scale, and the lags of their multiples: whole and fractional parts."""

    bpm: NDArray[np.float64]
    whole: NDArray[np.intp]
    part: NDArray[np.float32]


@lru_cache(maxsize=4)
def _grid(config: FeatureConfig) -> _Grid:
    # A peak needs a neighbour on each side, so the grid is a little longer than the range.
    first, last = np.log(config.spm_min) - 2 * GRID_STEP, np.log(config.spm_max) + 2 * GRID_STEP
    bpm = np.exp(np.arange(first, last, GRID_STEP))
    return _Grid(bpm, *_places(np.multiply.outer(MULTIPLES, 60.0 * config.frame_rate / bpm)))


def _places(lags: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    whole = lags.astype(np.intp)
    return whole, (lags - whole).astype(np.float32)


def _mean_at(strengths: NDArray[np.float32], whole: NDArray[np.intp], part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the strengths, but not below 0, over those lags of the first axis that the window has."""
    last = len(strengths) - 2
    known = whole <= last
    whole = np.minimum(whole, last)
    low = strengths[whole]
    values = np.maximum(low + part * (strengths[whole + 1] - low), 0.0)
    values *= known
    mean: NDArray[np.float32] = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1).astype(np.float32)
    return mean


def _vertex(before: NDArray[np.float32], at: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the distance from the middle of three equally spaced values to the vertex of their parabola, steps."""
    curvature = before - 2.0 * at + after
    # Without a peak the division by infinity gives 0; next to one, the vertex may be anywhere.
    vertex: NDArray[np.floating] = 0.5 * (before - after) / np.where(curvature < 0.0, curvature, -np.inf)
    return _bounded(vertex, -1.0, 1.0)


def _bounded(values: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    """Return `values` from `low` to `high`; for a few numbers, `numpy.clip` takes three times as long."""
    bounded: NDArray[Any] = np.minimum(np.maximum(values, low), high)
    return bounded


def _through_peaks(periodicity: Periodicity, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the tempo of the straight line through the peaks next to the multiples of each tempo's lag.

    Parabolas give the peaks' positions to a fraction of a lag, and those of many beats give the tempo to a fraction of
    that. The line is that of least squares, weighted by the strengths.
    """
    strengths, last = periodicity.strengths, len(periodicity.strengths) - 3
    expected = periodicity.lag(bpm)[:, None] * MULTIPLES
    at = _bounded(np.rint(expected).astype(np.intp), 2, last)
    at += np.argmax(strengths[at[..., None] + _NEIGHBOURS], axis=-1) - 1
    positions = at + _vertex(strengths[at - 1], strengths[at], strengths[at + 1])
    weights = np.where(np.abs(positions - expected) <= MAX_LAG_ERROR, np.maximum(strengths[at], 0.0), 0.0)
    weights *= MULTIPLES
    total = weights @ MULTIPLES
    lags = np.einsum("nm,nm->n", weights, positions) / np.where(total > 0.0, total, 1.0)
    tempi: NDArray[np.float64] = np.where(total > 0.0, 60.0 * periodicity.frame_rate / np.maximum(lags, 1.0), bpm)
    return tempi


_NEIGHBOURS = np.array([-1, 0, 1])


def _near(peaks: NDArray[np.intp], bpm: NDArray[np.float64], tempo: float) -> NDArray[np.intp]:
    """Return the strongest of the `peaks` near `tempo`, shape (1,), or (0,) if there is none."""
    near: NDArray[np.intp] = peaks[np.abs(np.log(bpm[peaks] / tempo)) < np.log1p(NEAR_INTEREST)][:1]
    return near


def _distinct(
    bpm: NDArray[np.float64], strengths: NDArray[np.float32], tracked: int, count: int
) -> NDArray[np.float64]:
    """Return the first `count` of `bpm` without repetitions of earlier ones and without side lobes of stronger ones.

    The first `tracked` tempi are dropped only if they repeat an earlier one.
    """
    kept: list[tuple[float, float]] = []
    for index, (tempo, strength) in enumerate(zip(bpm.tolist(), strengths.tolist(), strict=True)):
        if len(kept) == count:
            break
        for other, stronger in kept:
            distance = abs(tempo / other - 1.0)
            if distance < SAME_CANDIDATE or (index >= tracked and distance < SIDE_LOBE and stronger > strength):
                break
        else:
            kept.append((tempo, strength))
    return np.array([tempo for tempo, _ in kept])
