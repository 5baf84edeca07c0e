"""Predictions of a model on candidates: those of the megabatch, and those of full windows of a song."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates
from paces_live.analysis.classifier import Classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import Cases, build_cases
from paces_live.analysis.periodicity import periodicity
from training import live
from training.annotations.truth import Truth, labels
from training.corpus.songs import Song
from training.corpus.timing import newest_speed
from training.dataset import megabatch
from training.errors import TrainingError
from training.evaluate.metrics.candidates import NO_SONG, Predictions

WINDOWS = 6
"""Number of full windows of a song, evenly spaced; they overlap in a short song."""


@dataclass(frozen=True, slots=True)
class LabelledCases:
    """Candidates with their labels; any model of the same feature path can judge them.

    Attributes
    ----------
    cases : Cases
    label, tempo, family, meter, exact : ndarray, shape (n,)
        See `training.evaluate.metrics.candidates.Predictions`.
    """

    cases: Cases
    label: NDArray[np.int8]
    tempo: NDArray[np.float64]
    family: NDArray[np.str_]
    meter: NDArray[np.str_]
    exact: NDArray[np.bool_]

    def predicted(self, classifier: Classifier) -> Predictions:
        """Return the predictions of a model."""
        return Predictions(
            spm=self.cases.spm,
            label=self.label,
            probability=classifier.probabilities(self.cases).astype(np.float64),
            tempo=self.tempo,
            family=self.family,
            meter=self.meter,
            exact=self.exact,
        )


def full_windows(
    samples: NDArray[np.float32],
    truth: Truth,
    config: FeatureConfig,
    *,
    tempo: float,
    family: str,
    meter: str,
    curve: Sequence[tuple[float, float]] = (),
) -> LabelledCases:
    """Return the candidates that a session would judge in full windows of a song, without ambiguous ones.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        The song, or a part of it, at the sample rate of `config`.
    curve
        Local speed at seconds of `samples`, relative to the tempo of `truth`; it decides the labels as in a megabatch.
    """
    frames = log_mel(samples, config)
    latest = max(0, len(frames) - config.window_frames)
    parts, speeds = [], []
    for start in np.unique(np.linspace(0, latest, WINDOWS).astype(int)):
        window = frames[start : start + config.window_frames]
        strengths = periodicity(window, config)
        proposed = candidates(strengths, config, count=live.CANDIDATES, of_interest=[live.TARGET])
        parts.append(build_cases(window, strengths, proposed, config))
        end_s = (start + len(window)) / config.frame_rate
        speed = newest_speed(curve, end_s, len(window) / config.frame_rate)
        speeds.append(np.full(len(parts[-1].spm), speed))
    spm, folds, context = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("spm", "folds", "context")
    )
    at_mean_tempo = spm / np.concatenate(speeds)
    label = labels(at_mean_tempo, truth)
    kept = label >= 0
    count = int(kept.sum())
    return LabelledCases(
        Cases(spm[kept], folds[kept], context[kept]),
        label[kept],
        np.full(count, tempo),
        np.full(count, family),
        np.full(count, meter),
        (label[kept] == 0) | (labels(at_mean_tempo[kept], truth, megabatch.EXACT) == 1),
    )


def predict_shards(folder: Path, split: str, songs: Sequence[Song], classifier: Classifier) -> Predictions:
    """Return the predictions on all cases of a split, without ambiguous ones; they are read shard by shard.

    Raises
    ------
    TrainingError
        If there are no shards, they contain songs that `songs` lacks, or they were made by another feature path.
    """
    megabatch.check(folder, classifier.features)
    shards = megabatch.shards(folder, split)
    return Predictions.joined([_labelled(shard, part, songs).predicted(classifier) for shard, part in shards])


def _labelled(shard: Path, part: megabatch.Part, songs: Sequence[Song]) -> LabelledCases:
    with np.load(shard) as data:
        cases = megabatch.Megabatch(**{name: data[name] for name in megabatch.FIELDS})
    cases = cases.take(cases.label >= 0)
    numbers = part.renumbered(cases.song)
    if len(numbers) and numbers.max() >= 2 * len(songs):
        raise TrainingError(f"{shard} has cases of songs that the corpus lacks: delete the megabatch and make it again")
    # A negative has the number of a song plus the number of songs.
    count = len(songs)
    tempo = np.array([*(song.tempo for song in songs), *[np.nan] * count])
    family = np.array([*(song.family for song in songs), *[NO_SONG] * count], np.str_)
    meter = np.array([*(song.meter for song in songs), *[NO_SONG] * count], np.str_)
    return LabelledCases(cases.cases(), cases.label, tempo[numbers], family[numbers], meter[numbers], cases.exact)
