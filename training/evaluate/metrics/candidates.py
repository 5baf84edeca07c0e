"""Measures of predictions on single candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from training.evaluate.metrics.reliability import calibration_error

THRESHOLD = 0.5
"""Probability from which a candidate counts as predicted compatible."""
BANDS = (40, 60, 80, 100, 120, 140, 160, 180, 320)
"""Borders of the tempo bands, felt beats per minute."""
NO_SONG = "none"
"""Family, meter and band of a negative."""
BAND_NAMES = np.array([*(f"{low}-{high}" for low, high in pairwise(BANDS)), NO_SONG], np.str_)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions on candidates, one per row.

    Attributes
    ----------
    spm, probability : ndarray of float, shape (n,)
        The candidate, and the predicted probability that it is compatible.
    label : ndarray of int8, shape (n,)
        1 compatible, 0 incompatible; ambiguous candidates are left out.
    tempo : ndarray of float, shape (n,)
        Felt tempo of the song; nan for a negative.
    family, meter : ndarray of str, shape (n,)
        Family and meter of the song.
    exact : ndarray of bool, shape (n,)
        See `training.dataset.megabatch.EXACT`.
    """

    spm: NDArray[np.float64]
    label: NDArray[np.int8]
    probability: NDArray[np.float64]
    tempo: NDArray[np.float64]
    family: NDArray[np.str_]
    meter: NDArray[np.str_]
    exact: NDArray[np.bool_]

    @property
    def positive(self) -> NDArray[np.bool_]:
        """True for each candidate predicted compatible."""
        positive: NDArray[np.bool_] = self.probability >= THRESHOLD
        return positive

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """True for each wrong prediction."""
        wrong: NDArray[np.bool_] = self.positive != (self.label == 1)
        return wrong

    @property
    def band(self) -> NDArray[np.str_]:
        """Tempo band of each row, such as ``100-120``, or ``none`` for a negative."""
        return tempo_band(self.tempo)

    def measures(self) -> dict[str, float]:
        """Return all measures: of all candidates, the accuracies of the exact ones, and the calibration error."""
        exact = candidate_measures(self.label[self.exact], self.probability[self.exact])
        return (
            candidate_measures(self.label, self.probability)
            | {f"exact_{name}": exact[name] for name in ("accuracy", "balanced_accuracy")}
            | {"calibration_error": calibration_error(self.label, self.probability)}
        )

    @classmethod
    def joined(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Return the rows of all `parts`, one after the other."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__})


def candidate_measures(label: NDArray[np.int8], probability: NDArray[np.floating]) -> dict[str, float]:
    """Return the measures of predictions at the threshold of one half.

    Parameters
    ----------
    label : ndarray of int8, shape (n,)
        1 compatible, 0 incompatible.
    probability : ndarray of float, shape (n,)

    Examples
    --------
    >>> measures = candidate_measures(np.array([1, 0, 0, 0]), np.array([0.9, 0.8, 0.2, 0.1]))
    >>> measures["accuracy"], measures["recall"], measures["precision"]
    (0.75, 1.0, 0.5)
    """
    # In single precision, as classifiers give probabilities: ties in the ROC curve depend on it.
    probability = np.asarray(probability, np.float32)
    positive = probability >= THRESHOLD
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        label, positive, average="binary", zero_division=0.0
    )
    return {
        "cases": float(len(label)),
        "larger_class": float(max(label.mean(), 1.0 - label.mean())),
        "accuracy": float(metrics.accuracy_score(label, positive)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(label, positive)),
        "auc": float(metrics.roc_auc_score(label, probability)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def tempo_band(tempo: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return the name of the band of each tempo, ``none`` for nan.

    Examples
    --------
    >>> tempo_band(np.array([100.0, 39.0, 320.0, np.nan])).tolist()
    ['100-120', '40-60', '180-320', 'none']
    """
    place = np.clip(np.searchsorted(BANDS, tempo, side="right") - 1, 0, len(BANDS) - 2)
    return np.asarray(BAND_NAMES[np.where(np.isnan(tempo), -1, place)])
