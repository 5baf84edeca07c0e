"""A window of frames and its candidate tempi to what the network sees: folds in two-dimensional time, and context."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.periodicity import Tempogram


@dataclass(frozen=True, slots=True)
class Cases:
    """Candidates ready to be judged.

    Attributes
    ----------
    spm : ndarray of float64, shape (n,)
        The candidate tempi.
    folds : ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
        The newest `fold_beats` hypothetical beats of each, values in -1 to 1.
    context : ndarray of float32, shape (n, context_values)
        The candidate's tempo, the tempogram at related tempi, and how much of the fold is not repetition; values in
        -1 to 1.
    """

    spm: NDArray[np.float64]
    folds: NDArray[np.float32]
    context: NDArray[np.float32]


BAR = 4
"""Beats are repeated in whole groups of so many: mostly bars, or two or four of them."""


def foldable(bpm: NDArray[np.float64], frames: int, config: FeatureConfig) -> NDArray[np.bool_]:
    """Tell which tempi fit `fold_least` beats into `frames` frames."""
    enough: NDArray[np.bool_] = bpm * frames >= 60.0 * config.frame_rate * config.fold_least
    return enough


def beats_heard(bpm: NDArray[np.float64], frames: int, config: FeatureConfig) -> NDArray[np.int_]:
    """Return how many different beats the fold of each tempo has: `fold_beats`, or as many whole bars as there are."""
    bars = (bpm * frames / (60.0 * config.frame_rate)).astype(int) // BAR
    beats: NDArray[np.int_] = np.minimum(BAR * bars, config.fold_beats)
    return beats


def fold(frames: NDArray[np.float32], bpm: NDArray[np.float64], config: FeatureConfig) -> NDArray[np.float32]:
    """Return the newest `fold_beats` beats of the window at each tempo.

    Each value is the mean of a band over one step, with the borders of the steps at exact fractions of a frame
    (differences of the interpolated running sum), so that beats do not drift across the rows. The mean of each band
    over the clip is taken away: what a room or a microphone does to the spectrum does not matter. Where the window is
    too short for all beats, those that there are stand there repeatedly, in the order of time.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
    bpm : ndarray of float64, shape (n,)
        Each must be `foldable`.

    Returns
    -------
    ndarray of float32, shape (n, fold_beats, fold_steps, n_mels), values in -1 to 1
    """
    centred = np.subtract(frames, frames.mean(axis=0), order="C")
    running = _running_sum(centred)
    steps = config.fold_beats * config.fold_steps
    width = 60.0 * config.frame_rate / bpm / config.fold_steps
    borders = np.maximum(len(frames) + np.arange(-steps, 1) * width[:, None], 0.0)
    whole = np.minimum(borders.astype(int), len(frames) - 1)
    part = (borders - whole).astype(np.float32)[..., None]
    # In place from here on: arrays of this size would cost more to get from the system than to fill.
    sums = np.take(running, whole, axis=0)
    within = np.take(centred, whole, axis=0)
    within *= part
    sums += within
    beats = beats_heard(bpm, len(frames), config)
    heard = (beats * config.fold_steps)[:, None, None]
    first = np.take_along_axis(sums, steps - heard, axis=1)
    values = np.diff(sums, axis=1)
    values -= (sums[:, -1:] - first) / heard.astype(np.float32)
    values *= (1.0 / (width * config.fold_range)).astype(np.float32)[:, None, None]
    np.clip(values, -1.0, 1.0, out=values)
    folds: NDArray[np.float32] = values.reshape(len(bpm), config.fold_beats, config.fold_steps, frames.shape[1])
    age = np.arange(config.fold_beats)[::-1]
    for short in np.flatnonzero(beats < config.fold_beats):
        folds[short] = folds[short, config.fold_beats - 1 - age % beats[short]]
    return folds


def _running_sum(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of the first 0, 1, 2, ... rows of `values`, shape (rows + 1, columns)."""
    sums = np.zeros((len(values) + 1, values.shape[1]), np.float32)
    if values.shape[1] % 2:
        np.cumsum(values, axis=0, out=sums[1:])
    else:
        # Two columns at a time: each addition waits for the one before, and those of a complex number are done at once.
        np.cumsum(values.view(np.complex64), axis=0, out=sums.view(np.complex64)[1:])
    return sums


def context(gram: Tempogram, bpm: NDArray[np.float64], frames: int, config: FeatureConfig) -> NDArray[np.float32]:
    """Return what the network is told of each tempo beside its fold.

    Parameters
    ----------
    bpm : ndarray of float64, shape (n,)
    frames : int
        Length of the window.

    Returns
    -------
    ndarray of float32, shape (n, context_values), values in -1 to 1
        The tempo, on a logarithmic scale; the tempogram's strengths at related tempi; the share of different beats
        among those of the fold.
    """
    middle, octaves = np.sqrt(config.spm_min * config.spm_max), 0.5 * np.log2(config.spm_max / config.spm_min)
    tempo = np.log2(bpm / middle) / octaves
    related = gram.at(bpm[:, None] * np.asarray(config.ratios))
    heard = beats_heard(bpm, frames, config) / config.fold_beats
    told: NDArray[np.float32] = np.clip(np.column_stack([tempo, related, heard]), -1.0, 1.0).astype(np.float32)
    return told


def build_cases(frames: NDArray[np.float32], gram: Tempogram, bpm: NDArray[np.float64], config: FeatureConfig) -> Cases:
    """Return the cases of those candidates that the window is long enough for."""
    bpm = bpm[foldable(bpm, len(frames), config)]
    return Cases(bpm, fold(frames, bpm, config), context(gram, bpm, len(frames), config))
