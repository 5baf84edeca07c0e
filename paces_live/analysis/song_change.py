"""Whether another song has begun without a gap: the newest seconds alone fit none of the song's paces, but another.

The model itself judges. A break or a drop-out of the drums leaves no other pace, a fill passes, and half the time is a
pace of the same song: none of these is a boundary.
"""

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.fold import build_cases
from paces_live.analysis.periodicity import Tempogram, candidates, refine, tempogram
from paces_live.analysis.tracking import SAME, related

RECENT_S = 4.0
"""Newest seconds that are judged alone, more where eight beats of the song take longer."""
JUDGED = 16
"""Tempi judged, those of the song included."""
SLACK = 1.05
"""Beats that refining moves are still inside so many times their length."""
PAST_S = 6.0
"""Of a song, so much must have been heard before what follows can be another."""
PULSE_STRENGTH = 0.25
"""Tempogram strength from which something counts as a pulse."""
PULSE_KEPT = 0.65
"""Strength of the song's tempi, relative to the strongest pulse, from which there is nothing to be judged."""
SPECTRUM_CHANGE = 0.6
"""Root mean square over the bands of the change of the mean spectrum, in standard deviations of its past seconds."""
SPECTRUM_FLOOR = 0.4
"""Added to that deviation, nepers: very even music does not make small changes large."""
SURE = 0.9
"""Another pace that is so probable hides those of the song at once, where it sounds different too."""
CONFIRMATION_S, CONFIRMATION_SAME_SOUND_S = 1.0, 4.0
"""A boundary is told when another pace has been there for so long; the first, where it sounds different too."""
INTRODUCTION_S = 40.0
"""What has no pace may be so long and still be the introduction of the song that follows."""


class ChangeDetector:
    """Follows whether what is heard still is the song that it was."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._other_s = 0.0
        self._heard_other = self._doubtful = False

    @property
    def doubtful(self) -> bool:
        """Whether the newest seconds fit another pace and none of the song's: these are then better not shown.

        At once where that is sure; a fill that only sounds like another pace is over by the next reading.
        """
        return self._doubtful

    def update(
        self, window: NDArray[np.float32], paces: NDArray[np.float64], song_s: float, elapsed_s: float
    ) -> float | None:
        """Take in the window as it is now; return how many of its last seconds are another song's, if it is one.

        Parameters
        ----------
        window : ndarray of float32, shape (frames, n_mels)
        paces : ndarray of float64, shape (n,)
            Paces of the song so far, steps per minute.
        song_s, elapsed_s : float
            Seconds since the song began, and since the last update.
        """
        other, before = self._other(window, paces, song_s), self._heard_other
        heard = other > 0.0
        self._other_s = self._other_s + elapsed_s if heard and before else 0.0
        self._heard_other = self._doubtful = heard
        if not heard:
            return None
        recent_s = self._recent(paces) / self._classifier.features.frame_rate
        different = sounds_different(window, self._other_s + recent_s, self._classifier.features)
        self._doubtful = before or (different and other >= SURE)
        if self._other_s < (CONFIRMATION_S if different else CONFIRMATION_SAME_SOUND_S):
            return None
        return self._other_s + recent_s

    def reset(self) -> None:
        """Begin anew, with another song."""
        self._other_s = 0.0
        self._heard_other = self._doubtful = False

    def _recent(self, paces: NDArray[np.float64]) -> int:
        """Return how many of the newest frames are judged alone."""
        features = self._classifier.features
        beats_s = features.fold_least * 60.0 / paces.max() if len(paces) else 0.0
        return round(max(RECENT_S, SLACK * beats_s) * features.frame_rate)

    def _other(self, window: NDArray[np.float32], paces: NDArray[np.float64], song_s: float) -> float:
        """Return how probable another pace is in the newest seconds; 0 where there is none, or one of the song's."""
        features = self._classifier.features
        if not len(paces) and song_s < INTRODUCTION_S:
            return 0.0
        recent = window[-self._recent(paces) :]
        if len(window) - len(recent) < PAST_S * features.frame_rate:
            return 0.0
        gram = tempogram(recent, features)
        if not _pulse_gone(gram, paces, features):
            return 0.0
        known = refine(gram, paces)
        proposed = np.concatenate([known, candidates(gram, features, count=JUDGED - len(known))])
        cases = build_cases(recent, gram, proposed, features)
        probabilities = self._classifier.probabilities(cases)
        found = probabilities >= self._classifier.thresholds[0]
        if any(_belongs(spm, pace) for spm in cases.spm[found] for pace in paces):
            return 0.0
        return float(probabilities[found].max(initial=0.0))


def sounds_different(frames: NDArray[np.float32], recent_s: float, config: FeatureConfig) -> bool:
    """Tell whether the spectrum of the last seconds of a window is another than before, whatever the loudness."""
    second = round(config.frame_rate)
    seconds, recent = len(frames) // second, max(1, round(recent_s))
    if seconds - recent < 2:
        return False
    spectra = frames[len(frames) - seconds * second :].reshape(seconds, second, -1).mean(axis=1)
    spectra = spectra - spectra.mean(axis=1, keepdims=True)
    past, newest = spectra[:-recent], spectra[-recent:]
    change = (newest.mean(axis=0) - past.mean(axis=0)) / (past.std(axis=0) + SPECTRUM_FLOOR)
    return float(np.sqrt(np.mean(change**2))) >= SPECTRUM_CHANGE


def _pulse_gone(gram: Tempogram, paces: NDArray[np.float64], config: FeatureConfig) -> bool:
    """Tell whether there is a pulse, and a much stronger one than at the song's tempi: a cheap first look."""
    strongest = float(gram.strengths[int(config.min_lag) : int(config.max_lag) + 2].max(initial=0.0))
    around = np.array([0.99, 0.995, 1.0, 1.005, 1.01])
    kept = float(gram.at(paces[:, None] * around).max(initial=0.0))
    return strongest >= PULSE_STRENGTH and kept < PULSE_KEPT * strongest


def _belongs(spm: float, pace: float) -> bool:
    return abs(spm / pace - 1.0) <= SAME or related(spm, pace)
