"""Onset strength to the tempo curve: how the tempo changes within a window. No tempo needs to be known.

All metrical levels of a performance speed up and slow down together. So the autocorrelation of each part of the window
is that of the others, stretched: on a logarithmic axis of lags it is shifted. The tempo curve is the smooth path of
shifts that fits best. It turns the time of the window into *straight time*, in which every beat takes as long as the
newest ones, and everything after it may expect music in exact time.

Related: the fan-chirp transform and the time-warped transform of speech and audio coding (Edler et al. 2009), which
straighten the pitch of a voice, and the log-lag tempograms of Schreiber and Müller (2017).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.log_lag import PART_HOP_S, PART_S, STEP, log_lag_tempogram

SHIFTS = 8
"""Largest shift, steps: tempi within a window differ by up to an eighth from their middle."""
STIFFNESS = 0.0056
"""Cost of a change of the shift by a step from part to part, in units of a perfect match."""
EXACT = 0.015
"""Largest relative difference between the tempi of two parts that counts as exact time: exact time stays exact."""
LIKE = 0.3
"""Least match of a part with the mean of all, relative to the others, at which its tempo is known."""
ROUNDS = 3
"""Largest number of times that the path is found, and the mean of the parts along it."""
FEWEST = 3
"""Smallest number of parts that say whether they are coherent."""


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
    known : int
        Number of parts, from the newest back, that are like the whole window: in others the curve follows chance.
    coherence : float or None
        Mean correlation between the parts along the curve: near 1 if each repeats as the others do, near 0 for sounds
        without a beat. None if there are too few parts.
    """

    log_speeds: NDArray[np.float64]
    straight: NDArray[np.float64]
    likeness: float = 1.0
    known: int = 1
    coherence: float | None = None

    @property
    def exact(self) -> bool:
        """Whether the window is in exact time."""
        return not len(self.straight)

    @property
    def mean_speed(self) -> float:
        """Mean tempo of the window relative to the newest: beats of straight time in the time of the window."""
        return 1.0 if self.exact else float(self.straight[-1]) / (len(self.straight) - 1)

    def change(self, elapsed_s: float) -> float:
        """Return the newest tempo relative to the one `elapsed_s` seconds before; 1 if it is not known.

        Examples
        --------
        >>> TempoCurve(np.log([0.81, 0.9, 1.0]), np.ones(1)).change(PART_HOP_S)
        1.11...
        """
        if self.exact or not self.known:
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
    parts, centres = log_lag_tempogram(onsets, frame_rate, margin=SHIFTS)
    if len(parts) < 2:
        return EXACT_TIME
    shifts, matches, coherence = _path(parts)
    known = int(np.append(matches[::-1] < LIKE, True).argmax())
    if np.ptp(shifts) <= EXACT:
        return TempoCurve(np.zeros(len(parts)), EXACT_TIME.straight, float(matches[-1]), known, coherence)
    # The lags of a faster part are shorter.
    log_speeds = shifts[-1] - shifts
    speed = np.exp(np.interp(np.arange(len(onsets)) + 0.5, centres, log_speeds))
    straight = np.concatenate(([0.0], np.cumsum(speed)))
    return TempoCurve(log_speeds, straight, float(matches[-1]), known, coherence)


def newest_stretch(seconds: float) -> tuple[float, float]:
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
    >>> newest_stretch(25.0), newest_stretch(6.0)
    ((4.5, 1.5), (6.0, 0.0))
    """
    return (0.75 * PART_S, 0.25 * PART_S) if seconds >= PART_S + PART_HOP_S else (seconds, 0.0)


_STEPS = np.arange(-SHIFTS, SHIFTS + 1)
_BENDS = STIFFNESS * np.subtract.outer(_STEPS, _STEPS).astype(np.float32) ** 2


def _path(parts: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32], float | None]:
    """Return the shift of each part, relative, the match of each, and the coherence of all.

    The shifts are the path of the best match with the mean of the shifted parts; along it, matches have a mean of 1.
    """
    inner = parts.shape[1] - 2 * SHIFTS
    rows = np.arange(len(parts))
    path = np.zeros(len(parts), int)
    padded = np.zeros(inner + 4 * SHIFTS, np.float32)
    # Row s is a view of the mean, shifted by s.
    step = padded.strides[0]
    shifted = np.ndarray((2 * SHIFTS + 1, inner + 2 * SHIFTS), np.float32, padded, strides=(step, step))[::-1]
    for _ in range(ROUNDS):
        columns = path[:, None] + SHIFTS + np.arange(inner)
        aligned = parts[rows[:, None], columns]
        aligned -= aligned.sum(axis=1, keepdims=True) / np.float32(inner)
        mean = aligned.sum(axis=0) / np.float32(len(parts))
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
    return shifts, matches[rows, best], _coherence(aligned)


def _coherence(aligned: NDArray[np.float32]) -> float | None:
    """Return the mean correlation between different rows, whose means are 0; None for too few."""
    count = len(aligned)
    if count < FEWEST:
        return None
    total = aligned.sum(axis=0)
    own = max(float(np.vdot(aligned, aligned)), float(np.finfo(np.float32).tiny))
    return (float(total @ total) / own - 1.0) / (count - 1)


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
