"""Why a song has these paces: what a session hears in one window of it, and how it judges that."""

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.beats import beat_times
from paces_live.analysis.candidates import GRID_STEP, MAX_SHIFT, agreement, candidates, refine
from paces_live.analysis.classifier import Classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import LogMelStream
from paces_live.analysis.felt_beat import felt_beat, leading
from paces_live.analysis.fold import beats_heard, build_cases, foldable
from paces_live.analysis.periodicity import Periodicity, periodicity
from paces_live.analysis.tracking import related
from paces_live.collection.items import Item
from paces_live.errors import SourceError, UsageError
from paces_live.events import SongPace
from paces_live.library.corrections import Correction, corrected
from paces_live.library.files import FilePaces, analyze_item
from paces_live.match import SPM_MAX, SPM_MIN, STRETCH_TOLERANCE, Listener, nearest
from paces_live.session.config import FIRST_JUDGEMENT_S, SessionConfig
from paces_live.sources import FileSource
from paces_live.text import shown_path

RATES = np.geomspace(SPM_MIN, SPM_MAX, 1 + round(math.log(SPM_MAX / SPM_MIN) / GRID_STEP))
"""Rates at which the periodicity is drawn, as near to each other as those among which candidates are found."""
TYPED = 0.01
"""How far the tempo of the music may be from a pace that a person names and the model does not hear, relative: people
know it as exactly as that."""
STRONG = 0.97
"""Share of the steps of a fold that are weaker than the strongest that we tell apart."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate and its verdict.

    Attributes
    ----------
    spm : float
        Steps per minute.
    agreement : float
        How strongly the music repeats after 1, 2, 4 and 8 beats of it, 0 to 1.
    probability : float
        That you can jog to it.
    compatible : bool
        Whether that is enough to show it.
    """

    spm: float
    agreement: float
    probability: float
    compatible: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is heard in a window of a song.

    Attributes
    ----------
    start, end : float
        The window, seconds of the song.
    rates : ndarray of float64, shape (n,)
        A logarithmic scale of steps per minute.
    periodicity, agreement : ndarray of float32, shape (n,)
        How strongly the window repeats after one beat of each rate, and after 1, 2, 4 and 8 beats on average; 0 to 1.
    candidates : tuple of Judged
        Most probable first.
    chosen : Judged
        The candidate of the fold.
    fold : ndarray of float32, shape (beats, steps)
        The window at this candidate, a beat a row, the oldest first: how much louder each step is than the one before,
        the mean of all bands, 0 to 1. The strongest column comes first, because nobody knows where a beat begins.
    threshold : float
        Probability from which a candidate is compatible.
    """

    start: float
    end: float
    rates: NDArray[np.float64]
    periodicity: NDArray[np.float32]
    agreement: NDArray[np.float32]
    candidates: tuple[Judged, ...]
    chosen: Judged
    fold: NDArray[np.float32]
    threshold: float


def explain(
    file: Path,
    classifier: Classifier,
    *,
    at: float | None = None,
    pace: float | None = None,
    correction: Correction | None = None,
) -> Explanation:
    """Return what is heard in a window of a song, and how it is judged.

    Parameters
    ----------
    file : Path
    classifier : Classifier
    at : float, optional
        The middle of the window, seconds; by default the middle of the song.
    pace : float, optional
        The candidate of the fold, steps per minute: the compatible one near it, or else this pace, whether the music
        repeats at it or not. By default the most probable one.
    correction : Correction, optional
        What a person says about the paces of the song: the felt beat of them takes the place of the most probable one.

    Raises
    ------
    SourceError
        The file cannot be read.
    UsageError
        There is too little to hear, there or at all.

    Examples
    --------
    >>> from paces_live.analysis.classifier import load_classifier
    >>> from paces_live.demo import excerpt
    >>> why = explain(excerpt(), load_classifier(), at=30.0)
    >>> why.start, why.end, round(why.chosen.spm), why.fold.shape
    (17.5, 42.5, 168, (16, 12))
    """
    config = classifier.features
    song = frames_of(file, config)
    window = min(config.window_frames, len(song))
    middle = 0.5 * len(song) if at is None else at * config.frame_rate
    if middle > len(song):
        length = len(song) / config.frame_rate
        raise UsageError(f"{shown_path(file)} is {length:.0f} s long", hint="choose an earlier --at", code="usage.at")
    begin = max(0, min(round(middle - 0.5 * window), len(song) - window))
    frames = song[begin : begin + window]
    if window < FIRST_JUDGEMENT_S * config.frame_rate or not np.ptp(frames):
        hint = "choose another --at, or another file"
        raise UsageError(f"{shown_path(file)}: there is too little to hear", hint=hint, code="usage.at")
    repeats = periodicity(frames, config)
    most = SessionConfig().max_candidates
    tempi = candidates(repeats, config, count=most)
    if pace is None and correction is not None:
        said = np.array(correction.paces)
        # A short window has too few beats of a slow one.
        pace = felt_beat(SongPace(spm, 1.0, 1.0) for spm in said[foldable(said, window, config)].tolist())
    if pace is not None:
        tempi = _with(pace, tempi, repeats)
    if pace is not None and not foldable(tempi[:1], window, config)[0]:
        message = f"{pace:g} has too few beats in {window / config.frame_rate:.0f} s"
        raise UsageError(message, hint="choose a faster --pace, or a longer file", code="usage.pace")
    cases = build_cases(frames, repeats, tempi, config)
    if not len(cases.spm):
        raise UsageError(f"{shown_path(file)}: nothing repeats there", hint="choose another --at", code="usage.at")
    probabilities = classifier.probabilities(cases)
    judged = [
        Judged(spm, agreed, probability, probability >= classifier.thresholds[0])
        for spm, agreed, probability in zip(
            cases.spm.tolist(), agreement(repeats, cases.spm).tolist(), probabilities.tolist(), strict=True
        )
    ]
    index = int(probabilities.argmax()) if pace is None else _of_pace(judged, pace)
    # The pace itself is no candidate of the music if one of them takes its place.
    shown = judged[1:] if pace is not None and index else judged[:most]
    return Explanation(
        start=round(begin / config.frame_rate, 1),
        end=round((begin + window) / config.frame_rate, 1),
        rates=RATES,
        periodicity=repeats.at(RATES).clip(0.0, 1.0),
        agreement=agreement(repeats, RATES),
        candidates=tuple(sorted(shown, key=lambda one: -one.probability)),
        chosen=judged[index],
        # A short window has fewer beats, which its fold repeats.
        fold=_rises(cases.folds[index])[-int(beats_heard(cases.spm[index : index + 1], window, config)[0]) :],
        threshold=classifier.thresholds[0],
    )


def _with(pace: float, tempi: NDArray[np.float64], repeats: Periodicity) -> NDArray[np.float64]:
    """Return a pace that a person named, as exact as the music has it, and then the tempi that are not the same."""
    heard = float(refine(repeats, np.array([pace]))[0])
    first = heard if abs(heard / pace - 1.0) <= TYPED else pace
    return np.append(first, tempi[np.abs(tempi / first - 1.0) > TYPED])


def _of_pace(judged: Sequence[Judged], pace: float) -> int:
    """Return the number of the compatible candidate near a pace, or else of the first one, which is the pace itself."""
    off = [abs(one.spm / pace - 1.0) if one.compatible else math.inf for one in judged]
    nearest_other = min(range(1, len(judged)), key=off.__getitem__, default=0)
    return nearest_other if off[nearest_other] <= STRETCH_TOLERANCE else 0


def _rises(fold: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much louder each step of a fold is than the one before, shape (beats, steps), 0 to 1."""
    beats, steps, bands = fold.shape
    rises = np.zeros((beats * steps, bands), np.float32)
    rises[1:] = np.maximum(np.diff(fold.reshape(-1, bands), axis=0), 0.0)
    loud = rises.mean(axis=-1).reshape(beats, steps)
    # A few strokes are much stronger than all others.
    full = max(float(np.quantile(loud, STRONG)), float(np.finfo(np.float32).tiny))
    return np.roll(np.minimum(loud / full, 1.0), -int(loud.sum(axis=0).argmax()), axis=1)


