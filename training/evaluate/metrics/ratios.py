"""Predictions by the ratio of the candidate to the felt tempo."""

from dataclasses import dataclass

import numpy as np

from training.annotations.truth import TOLERANCE
from training.evaluate.metrics.candidates import Predictions

RATIOS = (1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0, 6.0)
RATIO_NAMES = ("1/6", "1/4", "1/3", "1/2", "2/3", "3/4", "1", "4/3", "3/2", "2", "3", "4", "6")


@dataclass(frozen=True, slots=True)
class RatioRow:
    """Candidates at one ratio to the felt tempo: number, and shares predicted compatible, compatible, and wrong."""

    name: str
    count: int
    predicted: float
    compatible: float
    wrong: float


def ratio_confusion(predictions: Predictions) -> list[RatioRow]:
    """Return a row for each of `RATIOS`, and one for candidates near none of them; negatives are left out."""
    ratio = predictions.spm / predictions.tempo
    known = ~np.isnan(ratio)
    distance = np.abs(ratio[:, None] / np.array(RATIOS) - 1.0)
    distance[~known] = np.inf
    place = np.where(distance.min(axis=1) <= TOLERANCE, distance.argmin(axis=1), len(RATIOS))
    rows = []
    for number, name in enumerate((*RATIO_NAMES, "other")):
        here = known & (place == number)
        count = int(here.sum())
        predicted, compatible, wrong = (
            float(values[here].mean()) if count else 0.0
            for values in (predictions.positive, predictions.label == 1, predictions.wrong)
        )
        rows.append(RatioRow(name, count, predicted, compatible, wrong))
    return rows


def ratio_name(spm: float, tempo: float) -> str:
    """Return the name of the ratio of a pace to `tempo`, or the ratio with two decimals if it has no name.

    Examples
    --------
    >>> ratio_name(81.0, 120.0), ratio_name(107.0, 120.0)
    ('2/3', '0.89')
    """
    error = np.abs(spm / tempo / np.array(RATIOS) - 1.0)
    return RATIO_NAMES[int(error.argmin())] if error.min() <= TOLERANCE else f"{spm / tempo:.2f}"
