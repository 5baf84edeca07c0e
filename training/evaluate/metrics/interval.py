"""Confidence intervals of shares."""

import math

Z = 1.96
"""Quantile of the normal distribution for a 95 % interval."""


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, Journal of the American Statistical Association 22, 1927).

    Examples
    --------
    >>> low, high = wilson(29, 35)
    >>> round(low, 3), round(high, 3)
    (0.673, 0.919)
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, Z * Z / whole
    half = Z * math.sqrt(share * (1 - share) / whole + square / (4 * whole))
    middle = share + square / 2
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))
