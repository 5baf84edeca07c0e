"""Frames of a whole song to the times of its beats at one pace: where a step falls.

The tempo is that of each window in turn, refined as a session refines it, so it follows people who speed up and slow
down. It turns the time of the song into beats, but for where the first one is. That is the place within the beat at
which the onset strength, added up over some seconds, is strongest: the column of the fold in which onsets line up.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paces_live.analysis.candidates import MAX_SHIFT, refine
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.log_lag import PART_HOP_S
from paces_live.analysis.periodicity import onset_strength, periodicity
from paces_live.analysis.tempo_curve import newest_stretch

HOP_S = 2.5
"""Time from one tempo to the next, and from one phase to the next, seconds."""
STRETCH_S = 10.0
"""Length of the stretch over which onset strength is added up for a phase, seconds."""
PLACES = 48
"""Number of places within the beat."""
WIDTH_S = 0.02
"""Standard deviation of the kernel that an onset is spread by, seconds: musicians are that exact."""
FARTHEST = 6
"""Largest change of the phase from one stretch to the next, places: an eighth of a beat."""
STIFFNESS = 0.02
"""Cost of a change of the phase by a place, relative to the difference between the best and the mean place."""
PHASE_RANGE = 2.0 * math.log(10.0)
"""Level of the softest sound that counts for a phase, below the loudest around it, nepers of power: 20 dB."""
HEARD = 0.56
"""Where in a frame an onset makes the spectrum rise, as a share of its length (measured on strokes)."""


def beat_times(
    frames: NDArray[np.float32], spm: Callable[[float], float], config: FeatureConfig, *, within: float = MAX_SHIFT
) -> NDArray[np.float64]:
    """Return the times of the beats of a song at one pace, seconds.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames of the whole song, nepers of power.
    spm : callable
        The pace at a time in seconds, about: the tempo near it on which the music agrees is taken.
    config : FeatureConfig
        The configuration of the frames.
    within : float
        How far the tempo that is taken may be from the pace, relative.

    Returns
    -------
    ndarray of float64, shape (beats,)

    Examples
    --------
    Strokes half a second apart, the first after a quarter of a second:

    >>> config = FeatureConfig()
    >>> samples = np.zeros(20 * config.sample_rate, np.float32)
    >>> for beat in range(39):
    ...     start = round((0.25 + 0.5 * beat) * config.sample_rate)
    ...     samples[start : start + 600] = np.random.default_rng(beat).standard_normal(600)
    >>> from paces_live.analysis.features import log_mel
    >>> times = beat_times(log_mel(samples, config), lambda _: 118.0, config)
    >>> bool(np.abs(times[:38] - 0.25 - 0.5 * np.arange(38)).max() < 0.03)
    True
    """
    if len(frames) < 2:
        return np.empty(0)
    onsets = onset_strength(_loud(frames, config))
    beats = np.concatenate(([0.0], np.cumsum(_speeds(frames, spm, within, config))))
    late = _phases(onsets, beats, config.frame_rate)
    # The song in beats, with a beat at every whole number.
    place = beats - late
    whole = np.arange(math.ceil(place[0]), math.floor(place[-1]) + 1)
    at: NDArray[np.float64] = np.interp(whole, place, np.arange(len(place))) / config.frame_rate
    return at + HEARD * config.n_fft / config.sample_rate


def _loud(frames: NDArray[np.float32], config: FeatureConfig) -> NDArray[np.float32]:
    """Return frames without what is much weaker than the loudest of some seconds around it, the mean of all bands.

    Out of silence, a soft hi-hat rises as far as a bass drum does; but people step to the bass drum.
    """
    half = round(0.5 * STRETCH_S * config.frame_rate)
    loudest = sliding_window_view(np.pad(frames.mean(axis=1), half, "edge"), 2 * half + 1).max(axis=1)
    loud: NDArray[np.float32] = np.maximum(frames, (loudest - np.float32(PHASE_RANGE))[:, None])
    return loud


def _speeds(
    frames: NDArray[np.float32], spm: Callable[[float], float], within: float, config: FeatureConfig
) -> NDArray[np.float64]:
    """Return the tempo at each frame, beats per frame."""
    hop, length = round(HOP_S * config.frame_rate), min(config.window_frames, len(frames))
    age = sum(newest_stretch(length / config.frame_rate)) / 2.0
    times: list[float] = []
    tempi: list[float] = []
    for end in range(length, max(len(frames), length + 1), hop):
        repeats = periodicity(frames[end - length : end], config)
        at = end / config.frame_rate - age
        tempo = float(refine(repeats, np.array([spm(at)]))[0]) if len(repeats.strengths) else spm(at)
        if abs(tempo / spm(at) - 1.0) > within:
            tempo = spm(at)
        if not times:
            # Before the newest part of the first window, its tempo curve says what the tempo was.
            for back, log_speed in enumerate(repeats.curve.log_speeds[-2::-1], 1):
                times.insert(0, at - back * PART_HOP_S)
                tempi.insert(0, tempo * math.exp(log_speed))
        times.append(at)
        tempi.append(tempo)
    steps = (np.arange(len(frames)) + 0.5) / config.frame_rate
    speeds: NDArray[np.float64] = np.exp(np.interp(steps, times, np.log(tempi))) / (60.0 * config.frame_rate)
    return speeds


def _phases(onsets: NDArray[np.float32], beats: NDArray[np.float64], frame_rate: float) -> NDArray[np.float64]:
    """Return how late the beats are at the border of each frame, in beats; `beats` counts them from the beginning."""
    hop, half = round(HOP_S * frame_rate), round(0.5 * STRETCH_S * frame_rate)
    centres = np.arange(0, len(onsets) + hop, hop)
    ends = [(max(0, centre - half), min(len(onsets), centre + half)) for centre in centres.tolist()]
    strengths = np.array([_folded(onsets, beats, start, end, frame_rate) for start, end in ends])
    path = _smooth(strengths)
    # The vertex of the parabola through the best place and its neighbours.
    rows = np.arange(len(path))
    before, at, after = (strengths[rows, (path + side) % PLACES] for side in (-1, 0, 1))
    curvature = before - 2.0 * at + after
    vertex = 0.5 * (before - after) / np.where(curvature < 0.0, curvature, -np.inf)
    late = np.unwrap((path + np.clip(vertex, -0.5, 0.5)) / PLACES, period=1.0)
    phases: NDArray[np.float64] = np.interp(np.arange(len(beats)), centres, late)
    return phases


def _folded(
    onsets: NDArray[np.float32], beats: NDArray[np.float64], start: int, end: int, frame_rate: float
) -> NDArray[np.float64]:
    """Return the onset strength from frame `start` to `end` at each place within the beat, shape (PLACES,)."""
    if end - start < 2:
        return np.zeros(PLACES)
    # Onsets are at the beginning of their frames; those weaker than the mean are none.
    places = np.arange(PLACES) / PLACES
    off = (beats[start:end, None] - places + 0.5) % 1.0 - 0.5
    period = (end - start) / max(beats[end] - beats[start], 1e-9)
    width = WIDTH_S * frame_rate / period
    kernel = np.exp(-0.5 * (off / width) ** 2)
    folded: NDArray[np.float64] = np.maximum(onsets[start:end], 0.0) @ kernel
    return folded


def _smooth(strengths: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the place of each stretch: the largest sum of strengths less the cost of changes (Viterbi)."""
    shifts = np.arange(-FARTHEST, FARTHEST + 1)
    costs = STIFFNESS * shifts.astype(float) ** 2
    levels = strengths - strengths.mean(axis=1, keepdims=True)
    levels /= np.maximum(levels.max(axis=1, keepdims=True), 1e-9)
    total, came_from = levels[0], []
    for level in levels[1:]:
        # Row s holds what is reached from s places before.
        reached = np.array([np.roll(total, shift) for shift in shifts]) - costs[:, None]
        best = reached.argmax(axis=0)
        came_from.append((np.arange(PLACES) - shifts[best]) % PLACES)
        total = reached.max(axis=0) + level
    path = [int(total.argmax())]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])
