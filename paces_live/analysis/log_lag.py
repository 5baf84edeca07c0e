"""Onset strength to the log-lag tempogram: how each part of a window repeats, on a logarithmic axis of lags.

On such an axis, a faster performance of the same music is the same curve, shifted (Schreiber and Müller 2017).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PART_S, PART_HOP_S = 6.0, 2.0
"""Length of a part of the window, and distance between parts, seconds."""
SHORTEST_LAG_S, LONGEST_LAG_S = 0.5, 4.0
"""Range of the lags that are compared, seconds: several beats, whose lags are precise."""
STEP = 0.015
"""Distance between lags, relative."""
DECIMATION = 2
"""Number of frames whose onset strength is averaged: long lags need no finer time."""


def log_lag_tempogram(
    onsets: NDArray[np.float32], frame_rate: float, *, margin: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the autocorrelation of each part of a window on a logarithmic axis of lags.

    Parameters
    ----------
    onsets : ndarray of float32, shape (frames,)
        Onset strength of the window.
    frame_rate : float
        Frames per second.
    margin : int
        Number of steps by which the axis is longer on each side than the range of the lags.

    Returns
    -------
    tempogram : ndarray of float32, shape (parts, lags)
        Autocorrelations, 1 at lag 0, less the mean of each part: the oldest part first, the shortest lag first. No part
        if the window is too short for two.
    centres : ndarray of float64, shape (parts,)
        Middle of each part, frames.

    Examples
    --------
    With a stroke every 0.8 s, the first peak of each part is at that lag:

    >>> onsets = np.where(np.arange(1566) % 50 == 0, 1.0, 0.0).astype(np.float32)
    >>> tempogram, centres = log_lag_tempogram(onsets, 62.5, margin=0)
    >>> len(tempogram), [round(0.5 * float(np.exp(STEP * lag)), 1) for lag in tempogram[:, :70].argmax(axis=1)[:3]]
    (10, [0.8, 0.8, 0.8])
    """
    plan = _plan(frame_rate, margin)
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
def _plan(frame_rate: float, margin: int) -> _Plan:
    rate = frame_rate / DECIMATION
    length = round(PART_S * rate)
    size = 1 << (2 * length - 1).bit_length()
    taper = np.hanning(length + 2)[1:-1]
    steps = round(np.log(LONGEST_LAG_S / SHORTEST_LAG_S) / STEP)
    lags = rate * SHORTEST_LAG_S * np.exp(STEP * np.arange(-margin, steps + margin + 1))
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
