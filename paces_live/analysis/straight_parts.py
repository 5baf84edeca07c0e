"""A tempo as straight lines: where it is steady, rises or falls, and where one becomes the other."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STRAIGHT = 0.0125
"""Distance from a straight line at which a section ends; nine tenths of its readings are nearer."""
SHORTEST_S = 10.0
"""Length of the shortest section, seconds: what is shorter is an outlier, or an ornament."""


def straight_parts(t: NDArray[np.float64], logs: NDArray[np.float64]) -> list[slice]:
    """Return the parts of a curve that are nearly straight: it is cut where two lines fit best.

    Parameters
    ----------
    t, logs : ndarray of float64, shape (n,)
        Times, ascending, seconds, and the logarithm of the tempo then.

    Examples
    --------
    >>> t = np.arange(60.0)
    >>> straight_parts(t, np.maximum(0.0, t - 30.0) / 100.0)
    [slice(0, 31, None), slice(31, 60, None)]
    """
    misfit = _misfits(t, logs)

    def cut(start: int, stop: int) -> int | None:
        inner = np.arange(start + 1, stop)
        inner = inner[(t[inner - 1] - t[start] >= SHORTEST_S) & (t[stop - 1] - t[inner] >= SHORTEST_S)]
        return int(inner[np.argmin(misfit(start, inner) + misfit(inner, stop))]) if len(inner) else None

    pending, parts = [slice(0, len(t))], list[slice]()
    while pending:
        part = pending.pop()
        best = None if _is_straight(t[part], logs[part]) else cut(part.start, part.stop)
        if best is not None:
            pending += [slice(best, part.stop), slice(part.start, best)]
            continue
        # The first cut through a bend may be beside it, so that the second leaves a piece of the line.
        joined = slice(parts[-1].start, part.stop) if parts else part
        parts = [*parts[:-1], joined] if _is_straight(t[joined], logs[joined]) else [*parts, part]
    # Each border is where two lines fit best, now that its neighbours are known.
    for at in range(len(parts) - 1):
        start, stop = parts[at].start, parts[at + 1].stop
        best = cut(start, stop) or parts[at].stop
        parts[at : at + 2] = slice(start, best), slice(best, stop)
    return parts


def _misfits(
    t: NDArray[np.float64], values: NDArray[np.float64]
) -> Callable[[NDArray[np.int64] | int, NDArray[np.int64] | int], NDArray[np.float64]]:
    """Return a function of starts and stops: the squared error of the best line there, from cumulative sums."""
    x, y = t - t.mean(), values - values.mean()
    sums = np.cumsum(np.pad(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1), ((1, 0), (0, 0))), axis=0)

    def misfit(start: NDArray[np.int64] | int, stop: NDArray[np.int64] | int) -> NDArray[np.float64]:
        count, sx, sy, sxx, sxy, syy = (sums[stop] - sums[start]).T
        error: NDArray[np.float64] = syy - sy**2 / count - (sxy - sx * sy / count) ** 2 / (sxx - sx**2 / count)
        return error

    return misfit


def line(t: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and offset of the least-squares line through values at times `t`, both of shape (n,).

    Examples
    --------
    >>> [round(value, 6) for value in line(np.arange(4.0), np.array([1.0, 3.0, 5.0, 7.0]))]
    [2.0, 1.0]
    """
    centred = t - t.mean()
    spread = float(centred @ centred)
    slope = float(centred @ values) / spread if spread else 0.0
    return slope, float(values.mean() - slope * t.mean())


def _is_straight(t: NDArray[np.float64], values: NDArray[np.float64]) -> bool:
    slope, offset = line(t, values)
    return bool(np.quantile(np.abs(values - offset - slope * t), 0.9) <= STRAIGHT)