def frames_of(file: Path, config: FeatureConfig) -> NDArray[np.float32]:
    """Return the log-mel frames of a file, shape (frames, n_mels); raises `SourceError`."""
    stream = LogMelStream(config)
    with closing(FileSource(file, config.sample_rate, fast=True).blocks()) as blocks:
        parts = [stream.push(block.samples) for block in blocks]
    return np.concatenate([np.empty((0, config.n_mels), np.float32), *parts])


def song_beats(
    file: Path, classifier: Classifier, pace: float | None = None, correction: Correction | None = None
) -> NDArray[np.float64]:
    """Return the times of the steps at a pace of a song, seconds.

    They follow the tempo of the music, but never towards another pace: the steps of a pace that the song does not have
    are heard beside the beat.

    Parameters
    ----------
    file : Path
    classifier : Classifier
    pace : float, optional
        The pace that the song has near it is taken, or else this one; by default the felt beat.
    correction : Correction, optional
        What a person says about the paces of the song.

    Raises
    ------
    SourceError
        The file cannot be read, or it has no pace and none is given.

    Examples
    --------
    >>> from paces_live.analysis.classifier import load_classifier
    >>> from paces_live.demo import excerpt
    >>> times = song_beats(excerpt(), load_classifier(), 84.0)
    >>> len(times), round(mean_rate(times))  # two songs, whose beats are at 168 and 184
    (134, 88)
    """
    heard = analyze_item(Item(file), classifier, Listener(None))
    song = heard if correction is None else corrected(heard, correction)
    wanted = leading(song.paces, song.beat) if pace is None else pace
    if wanted is None:
        raise SourceError(f"{shown_path(file)}: no pace found", hint="name one: --pace 164")
    found = nearest(song.paces, wanted)
    is_found = found is not None and abs(found.error) <= STRETCH_TOLERANCE
    spm = found.spm if found and is_found else wanted
    # Halves and doubles go with the music, whether they are shown or not.
    is_heard = any(abs(pace.spm / spm - 1.0) <= STRETCH_TOLERANCE or related(pace.spm, spm) for pace in heard.paces)
    course = _course(song, spm) if is_found or is_heard else lambda _: spm
    config = classifier.features
    return beat_times(frames_of(file, config), course, config, within=MAX_SHIFT if is_heard else TYPED)


def mean_rate(times: NDArray[np.float64]) -> float:
    """Return how many steps a minute there are on average; 0 for fewer than two.

    Examples
    --------
    >>> mean_rate(np.array([1.0, 1.5, 2.0]))
    120.0
    """
    return 60.0 * (len(times) - 1) / float(np.ptp(times)) if len(times) > 1 else 0.0


def _course(song: FilePaces, spm: float) -> Callable[[float], float]:
    """Return how a pace goes through a song: as its felt beat does."""
    if song.beat is None or not song.sections:
        return lambda _: spm
    times = [time for one in song.sections for time in (one.start, one.end)]
    scale = spm / song.beat
    levels = [scale * rate for one in song.sections for rate in (one.start_spm, one.end_spm)]
    return lambda time: float(np.interp(time, times, levels))
