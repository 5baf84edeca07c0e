"""Candidates to cases: the input of the network, which is a fold of the window and its context for each candidate."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.candidates import agreement
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.periodicity import Periodicity
from paces_live.analysis.tempo_curve import TempoCurve
from paces_live.analysis.window import UNITS, running_sum


@dataclass(frozen=True, slots=True)
class Cases:
    """Candidates that are ready to be judged.

    Attributes
    ----------
    spm : ndarray of float64, shape (n,)
        Tempo of each candidate, steps per minute.
    folds : ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
        The newest beats at that tempo, see `fold`; -1 to 1.
    context : ndarray of float32, shape (n, context_values)
        Tempo, periodicity at related tempi, and share of distinct beats, see `context`; -1 to 1.
    """

    spm: NDArray[np.float64]
    folds: NDArray[np.float32]
    context: NDArray[np.float32]


SHORTEST_STEP = 1e-3
"""Smallest length of a step, frames: steps before the beginning of the window have none."""
WEAKEST = 0.02
"""Smallest agreement that the periodicity is relative to: below it, nothing repeats."""
BAR = 4
"""Number of beats of a bar. A short fold repeats whole bars, so that the rhythm goes on across the joint."""


def foldable(bpm: NDArray[np.float64], frames: int, config: FeatureConfig) -> NDArray[np.bool_]:
    """Return which tempi have `fold_least` beats in a window.

    Parameters
    ----------
    bpm : ndarray of float64, shape (n,)
        Tempi, beats per minute.
    frames : int
        Length of the window.
    config : FeatureConfig
        Gives the frame rate and `fold_least`.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    Eight beats take more than five seconds at 95 a minute, and less at 97:

    >>> config = FeatureConfig()
    >>> foldable(np.array([95.0, 97.0]), round(5 * config.frame_rate), config).tolist()
    [False, True]
    """
    enough: NDArray[np.bool_] = bpm * frames >= 60.0 * config.frame_rate * config.fold_least
    return enough


def beats_heard(bpm: NDArray[np.float64], frames: int, config: FeatureConfig) -> NDArray[np.int_]:
    """Return how many distinct beats the fold of each tempo has.

    That is `fold_beats`, or the whole bars that fit into a shorter window.

    Parameters
    ----------
    bpm : ndarray of float64, shape (n,)
        Tempi, beats per minute.
    frames : int
        Length of the window.
    config : FeatureConfig
        Gives the frame rate and `fold_beats`.

    Returns
    -------
    ndarray of int, shape (n,)

    Examples
    --------
    Six seconds have 10 beats at 100 a minute, two bars, and 20 at 200 a minute:

    >>> config = FeatureConfig()
    >>> beats_heard(np.array([100.0, 200.0]), round(6 * config.frame_rate), config).tolist()
    [8, 16]
    """
    bars = (bpm * frames / (60.0 * config.frame_rate)).astype(int) // BAR
    beats: NDArray[np.int_] = np.minimum(BAR * bars, config.fold_beats)
    return beats


def fold(
    frames: NDArray[np.float32],
    curve: TempoCurve,
    bpm: NDArray[np.float64],
    config: FeatureConfig,
    sums: NDArray[np.int32] | None = None,
) -> NDArray[np.float32]:
    """Return the newest beats of the window at each tempo, one beat a row: the window in two-dimensional time.

    Each value is the mean of a band over one step. Steps are equally long in the straight time of the tempo curve, so
    the beats of people line up as those of machines do. They begin and end at exact fractions of a frame: a step is a
    difference of the running sum, interpolated between frames. The mean of each band over the fold is subtracted, which
    removes the frequency response of the room and the microphone. If the window is too short for all beats, the fold
    repeats the ones that there are, in order.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames of the window, nepers of power.
    curve : TempoCurve
        The tempo within the window.
    bpm : ndarray of float64, shape (n,)
        Newest tempi, beats per minute; each must be `foldable`.
    config : FeatureConfig
        Gives the frame rate, and the shape and the range of the fold.
    sums : ndarray of int32, shape (frames + 1, n_mels), optional
        The running sum of the frames, see `Window.sums`, if it is known.

    Returns
    -------
    ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
        The oldest beat comes first, and the last step ends with the window. Values are relative to `fold_range` and
        clipped to -1 to 1.

    Examples
    --------
    Clicks at the tempo are in one column of the fold. At twice the tempo, every second row has a click:

    >>> from paces_live.analysis.tempo_curve import EXACT_TIME
    >>> config = FeatureConfig()
    >>> frames = np.zeros((config.window_frames, config.n_mels), np.float32)
    >>> frames[34::36] = 5.0
    >>> clicks = 60.0 * config.frame_rate / 36.0
    >>> once, twice = fold(frames, EXACT_TIME, np.array([clicks, 2.0 * clicks]), config)[..., 0]
    >>> (once > 0.2).sum(axis=0).tolist()
    [0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0]
    >>> (twice > 0.2).any(axis=1).tolist() == [True, False] * 8
    True
    """
    sums = running_sum(frames) if sums is None else sums
    steps = config.fold_beats * config.fold_steps
    width = 60.0 * config.frame_rate / bpm / config.fold_steps
    borders = curve.times(np.arange(steps, -1, -1) * width[:, None], len(frames))
    whole = np.minimum(borders.astype(int), len(frames) - 1)
    part = UNITS * (borders - whole).astype(np.float32)
    # In place from here on: to allocate arrays of this size takes longer than to fill them.
    before = np.take(sums, whole, axis=0)
    within = np.take(frames, whole, axis=0)
    within *= part[..., None]
    values = (before[:, 1:] - before[:, :-1]).astype(np.float32)
    values += within[:, 1:] - within[:, :-1]
    # The length of each step in frames: in straight time all are equal, in the time of the window they are not.
    full = config.fold_range * float(UNITS)
    lengths = full * np.maximum(borders[:, 1:] - borders[:, :-1], SHORTEST_STEP)
    values /= lengths.astype(np.float32)[..., None]
    beats = beats_heard(bpm, len(frames), config)
    row, first = np.arange(len(bpm)), steps - beats * config.fold_steps
    heard = (full * (borders[:, -1] - borders[row, first])).astype(np.float32)
    total = (before[:, -1] - before[row, first]).astype(np.float32) + within[:, -1] - within[row, first]
    values -= (total / heard[:, None])[:, None]
    np.clip(values, -1.0, 1.0, out=values)
    folds: NDArray[np.float32] = values.reshape(len(bpm), config.fold_beats, config.fold_steps, frames.shape[1])
    age = np.arange(config.fold_beats)[::-1]
    for short in np.flatnonzero(beats < config.fold_beats):
        folds[short] = folds[short, config.fold_beats - 1 - age % beats[short]]
    return folds


def context(
    periodicity: Periodicity, bpm: NDArray[np.float64], frames: int, config: FeatureConfig
) -> NDArray[np.float32]:
    """Return what the network sees of each tempo besides its fold.

    Parameters
    ----------
    periodicity : Periodicity
        Periodicity of the window.
    bpm : ndarray of float64, shape (n,)
        Tempi, beats per minute.
    frames : int
        Length of the window.
    config : FeatureConfig
        Gives the range, the related tempi and the number of beats of a fold.

    Returns
    -------
    ndarray of float32, shape (n, context_values)
        The tempo on a logarithmic scale, -1 at `spm_min` and 1 at `spm_max`; the periodicity at the related tempi,
        relative to the strongest agreement of the candidates, so that noise does not change it; that agreement, which
        noise does change; the share of distinct beats in the fold. Clipped to -1 to 1.

    Examples
    --------
    >>> config = FeatureConfig()
    >>> nothing = Periodicity(np.zeros(1000, np.float32), config.frame_rate)
    >>> seen = context(nothing, np.array([40.0, 320.0]), round(6 * config.frame_rate), config)
    >>> seen[:, [0, -1]].tolist()
    [[-1.0, 0.25], [1.0, 1.0]]
    """
    middle, octaves = math.sqrt(config.spm_min * config.spm_max), 0.5 * math.log2(config.spm_max / config.spm_min)
    strongest = max(float(agreement(periodicity, bpm).max(initial=0.0)), WEAKEST)
    values = np.empty((len(bpm), config.context_values), np.float32)
    values[:, 0] = np.log2(bpm / middle) / octaves
    values[:, 1:-2] = periodicity.at(bpm[:, None] * np.array(config.ratios)) / strongest
    values[:, -2] = strongest
    values[:, -1] = beats_heard(bpm, frames, config) / config.fold_beats
    return np.clip(values, -1.0, 1.0, out=values)


def build_cases(
    frames: NDArray[np.float32],
    periodicity: Periodicity,
    bpm: NDArray[np.float64],
    config: FeatureConfig,
    sums: NDArray[np.int32] | None = None,
) -> Cases:
    """Return the cases of all candidates for which the window is long enough.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames of the window, nepers of power.
    periodicity : Periodicity
        Periodicity of the window.
    bpm : ndarray of float64, shape (n,)
        Candidates, beats per minute.
    config : FeatureConfig
        Configuration of the feature path.
    sums : ndarray of int32, shape (frames + 1, n_mels), optional
        As in `fold`.

    Examples
    --------
    Six seconds hold eight beats at 165 a minute, but not at 60:

    >>> config = FeatureConfig()
    >>> frames = np.zeros((round(6 * config.frame_rate), config.n_mels), np.float32)
    >>> nothing = Periodicity(np.zeros(1000, np.float32), config.frame_rate)
    >>> cases = build_cases(frames, nothing, np.array([60.0, 165.0]), config)
    >>> cases.spm.tolist(), cases.folds.shape
    ([165.0], (1, 16, 12, 32))
    """
    bpm = bpm[foldable(bpm, len(frames), config)]
    folds = fold(frames, periodicity.curve, bpm, config, sums)
    return Cases(bpm, folds, context(periodicity, bpm, len(frames), config))
