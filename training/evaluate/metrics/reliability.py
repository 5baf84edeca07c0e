"""Whether a probability means what it says: reliability, expected calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
CALIBRATED = 0.03
"""Greatest expected calibration error of probabilities that may be called calibrated."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts of like probability: borders, how many, mean probability, share that is compatible."""

    low: float
    high: float
    count: int
    said: float
    true: float


def reliability(label: NDArray[np.int8], probability: ArrayLike, bins: int = BINS) -> list[Bin]:
    """Return the bins of equal width that hold any verdict, in order."""
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
    """Return the expected calibration error: |share - probability|, averaged over verdicts (Naeini et al. 2015)."""
    found = reliability(label, probability, bins)
    return sum(part.count * abs(part.true - part.said) for part in found) / max(1, len(label))
