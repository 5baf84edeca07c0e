"""Calibration of probabilities: reliability diagram and expected calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
"""Number of bins of equal width."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of similar probability: borders, number, mean probability, share of compatible candidates."""

    low: float
    high: float
    count: int
    predicted: float
    compatible: float


def reliability(label: NDArray[np.int8], probability: ArrayLike, bins: int = BINS) -> list[Bin]:
    """Return the bins that are not empty, in order.

    Examples
    --------
    >>> reliability(np.array([1, 1, 0]), [1.0, 1.0, 1.0], bins=2)[0].compatible  # doctest: +ELLIPSIS
    0.666...
    """
    values = np.asarray(probability, np.float64)
    place = np.minimum((values * bins).astype(int), bins - 1)
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            int(inside.sum()),
            float(values[inside].mean()),
            float(label[inside].mean()),
        )
        for number in range(bins)
        if (inside := place == number).any()
    ]


def calibration_error(label: NDArray[np.int8], probability: ArrayLike, bins: int = BINS) -> float:
    """Return the expected calibration error (Naeini, Cooper and Hauskrecht 2015).

    It is the difference between mean probability and share of compatible candidates of each bin, averaged over
    predictions.

    Examples
    --------
    >>> round(calibration_error(np.array([1, 1, 1, 1, 0]), [0.8] * 5), 6)
    0.0
    >>> round(calibration_error(np.array([1, 1, 1, 1, 0]), [1.0] * 5), 6)
    0.2
    """
    found = reliability(label, probability, bins)
    return sum(part.count * abs(part.compatible - part.predicted) for part in found) / max(1, len(label))
