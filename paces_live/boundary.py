"""Whether another song has begun without a gap: it moves at other tempi, and mostly it sounds different too.

A new sound alone is no boundary: a break or a drum drop-out goes on at the same tempo. What sounds the same must have
lost the old tempi altogether: a fill only blurs them for a moment.
"""

import numpy as np
from numpy.typing import NDArray

from paces_live.config import FeatureConfig
from paces_live.tempogram import tempogram

RECENT_S = 4
"""Seconds compared with what came before, and by which a change is noticed late."""
PULSE_S = 8
"""Seconds in which the old tempi must have left no pulse."""
SHORTEST_S = 14
"""Window needed to know what a song sounds like."""
SPECTRUM_CHANGE = 0.6
"""Root mean square over the bands of the change of the mean spectrum, in standard deviations of its past seconds."""
SPECTRUM_FLOOR = 0.4
"""Added to that deviation, nepers: very even music does not make small changes large."""
PULSE_KEPT, PULSE_KEPT_SAME_SOUND = 0.65, 0.2
"""Strength of the old tempi, relative to the strongest pulse, under which they are gone."""
PULSE_STRENGTH = 0.25
"""Tempogram strength from which something counts as a pulse."""
CONFIRMATION_S = 2.0
"""Both must hold for so long."""
INTRODUCTION_S = 40.0
"""What has no pace may be so long and still be the introduction of the song that follows."""


def differs(frames: NDArray[np.float32], paces: NDArray[np.float64], config: FeatureConfig) -> bool:
    """Tell whether the end of a window sounds like another song than its beginning.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        The window.
    paces : ndarray of float64, shape (n,)
        The paces of the song so far, steps per minute; without any, a new pulse is enough.
    """
    second = round(config.frame_rate)
    seconds = len(frames) // second
    if seconds < SHORTEST_S:
        return False
    spectra = frames[len(frames) - seconds * second :].reshape(seconds, second, -1).mean(axis=1)
    # Loudness does not count: somebody may have turned the volume.
    spectra = spectra - spectra.mean(axis=1, keepdims=True)
    past, recent = spectra[:-RECENT_S], spectra[-RECENT_S:]
    change = (recent.mean(axis=0) - past.mean(axis=0)) / (past.std(axis=0) + SPECTRUM_FLOOR)
    sounds_different = float(np.sqrt(np.mean(change**2))) >= SPECTRUM_CHANGE
    gram = tempogram(frames[-PULSE_S * second :], config)
    strongest = float(gram.strengths[int(config.min_lag) : int(config.max_lag) + 2].max())
    if strongest < PULSE_STRENGTH:
        return False
    around = np.array([0.99, 0.995, 1.0, 1.005, 1.01])
    kept = gram.at(paces[:, None] * around).max(initial=0.0)
    return float(kept) < strongest * (PULSE_KEPT if sounds_different else PULSE_KEPT_SAME_SOUND)
