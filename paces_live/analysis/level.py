"""How loud it is: the level of recent audio, what is wrong with it, and whether it has fallen silent."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from paces_live.events import Level

CELL_S = 0.1
"""Loudness is measured, and silence noticed, in cells of this length."""
SILENT_DBFS = -60.0
"""Below this nothing is playing, whatever came before."""
DROP_DB = 35.0
"""A fall by this much below the song's own level is silence too: a microphone always hears some noise."""
FLOOR_DBFS = -120.0

MUTED_DBFS = -80.0
"""Quieter than any open microphone: it is muted, or no sound reaches the converter."""
QUIET_DBFS = -55.0
"""Quieter than music in a room should arrive."""
FULL_SCALE = 0.99
"""Samples from here on count as clipped."""
CLIPPED_SHARE = 1e-3
LASTING_S = 5
"""Seconds that a level must be wrong, each of them, before that is said: a peak or a pause is no fault."""


SECOND = round(1.0 / CELL_S)
"""Cells in a second."""


class LevelMeter:
    """Follows the power of a stream, cell by cell."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float]] = deque(maxlen=LASTING_S * SECOND)
        self._song_power = 0.0
        self._song_cells = 0
        self.silent_s = 0.0

    def push(self, cell: NDArray[np.float32]) -> None:
        """Take in the next cell of samples."""
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
        """Level of the last second, in decibels relative to full scale."""
        last = list(self._recent)[-SECOND:]
        return dbfs(sum(power for power, _ in last) / len(last)) if last else FLOOR_DBFS

    @property
    def level(self) -> Level:
        """What each of the last five seconds was, at least; ``fine`` where one was, or nobody knows yet."""
        if len(self._recent) < LASTING_S * SECOND:
            return "fine"
        seconds = np.array(self._recent).reshape(LASTING_S, SECOND, 2).mean(axis=1)
        words = {_word(power, clipped) for power, clipped in seconds.tolist()}
        if words <= {"silent", "too quiet"}:
            return max(words, key=("silent", "too quiet").index)
        return "clipping" if words == {"clipping"} else "fine"


def level_word(samples: NDArray[np.float32]) -> tuple[float, Level]:
    """Return the level of `samples` in dB below full scale (RMS, -120 at least) and what it means."""
    power, clipped = _measure(samples) if len(samples) else (0.0, 0.0)
    return dbfs(power), _word(power, clipped)


def _measure(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Return the power of `samples`, and the share of them that is at full scale."""
    power = float(np.dot(samples, samples)) / len(samples)
    return power, float(np.count_nonzero(np.abs(samples) >= FULL_SCALE)) / len(samples)


def _word(power: float, clipped: float) -> Level:
    if clipped > CLIPPED_SHARE:
        return "clipping"
    if dbfs(power) < MUTED_DBFS:
        return "silent"
    return "too quiet" if dbfs(power) < QUIET_DBFS else "fine"


def dbfs(power: float) -> float:
    """Return `power`, mean square of samples of full scale ±1, in decibels."""
    return max(FLOOR_DBFS, 10.0 * math.log10(power)) if power > 0.0 else FLOOR_DBFS
