"""Song changes without a gap: the newest seconds fit another pace, and none of the song's paces.

The classifier itself judges the newest seconds. A break or a drop-out of the drums leaves no other pace, a fill is soon
over, and half the tempo is a pace of the same song: none of these is a song change.
"""

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates, refine
from paces_live.analysis.classifier import Classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.fold import build_cases
from paces_live.analysis.periodicity import Periodicity, periodicity
from paces_live.analysis.tracking import SAME_PACE, related

RECENT_S = 4.0
"""Length of the newest part of the window, which is judged alone; longer if the song is so slow that fewer than
`FeatureConfig.fold_least` beats fit in."""
MAX_JUDGED = 16
"""Largest number of tempi judged, including those of the song."""
REFINEMENT_SLACK = 1.05
"""Ratio of the newest part to the beats it must hold: beats that refinement makes slower still fit in."""
MIN_PAST_S = 6.0
"""Shortest part of the window before the newest part: without a past there is nothing to change from."""
MIN_PULSE = 0.25
"""Smallest periodicity that counts as a pulse."""
KEPT_PULSE = 0.65
"""Periodicity at the song's paces, relative to the strongest pulse, from which the song clearly goes on. The classifier
is then not asked."""
SAME_RHYTHM = 0.65
"""Likeness of the newest part of the window, see `paces_live.analysis.tempo_curve.TempoCurve`, above which the song
goes on, at another tempo."""
OTHER_RHYTHM = 0.3
"""Likeness below which the newest part has another rhythm for sure."""
SPECTRUM_CHANGE = 0.6
"""Change of the mean spectrum from which the music sounds different: root mean square over the bands, in standard
deviations of the seconds before."""
SPECTRUM_FLOOR = 0.4
"""Added to that standard deviation, nepers: otherwise small changes of very even music would count as large."""
SURE = 0.9
"""Probability of another pace that puts the song in doubt at once, if the music also sounds different."""
CONFIRMATION_S, CONFIRMATION_SAME_SOUND_S = 1.0, 6.0
"""Time for which another pace must be found before a song change is reported: if the music also sounds different, and
if it does not."""
INTRODUCTION_S = 40.0
"""Longest part without a pace that still counts as the introduction of the song that follows."""


class SongChangeDetector:
    """Follows whether the music is still the same song.

    Examples
    --------
    The song has a click every 31 frames, 121.2 a minute. In the newest 300 frames there is one every 23 frames instead:

    >>> from paces_live.analysis.classifier import FixedClassifier
    >>> detector = SongChangeDetector(FixedClassifier(lambda spm: 0.9 if spm > 150.0 else 0.1))
    >>> window = np.zeros((1566, 32), np.float32)
    >>> window[:-300:31] = window[-300::23] = 5.0
    >>> [detector.update(window, np.array([121.2]), song_s=20.0, elapsed_s=2.0, likeness=0.1) for _ in range(2)]
    [None, 6.1...]
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._other_s = 0.0
        self._heard_other = self._doubtful = False

    @property
    def doubtful(self) -> bool:
        """Whether the newest seconds fit another pace and none of the song's, so that these should not be shown.

        True at once if the other pace is sure, otherwise from the second update on: a fill that only sounds like
        another pace is over by then.
        """
        return self._doubtful

    def update(
        self,
        window: NDArray[np.float32],
        paces: NDArray[np.float64],
        song_s: float,
        elapsed_s: float,
        likeness: float,
    ) -> float | None:
        """Return how many seconds ago a new song began, or None if the song goes on.

        Parameters
        ----------
        window : ndarray of float32, shape (frames, n_mels)
            Log-mel frames of the window, nepers of power.
        paces : ndarray of float64, shape (n,)
            Paces of the song so far, steps per minute.
        song_s : float
            Seconds since the song began.
        elapsed_s : float
            Seconds since the last update.
        likeness : float
            How much the newest part of the window repeats as the whole does, see
            `paces_live.analysis.tempo_curve.TempoCurve`.
        """
        other, before = self._other(window, paces, song_s, likeness), self._heard_other
        heard = other > 0.0
        self._other_s = self._other_s + elapsed_s if heard and before else 0.0
        self._heard_other = self._doubtful = heard
        if not heard:
            return None
        recent_s = self._recent_s(paces)
        different = likeness < OTHER_RHYTHM or sounds_different(
            window, self._other_s + recent_s, self._classifier.features
        )
        self._doubtful = before or (different and other >= SURE)
        if self._other_s < (CONFIRMATION_S if different else CONFIRMATION_SAME_SOUND_S):
            return None
        return self._other_s + recent_s

    def reset(self) -> None:
        """Start again with another song."""
        self._other_s = 0.0
        self._heard_other = self._doubtful = False

    def _recent_s(self, paces: NDArray[np.float64]) -> float:
        """Return the length of the newest part of the window, which is judged alone, seconds."""
        beats_s = self._classifier.features.fold_least * 60.0 / paces.max() if len(paces) else 0.0
        return max(RECENT_S, REFINEMENT_SLACK * float(beats_s))

    def _other(self, window: NDArray[np.float32], paces: NDArray[np.float64], song_s: float, likeness: float) -> float:
        """Return the probability of another pace in the newest seconds; 0 if there is none, or one of the song's."""
        features = self._classifier.features
        if not len(paces) and song_s < INTRODUCTION_S:
            return 0.0
        # People who change their tempo go on with their rhythm; soon after a song change, the newest part is another.
        if len(paces) and not self._heard_other and likeness > SAME_RHYTHM:
            return 0.0
        recent = window[-round(self._recent_s(paces) * features.frame_rate) :]
        if len(window) - len(recent) < MIN_PAST_S * features.frame_rate:
            return 0.0
        autocorrelation = periodicity(recent, features)
        if not _pulse_changed(autocorrelation, paces, features):
            return 0.0
        known = refine(autocorrelation, paces)
        new = candidates(autocorrelation, features, count=MAX_JUDGED - len(known))
        cases = build_cases(recent, autocorrelation, np.concatenate([known, new]), features)
        probabilities = self._classifier.probabilities(cases)
        compatible = probabilities >= self._classifier.thresholds[0]
        if any(_belongs(spm, pace) for spm in cases.spm[compatible] for pace in paces):
            return 0.0
        return float(probabilities[compatible].max(initial=0.0))


