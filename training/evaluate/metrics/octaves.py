"""Which of two paces an octave apart comes to mind first: the rate that people prefer."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.annotations.annotators import Annotations
from training.annotations.truth import TOLERANCE
from training.errors import TrainingError
from training.evaluate.metrics.profile import Share

RATES = (100.0, 120.0, 130.0)
"""Rates that are compared, steps per minute: Fraisse's 600 ms, van Noorden and Moelants (1999), and the one in use."""

Pair = tuple[float, float]
"""The first pace of a song, and its half or its double."""


def octave_pairs(annotators: Iterable[Annotations], tolerance: float = TOLERANCE) -> list[Pair]:
    """Return the first pace of each song with each pace of the song that is its half or its double.

    Examples
    --------
    >>> octave_pairs([Annotations("anna", {"A": (120.0, 60.0, 40.0), "B": (90.0,)})])
    [(120.0, 60.0)]
    """
    return [
        (paces[0], other)
        for person in annotators
        for paces in person.songs.values()
        for other in paces[1:]
        if abs(abs(math.log2(other / paces[0])) - 1.0) <= math.log2(1.0 + tolerance)
    ]


def nearer(pairs: Sequence[Pair], rate: float) -> Share:
    """Return the share of pairs whose first pace is nearer to `rate` than the other, by ratio.

    Examples
    --------
    >>> nearer([(120.0, 60.0), (170.0, 85.0)], 100.0)
    Share(part=1, whole=2, ambiguous=0)
    """
    return Share(sum(abs(math.log(first / rate)) < abs(math.log(other / rate)) for first, other in pairs), len(pairs))


def indifference(pairs: Sequence[Pair]) -> float:
    """Return the rate around which the half and the double are as likely to come first.

    A logistic curve over the logarithm of the geometric mean of each pair, fitted by maximum likelihood.

    Raises
    ------
    TrainingError
        There is no pair of a kind: none in which the half comes first, or none in which the double does.

    Examples
    --------
    >>> pairs = [(first, other) for mean in (110, 125, 140) for first, other in [(mean * 2**0.5, mean / 2**0.5)]]
    >>> pairs += [(other, first * 1.0) for mean in (120, 135, 150) for first, other in [(mean * 2**0.5, mean / 2**0.5)]]
    >>> round(indifference(pairs))
    129
    """
    from scipy.optimize import minimize

    slower = np.array([first < other for first, other in pairs])
    if slower.all() or not slower.any():
        raise TrainingError("a preferred rate needs songs whose half comes first and songs whose double does")
    means = np.log2([math.sqrt(first * other) for first, other in pairs])

    def cost(parameters: NDArray[np.float64]) -> float:
        middle, steepness = parameters
        # Above the middle, the slower one is likelier.
        odds = steepness * (means - middle)
        return float(np.logaddexp(0.0, np.where(slower, -odds, odds)).sum())

    bounds = ((float(means.min()), float(means.max())), (0.1, 100.0))
    found = minimize(cost, (math.log2(130.0), 5.0), method="Nelder-Mead", bounds=bounds, options={"maxiter": 5000})
    return float(2.0 ** found.x[0])


def words(pairs: Sequence[Pair]) -> str:
    """Return what `calibrate` prints of the preferred rate.

    Examples
    --------
    >>> words([(120.0, 60.0), (170.0, 85.0)])
    'of 2 pairs of octaves, the first pace is nearer to 100 in 50 %, to 120 in 50 %, to 130 in 100 %'
    """
    if not pairs:
        return "no first pace has its half or its double next to it: nothing is known of the preferred rate"
    shares = ", ".join(
        f"{'nearer ' * (rate == RATES[0])}to {rate:.0f} in {100 * nearer(pairs, rate).low:.0f} %" for rate in RATES
    )
    text = f"of {len(pairs)} pairs of octaves, the first pace is {shares}"
    try:
        middle = indifference(pairs)
    except TrainingError:
        return text
    return f"{text}; a fit is indifferent at {middle:.0f}, nearer to it are {100 * nearer(pairs, middle).low:.0f} %"
