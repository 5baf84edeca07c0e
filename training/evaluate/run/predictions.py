"""Single verdicts: what a model says of candidates, those of the megabatch and those of full windows of a song."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import Cases, build_cases
from paces_live.analysis.periodicity import candidates, tempogram
from paces_live.session.engine import EngineConfig
from training.annotations.truth import Truth, judge_all
from training.corpus.songs import Song
from training.dataset import megabatch
from training.errors import TrainingError
from training.evaluate.metrics.songs import candidate_measures

WINDOWS = 6
"""Full windows of a song whose candidates are judged singly, evenly spaced; they overlap in a short song."""
BANDS = (40, 60, 80, 100, 120, 140, 160, 180, 320)
"""Borders of the tempo bands, felt beats per minute."""
BAND_NAMES = np.array([*(f"{low}-{high}" for low, high in pairwise(BANDS)), "none"], np.str_)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Single verdicts, a row each.

    Attributes
    ----------
    spm, probability : ndarray of float, shape (n,)
        The candidate, and the model's probability that it is compatible.
    label : ndarray of int8, shape (n,)
        1 compatible, 0 not; ignored candidates are left out.
    tempo : ndarray of float, shape (n,)
        Felt tempo of the song; nan for a sound without a pace.
    family, meter : ndarray of str, shape (n,)
        Of the song.
    exact : ndarray of bool, shape (n,)
        False where the candidate is further than `training.dataset.megabatch.EXACT` from a compatible pace, but within
        tolerance of it. Its beats drift through the fold; no model learns from such.
    """

    spm: NDArray[np.float64]
    label: NDArray[np.int8]
    probability: NDArray[np.float64]
    tempo: NDArray[np.float64]
    family: NDArray[np.str_]
    meter: NDArray[np.str_]
    exact: NDArray[np.bool_]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the verdict at one half is not the truth."""
        wrong: NDArray[np.bool_] = (self.probability >= 0.5) != (self.label == 1)
        return wrong

    @property
    def band(self) -> NDArray[np.str_]:
        """Tempo band of each row, such as ``100-120``, and ``none`` for a sound without a pace."""
        return tempo_band(self.tempo)

    def measures(self) -> dict[str, float]:
        """Return the measures of single verdicts, of the exact candidates alone too."""
        exact = candidate_measures(self.label[self.exact], self.probability[self.exact].astype(np.float32))
        alone = {f"exact_{name}": exact[name] for name in ("accuracy", "balanced_accuracy")}
        return candidate_measures(self.label, self.probability.astype(np.float32)) | alone

    @classmethod
    def joined(cls, parts: Sequence["Verdicts"]) -> "Verdicts":
        """Return the rows of all `parts`, one after the other."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__})


def tempo_band(tempo: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return the name of the band of each tempo; ``none`` where it is nan."""
    place = np.clip(np.searchsorted(BANDS, tempo, side="right") - 1, 0, len(BANDS) - 2)
    return np.asarray(BAND_NAMES[np.where(np.isnan(tempo), -1, place)])


@dataclass(frozen=True, slots=True)
class Labelled:
    """Candidates with their truth; any model of the same feature path can judge them.

    Attributes
    ----------
    cases : Cases
    label : ndarray of int8, shape (n,)
        1 compatible, 0 not.
    tempo : ndarray of float, shape (n,)
    family, meter : ndarray of str, shape (n,)
    exact : ndarray of bool, shape (n,)
        See `Verdicts`.
    """

    cases: Cases
    label: NDArray[np.int8]
    tempo: NDArray[np.float64]
    family: NDArray[np.str_]
    meter: NDArray[np.str_]
    exact: NDArray[np.bool_]

    def judged(self, classifier: Classifier) -> Verdicts:
        """Return the verdicts of a model."""
        return Verdicts(
            spm=self.cases.spm,
            label=self.label,
            probability=classifier.probabilities(self.cases).astype(np.float64),
            tempo=self.tempo,
            family=self.family,
            meter=self.meter,
            exact=self.exact,
        )


def full_windows(
    samples: NDArray[np.float32], truth: Truth, config: FeatureConfig, *, tempo: float, family: str, meter: str
) -> Labelled:
    """Return the candidates of full windows of a song that the live engine would judge, matters of taste left out.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        The song, or the part of it that is judged, at the sample rate of `config`.
    """
    engine = EngineConfig()
    frames = log_mel(samples, config)
    latest = max(0, len(frames) - config.window_frames)
    parts = []
    for start in np.unique(np.linspace(0, latest, WINDOWS).astype(int)):
        window = frames[start : start + config.window_frames]
        gram = tempogram(window, config)
        proposed = candidates(gram, config, count=engine.candidates, target=engine.target)
        parts.append(build_cases(window, gram, proposed, config))
    spm, folds, context = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("spm", "folds", "context")
    )
    label = judge_all(spm, truth)
    kept = label >= 0
    count = int(kept.sum())
    return Labelled(
        Cases(spm[kept], folds[kept], context[kept]),
        label[kept],
        np.full(count, tempo),
        np.full(count, family),
        np.full(count, meter),
        (label[kept] == 0) | (judge_all(spm[kept], truth, megabatch.EXACT) == 1),
    )


def judge_shards(folder: Path, split: str, songs: Sequence[Song], classifier: Classifier) -> Verdicts:
    """Return the verdicts on all cases of a split, read shard by shard; matters of taste are left out.

    Raises
    ------
    TrainingError
        There are no shards, they are of songs that `songs` lacks, or the classifier hears in another way.
    """
    megabatch.check(folder, classifier.features)
    shards = megabatch.shards(folder, split)
    return Verdicts.joined([_labelled(shard, part, songs).judged(classifier) for shard, part in shards])


def _labelled(shard: Path, part: megabatch.Part, songs: Sequence[Song]) -> Labelled:
    with np.load(shard) as data:
        cases = megabatch.Megabatch(**{name: data[name] for name in megabatch.FIELDS})
    cases = cases.take(cases.label >= 0)
    numbers = part.renumbered(cases.song)
    if len(numbers) and numbers.max() >= 2 * len(songs):
        raise TrainingError(f"{shard} has cases of songs that the corpus lacks; make the megabatch anew")
    # A sound without a pace has the number of the song that it stands for, plus the number of songs.
    count = len(songs)
    tempo = np.array([*(song.tempo for song in songs), *[np.nan] * count])
    family = np.array([*(song.family for song in songs), *["none"] * count], np.str_)
    meter = np.array([*(song.meter for song in songs), *["none"] * count], np.str_)
    return Labelled(cases.cases(), cases.label, tempo[numbers], family[numbers], meter[numbers], cases.exact)