def sounds_different(frames: NDArray[np.float32], recent_s: float, config: FeatureConfig) -> bool:
    """Return whether the newest seconds of a window have another spectrum than the seconds before.

    Each second is compared without its mean level, so loudness does not matter.

    Parameters
    ----------
    frames : ndarray of float32, shape (frames, n_mels)
        Log-mel frames of the window, nepers of power.
    recent_s : float
        Length of the newest part, seconds. The rest must have two seconds at least, else nothing is different.
    config : FeatureConfig
        Gives the frame rate.

    Examples
    --------
    Ten seconds of hum, then four seconds of hiss:

    >>> config = FeatureConfig()
    >>> frames = np.zeros((round(14 * config.frame_rate), config.n_mels), np.float32)
    >>> hiss = round(10 * config.frame_rate)
    >>> frames[:hiss, :16] = frames[hiss:, 16:] = 3.0
    >>> sounds_different(frames, 4.0, config)
    True
    >>> sounds_different(frames[:hiss], 4.0, config)
    False
    """
    second = round(config.frame_rate)
    seconds, recent = len(frames) // second, max(1, round(recent_s))
    if seconds - recent < 2:
        return False
    spectra = frames[len(frames) - seconds * second :].reshape(seconds, second, -1).mean(axis=1)
    spectra = spectra - spectra.mean(axis=1, keepdims=True)
    past, newest = spectra[:-recent], spectra[-recent:]
    change = (newest.mean(axis=0) - past.mean(axis=0)) / (past.std(axis=0) + SPECTRUM_FLOOR)
    return float(np.sqrt(np.mean(change**2))) >= SPECTRUM_CHANGE


def _pulse_changed(recent: Periodicity, paces: NDArray[np.float64], config: FeatureConfig) -> bool:
    """Return whether there is a pulse that is much stronger than the song's: a cheap test before the classifier."""
    strongest = float(recent.strengths[int(config.min_lag) : int(config.max_lag) + 2].max(initial=0.0))
    around = np.array([0.99, 0.995, 1.0, 1.005, 1.01])
    kept = float(recent.at(paces[:, None] * around).max(initial=0.0))
    return strongest >= MIN_PULSE and kept < KEPT_PULSE * strongest


def _belongs(spm: float, pace: float) -> bool:
    return abs(spm / pace - 1.0) <= SAME_PACE or related(spm, pace)
