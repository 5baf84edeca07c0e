"""How a session works: what may be chosen, and what is fixed."""

from dataclasses import dataclass

import numpy as np

from paces_live.analysis.level import CELL_S
from paces_live.errors import UsageError
from paces_live.match import SPM_MAX, SPM_MIN

SILENCE_S = 4.0
"""Length of a silence that ends a song, seconds; shorter ones are breaks."""
FIRST_JUDGEMENT_S = 3.0
"""Audio in the window before the first reading that judges anything, seconds."""
LISTENING_S = 8.0
"""Audio in the window before a reading reports that there is no pulse, seconds."""
SHORTEST_SONG_S = 5.0
"""Length of the shortest song, seconds; anything shorter is a noise and is not reported."""
PERIODICITY_SPM = np.geomspace(SPM_MIN, SPM_MAX, 193)
"""Tempi of `Reading.periodicity`, beats per minute: 64 per octave, finer than the lags of the fastest."""
QUIET_CELLS = 2
"""Empty cells in a row, half a second each at most, after which a new condition of the source is reported at once."""
KEPT_MEMORY = 1 << 24
"""Bytes of freed memory that the allocator of glibc keeps instead of returning them to the system.

Every reading fills the same few megabytes again, and getting them from the system each time costs a fifth of the whole.
glibc keeps as much as the largest block that was ever freed: a session allocates and frees one of this size.
"""


@dataclass(frozen=True, kw_only=True)
class SessionConfig:
    """How a session works; it does not depend on who listens.

    Attributes
    ----------
    interval : float
        Seconds of audio between readings.
    max_candidates : int
        Candidates judged per reading.
    song_changes : bool
        Whether silence, another track and a lasting change of the sound begin a new song.
    first_reading : float
        Seconds of audio before the first reading.
    with_periodicity : bool
        Whether readings carry the periodicity, for a user interface to draw.

    Raises
    ------
    UsageError
        A value is out of range.
    """

    interval: float = 1.0
    max_candidates: int = 12
    song_changes: bool = True
    first_reading: float = 0.0
    with_periodicity: bool = False

    def __post_init__(self) -> None:
        if not self.interval >= CELL_S:
            raise UsageError(f"interval {self.interval:g} is out of range", hint="choose 0.1 seconds or more")
        if self.max_candidates < 1:
            raise UsageError(f"{self.max_candidates} candidates are out of range", hint="choose 1 or more")
