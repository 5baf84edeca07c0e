"""How loud it is: the level of recent audio, and whether it has fallen silent."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

CELL_S = 0.1
"""Loudness is measured, and silence noticed, in cells of this length."""
SILENT_DBFS = -60.0
"""Below this nothing is playing, whatever came before."""
DROP_DB = 35.0
"""A fall by this much below the song's own level is silence too: a microphone always hears some noise."""
FLOOR_DBFS = -120.0


class LevelMeter:
    """Follows the power of a stream, cell by cell."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=round(1.0 / CELL_S))
        self._song_power = 0.0
        self._song_cells = 0
        self.silent_s = 0.0

    def push(self, cell: NDArray[np.float32]) -> None:
        """Take in the next cell of samples."""
        if not len(cell):
            return
        power = float(np.mean(np.square(cell, dtype=np.float64)))
        self._recent.append(power)
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
        """Level of the last second, in decibels relative to full scale."""
        return dbfs(sum(self._recent) / len(self._recent)) if self._recent else FLOOR_DBFS


def dbfs(power: float) -> float:
    """Return `power`, mean square of samples of full scale ±1, in decibels."""
    return max(FLOOR_DBFS, 10.0 * math.log10(power)) if power > 0.0 else FLOOR_DBFS
