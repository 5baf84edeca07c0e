"""A window of frames and its candidate tempi to what the network sees: folds in two-dimensional time, and context."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.config import FeatureConfig
from paces_live.tempogram import Tempogram


@dataclass(frozen=True, slots=True)
class Cases:
    """Candidates ready to be judged.

    Attributes
    ----------
    spm : ndarray of float64, shape (n,)
        The candidate tempi.
    folds : ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
        The newest `fold_beats` hypothetical beats of each, values in -1 to 1.
    context : ndarray of float32, shape (n, 1 + len(ratios))
        The candidate's tempo and the tempogram at related tempi, values in -1 to 1.
    """

    spm: NDArray[np.float64]
    folds: NDArray[np.float32]
    context: NDArray[np.float32]


def foldable(bpm: NDArray[np.float64], frames: int, config: FeatureConfig) -> NDArray[np.bool_]:
    """Tell which tempi fit `fold_beats` beats into `frames` frames."""
    enough: NDArray[np.bool_] = bpm * frames >= 60.0 * config.frame_rate * config.fold_beats
    return enough


def fold(frames: NDArray[np.float32], bpm: NDArray[np.float64], config: FeatureConfig) -> NDArray[np.float32]:
    """Return the newest `fold_beats` beats of the window at each tempo.

    Each value is the mean of a band over one step, with the borders of the steps at exact fractions of a frame
    (differences of the interpolated running sum), so that beats do not drift across the rows. The mean of each band
    over the clip is taken away: what a room or a microphone does to the spectrum does not matter.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
    bpm : ndarray of float64, shape (n,)
        Each must be `foldable`.

    Returns
    -------
    ndarray of float32, shape (n, fold_beats, fold_steps, n_mels), values in -1 to 1
    """
    centred = frames - frames.mean(axis=0)
    running = np.zeros((len(frames) + 1, frames.shape[1]), np.float32)
    np.cumsum(centred, axis=0, out=running[1:])
    steps = config.fold_beats * config.fold_steps
    width = 60.0 * config.frame_rate / bpm / config.fold_steps
    borders = np.maximum(len(frames) + np.arange(-steps, 1) * width[:, None], 0.0)
    whole = np.minimum(borders.astype(int), len(frames) - 1)
    part = (borders - whole).astype(np.float32)[..., None]
    sums = running[whole] + part * centred[whole]
    values = np.diff(sums, axis=1) - (sums[:, -1:] - sums[:, :1]) / np.float32(steps)
    values *= (1.0 / (width * config.fold_range)).astype(np.float32)[:, None, None]
    np.clip(values, -1.0, 1.0, out=values)
    folds: NDArray[np.float32] = values.reshape(len(bpm), config.fold_beats, config.fold_steps, frames.shape[1])
    return folds


def context(gram: Tempogram, bpm: NDArray[np.float64], config: FeatureConfig) -> NDArray[np.float32]:
    """Return tempo and tempogram strengths at related tempi, shape (n, 1 + len(ratios)), values in -1 to 1."""
    middle, octaves = np.sqrt(config.spm_min * config.spm_max), 0.5 * np.log2(config.spm_max / config.spm_min)
    tempo = np.log2(bpm / middle) / octaves
    related = gram.at(bpm[:, None] * np.asarray(config.ratios))
    told: NDArray[np.float32] = np.clip(np.column_stack([tempo, related]), -1.0, 1.0).astype(np.float32)
    return told


def build_cases(frames: NDArray[np.float32], gram: Tempogram, bpm: NDArray[np.float64], config: FeatureConfig) -> Cases:
    """Return the cases of those candidates that the window is long enough for."""
    bpm = bpm[foldable(bpm, len(frames), config)]
    return Cases(bpm, fold(frames, bpm, config), context(gram, bpm, config))
