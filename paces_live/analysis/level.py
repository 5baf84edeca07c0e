"""Loudness: the level of the newest audio, its status, and the length of a silence."""

import math
from collections import deque
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LevelStatus = Literal["ok", "silent", "too_quiet", "clipping"]
"""Code of what is wrong with a level. User interfaces have the words."""

CELL_S = 0.1
"""Length of a cell, seconds: loudness is measured and silence is noticed cell by cell."""
SILENT_DBFS = -60.0
"""Level below which nothing plays, regardless of the music before."""
DROP_DB = 35.0
"""Drop below the song's own level that is a silence too: a microphone always picks up some noise."""
FLOOR_DBFS = -120.0
"""Lowest level that is reported."""

MUTED_DBFS = -80.0
"""Level that no open microphone reaches: below it, the input is muted or disconnected."""
QUIET_DBFS = -55.0
"""Level below which music in a room is too quiet to analyze."""
FULL_SCALE = 0.99
"""Absolute value from which a sample counts as clipped."""
CLIPPED_SHARE = 1e-3
"""Share of clipped samples above which audio is clipping."""
LASTING_S = 5
"""Number of seconds in a row that must be wrong before the status says so: a peak or a pause is not a problem."""

CELLS_PER_SECOND = round(1.0 / CELL_S)


class LevelMeter:
    """Follows the power of a stream, cell by cell.

    Attributes
    ----------
    silent_s : float
        Length of the silence that lasts until now, seconds; 0 while something plays.

    Examples
    --------
    >>> meter = LevelMeter()
    >>> for _ in range(50):
    ...     meter.push(np.full(2205, 0.001, np.float32))
    >>> round(meter.dbfs), meter.status
    (-60, 'too_quiet')
    >>> meter.push(np.zeros(2205, np.float32))
    >>> meter.silent_s
    0.1
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float]] = deque(maxlen=LASTING_S * CELLS_PER_SECOND)
        self._song_power = 0.0
        self._song_cells = 0
        self.silent_s = 0.0

    def push(self, cell: NDArray[np.float32]) -> None:
        """Add the next cell of samples, shape (n,), full scale ±1."""
        if not len(cell):
            return
        power, clipped = _measure(cell)
        self._recent.append((power, clipped))
        song = self._song_power / self._song_cells if self._song_cells else 0.0
        if dbfs(power) < max(SILENT_DBFS, dbfs(song) - DROP_DB):
            self.silent_s += CELL_S
        else:
            self.silent_s = 0.0
            self._song_power += power
            self._song_cells += 1

    def new_song(self) -> None:
        """Forget the level of the song so far."""
        self._song_power, self._song_cells = 0.0, 0

    @property
    def dbfs(self) -> float:
        """Level of the last second, decibels relative to full scale."""
        last = list(self._recent)[-CELLS_PER_SECOND:]
        return dbfs(sum(power for power, _ in last) / len(last)) if last else FLOOR_DBFS

    @property
    def status(self) -> LevelStatus:
        """Status of the last five seconds: ``ok`` if one of them was, or if there are no five yet.

        Seconds of ``silent`` and ``too_quiet`` together are ``too_quiet``.
        """
        if len(self._recent) < LASTING_S * CELLS_PER_SECOND:
            return "ok"
        cells = list(self._recent)
        statuses = set()
        for start in range(0, len(cells), CELLS_PER_SECOND):
            powers, clipped = zip(*cells[start : start + CELLS_PER_SECOND], strict=True)
            status = _status(sum(powers) / CELLS_PER_SECOND, sum(clipped) / CELLS_PER_SECOND)
            if status == "ok":  # mostly the first
                return "ok"
            statuses.add(status)
        if len(statuses) == 1:
            return statuses.pop()
        return "too_quiet" if statuses == {"silent", "too_quiet"} else "ok"


def level_status(samples: NDArray[np.float32]) -> tuple[float, LevelStatus]:
    """Return the level of `samples` and its status.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Audio, full scale ±1. No samples are silent.

    Returns
    -------
    level : float
        Root mean square, decibels relative to full scale, `FLOOR_DBFS` at least.
    status : LevelStatus

    Examples
    --------
    >>> level_status(np.full(2205, 0.001, np.float32))[1]
    'too_quiet'
    >>> level_status(np.empty(0, np.float32))
    (-120.0, 'silent')
    """
    power, clipped = _measure(samples) if len(samples) else (0.0, 0.0)
    return dbfs(power), _status(power, clipped)


def _measure(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Return the power of `samples` and the share of them that is clipped."""
    power = float(np.dot(samples, samples)) / len(samples)
    magnitudes = np.abs(samples)
    # Few cells have anything to count, and to count takes longer than to find the largest.
    clipped = np.count_nonzero(magnitudes >= FULL_SCALE) if magnitudes.max() >= FULL_SCALE else 0
    return power, clipped / len(samples)


def _status(power: float, clipped: float) -> LevelStatus:
    if clipped > CLIPPED_SHARE:
        return "clipping"
    if dbfs(power) < MUTED_DBFS:
        return "silent"
    return "too_quiet" if dbfs(power) < QUIET_DBFS else "ok"


def dbfs(power: float) -> float:
    """Return a power in decibels relative to full scale, `FLOOR_DBFS` at least.

    Parameters
    ----------
    power : float
        Mean square of samples whose full scale is ±1.

    Examples
    --------
    >>> dbfs(0.01), dbfs(0.0)
    (-20.0, -120.0)
    """
    return max(FLOOR_DBFS, 10.0 * math.log10(power)) if power > 0.0 else FLOOR_DBFS
