"""Onset strength to the tempo curve: how the tempo changes within a window. No tempo needs to be known.

All metrical levels of a performance speed up and slow down together. So the autocorrelation of each part of the window
is that of the others, stretched: on a logarithmic axis of lags it is shifted. The tempo curve is the smooth path of
shifts that fits best. It turns the time of the window into *straight time*, in which every beat takes as long as the
newest ones, and everything after it may expect music in exact time.

Related: the fan-chirp transform and the time-warped transform of speech and audio coding (Edler et al. 2009), which
straighten the pitch of a voice, and the log-lag tempograms of Schreiber and Müller (2017).
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PART_S, PART_HOP_S = 6.0, 2.0
"""Length of a part of the window, and distance between parts, seconds."""
SHORTEST_LAG_S, LONGEST_LAG_S = 0.5, 4.0
"""Range of the lags that are compared, seconds: several beats, whose lags are precise."""
STEP = 0.015
"""Distance between lags, and between shifts, relative."""
SHIFTS = 8
"""Largest shift, steps: tempi within a window differ by up to an eighth from their middle."""
STIFFNESS = 0.0056
"""Cost of a change of the shift by a step from part to part, in units of a perfect match."""
EXACT = 0.015
"""Largest relative difference between the tempi of two parts that counts as exact time: exact time stays exact."""
ROUNDS = 3
"""Largest number of times that the path is found, and the mean of the parts along it."""
DECIMATION = 2
"""Number of frames whose onset strength is averaged: long lags need no finer time."""


@dataclass(frozen=True, slots=True)
class TempoCurve:
    """The tempo within a window, and its straight time.

    Attributes
    ----------
    log_speeds : ndarray of float64, shape (parts,)
        Natural logarithm of the tempo of each part, `PART_HOP_S` apart, relative to the newest; zeros in exact time.
    straight : ndarray of float64, shape (frames + 1,)
        Straight time of the beginning of each frame and of the end of the last, frames; empty in exact time, when it is
        the time itself.
    likeness : float
        How much the newest part repeats as the whole window does: 1 for a part like the others, about 0 for another
        rhythm.
    """

    log_speeds: NDArray[np.float64]
    straight: NDArray[np.float64]
    likeness: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether the window is in exact time."""
        return not len(self.straight)

    @property
    def mean_speed(self) -> float:
        """Mean tempo of the window relative to the newest: beats of straight time in the time of the window."""
        return 1.0 if self.exact else float(self.straight[-1]) / (len(self.straight) - 1)

    def change(self, elapsed_s: float) -> float:
        """Return the newest tempo relative to the one `elapsed_s` seconds before.

        Examples
        --------
        >>> TempoCurve(np.log([0.81, 0.9, 1.0]), np.ones(1)).change(PART_HOP_S)
        1.11...
        """
        if self.exact:
            return 1.0
        ages = PART_HOP_S * np.arange(len(self.log_speeds))
        return math.exp(-np.interp(elapsed_s, ages, self.log_speeds[::-1]))

    def times(self, before_end: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
        """Return the times that lie so many frames of straight time before the end of a window.

        Parameters
        ----------
        before_end : ndarray of float64
            Straight time before the end, frames; of any shape.
        frames : int
            Length of the window.

        Returns
        -------
        ndarray of float64
            Frames after the beginning, fractions included; 0 for times before it.
        """
        if self.exact:
            return np.maximum(frames - before_end, 0.0)
        times: NDArray[np.float64] = np.interp(self.straight[-1] - before_end, self.straight, np.arange(frames + 1.0))
        return times

    def straightened(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the values of a window in straight time, its end at the end.

        Parameters
        ----------
        values : ndarray of float32, shape (frames,)
            Something that adds up, such as onset strength.

        Returns
        -------
        ndarray of float32, shape (straight frames,)
            The sums of the values are kept.
        """
        if self.exact:
            return values
        borders = self.times(np.arange(int(self.straight[-1]), -1, -1.0), len(values))
        sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
        return np.diff(np.interp(borders, np.arange(len(sums)), sums)).astype(np.float32)


EXACT_TIME = TempoCurve(np.zeros(1), np.empty(0))
"""The tempo curve of a window in exact time, of a single part."""


def tempo_curve(onsets: NDArray[np.float32], frame_rate: float) -> TempoCurve:
    """Return how the tempo changes within a window.

    Parameters
    ----------
    onsets : ndarray of float32, shape (frames,)
        Onset strength of the window.
    frame_rate : float
        Frames per second.

    Returns
    -------
    TempoCurve
        Exact time if the window is too short for two parts. In noise the curve follows chance, as far as its stiffness
        allows.

    Examples
    --------
    A stroke every half a second, which becomes a tenth slower within 25 s:

    >>> times = np.cumsum(np.linspace(0.5, 0.55, 47))
    >>> onsets = np.zeros(1566, np.float32)
    >>> onsets[(times * 62.64).astype(int)] = 1.0
    >>> curve = tempo_curve(onsets, 62.64)
    >>> [round(speed, 2) for speed in np.exp(curve.log_speeds[[0, 5, -1]]).tolist()]
    [1.08, 1.04, 1.0]

    In straight time, all strokes are equally far apart, but for the rounding to frames:

    >>> gaps = np.diff(np.flatnonzero(curve.straightened(onsets) > 0.5))
    >>> bool(np.ptp(gaps) <= 2)
    True
    """
    plan = _plan(frame_rate)
    parts, centres = _parts(onsets, plan)
    if len(parts) < 2:
        return EXACT_TIME
    shifts, likeness = _path(parts, plan)
    if np.ptp(shifts) <= EXACT:
        return replace(EXACT_TIME, log_speeds=np.zeros(len(parts)), likeness=likeness)
    # The lags of a faster part are shorter.
    log_speeds = shifts[-1] - shifts
    speed = np.exp(np.interp(np.arange(len(onsets)) + 0.5, centres, log_speeds))
    return TempoCurve(log_speeds, np.concatenate(([0.0], np.cumsum(speed))), likeness)


def newest(seconds: float) -> tuple[float, float]:
    """Return which stretch of a window the newest tempo is that of: the middle of the newest part.

    Parameters
    ----------
    seconds : float
        Length of the window.

    Returns
    -------
    tuple of float
        Its beginning and its end, seconds before the end of the window: the whole window if it is too short for two
        parts.

    Examples
    --------
    >>> newest(25.0), newest(6.0)
    ((4.5, 1.5), (6.0, 0.0))
    """
    return (0.75 * PART_S, 0.25 * PART_S) if seconds >= PART_S + PART_HOP_S else (seconds, 0.0)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What depends on the frame rate alone; lags and lengths are in decimated frames."""

    length: int
    hop: int
    size: int
    taper: NDArray[np.float32]
    whole: NDArray[np.intp]
    part: NDArray[np.float32]
    unbiased: NDArray[np.float32]


@lru_cache(maxsize=4)
def _plan(frame_rate: float) -> _Plan:
    rate = frame_rate / DECIMATION
    length = round(PART_S * rate)
    size = 1 << (2 * length - 1).bit_length()
    taper = np.hanning(length + 2)[1:-1]
    steps = round(np.log(LONGEST_LAG_S / SHORTEST_LAG_S) / STEP)
    lags = rate * SHORTEST_LAG_S * np.exp(STEP * np.arange(-SHIFTS, steps + SHIFTS + 1))
    whole = lags.astype(int)
    # The taper's own autocorrelation makes long lags weak.
    own = np.fft.irfft(np.abs(np.fft.rfft(taper, size)) ** 2, size)
    unbiased = own[0] / np.interp(lags, np.arange(size), own)
    return _Plan(
        length,
        round(PART_HOP_S * rate),
        size,
        taper.astype(np.float32),
        whole,
        (lags - whole).astype(np.float32),
        unbiased.astype(np.float32),
    )


def _parts(onsets: NDArray[np.float32], plan: _Plan) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the autocorrelation of each part on a logarithmic axis of lags, and the centres of the parts in frames."""
    count = len(onsets) // DECIMATION
    first = (count - plan.length) % plan.hop
    starts = np.arange(first, count - plan.length + 1, plan.hop)
    if len(starts) < 2:
        return np.empty((0, len(plan.whole)), np.float32), np.empty(0)
    skipped = len(onsets) - count * DECIMATION
    # A product with ones: numpy takes ten times as long for sums over a few columns.
    decimated = onsets[skipped:].reshape(count, DECIMATION) @ np.ones(DECIMATION, np.float32)
    cut = decimated[starts[:, None] + np.arange(plan.length)]
    cut -= cut.sum(axis=1, keepdims=True) / np.float32(plan.length)
    cut *= plan.taper
    # In single precision, see `periodicity`; the scale does not matter.
    spectrum = np.fft.rfft(cut, plan.size, norm="forward")
    lagged = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, plan.size, norm="forward")
    power = np.maximum(lagged[:, :1], np.finfo(np.float32).tiny)
    low = lagged[:, plan.whole]
    parts = (low + plan.part * (lagged[:, plan.whole + 1] - low)) * plan.unbiased / power
    parts -= parts.sum(axis=1, keepdims=True) / np.float32(parts.shape[1])
    centres = skipped + DECIMATION * (starts + np.float64(0.5 * plan.length))
    return parts.astype(np.float32), centres


_STEPS = np.arange(-SHIFTS, SHIFTS + 1)
_BENDS = STIFFNESS * np.subtract.outer(_STEPS, _STEPS).astype(np.float32) ** 2


def _path(parts: NDArray[np.float32], plan: _Plan) -> tuple[NDArray[np.float64], float]:
    """Return the shift of each part, relative, and the match of the newest part.

    The shifts are the path of the best match with the mean of the shifted parts; along it, matches have a mean of 1.
    """
    inner = len(plan.whole) - 2 * SHIFTS
    rows = np.arange(len(parts))
    path = np.zeros(len(parts), int)
    padded = np.zeros(inner + 4 * SHIFTS, np.float32)
    # Row s is a view of the mean, shifted by s.
    step = padded.strides[0]
    shifted = np.ndarray((2 * SHIFTS + 1, inner + 2 * SHIFTS), np.float32, padded, strides=(step, step))[::-1]
    for _ in range(ROUNDS):
        columns = path[:, None] + SHIFTS + np.arange(inner)
        mean = parts[rows[:, None], columns].sum(axis=0) / np.float32(len(parts))
        mean -= mean.sum() / np.float32(inner)
        padded[2 * SHIFTS : 2 * SHIFTS + inner] = mean / max(float(mean @ mean), 1e-9)
        matches = parts @ shifted.T
        best = matches.argmax(axis=1)
        if best.max() - best.min() > 1:
            best = _smooth(matches)
        found = best - SHIFTS
        found -= round(int(found.sum()) / len(found))
        if (found == path).all():
            break
        path = np.minimum(np.maximum(found, -SHIFTS), SHIFTS)
    # The vertex of the parabola through the best match and its neighbours.
    inside = np.minimum(np.maximum(path + SHIFTS, 1), 2 * SHIFTS - 1)
    before, at, after = (matches[rows, inside + side] for side in (-1, 0, 1))
    curvature = before - 2.0 * at + after
    vertex = 0.5 * (before - after) / np.where(curvature < 0.0, curvature, -np.inf)
    shifts: NDArray[np.float64] = STEP * (inside - SHIFTS + np.minimum(np.maximum(vertex, -0.5), 0.5))
    return shifts, float(matches[-1, best[-1]])


def _smooth(matches: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the path with the largest sum of matches less the cost of its bends (Viterbi), one column for each row."""
    total = matches[0]
    came_from = []
    for match in matches[1:]:
        reached = total - _BENDS
        best = reached.argmax(axis=1)
        came_from.append(best)
        total = reached.max(axis=1) + match
    path = [int(total.argmax())]
    for best in reversed(came_from):
        path.append(int(best[path[-1]]))
    return np.array(path[::-1])
