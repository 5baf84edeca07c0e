"""Judges the candidates from reading to reading; those that are clearly wrong take turns."""

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.classifier import Classifier
from paces_live.analysis.fold import Cases, context, fold, foldable
from paces_live.analysis.periodicity import Periodicity
from paces_live.analysis.tracking import FOLLOWS
from paces_live.analysis.window import Window

CLEARLY_WRONG = 0.1
"""Probability below which a candidate is not judged in each reading: within seconds, a full window hardly changes."""
EXPIRES_S = 6.0
"""Longest time that a judgement is kept, seconds."""
IN_TURNS = 5
"""A fifth of the clearly wrong candidates is judged again in each reading, so that all readings cost the same."""
SAME_TEMPO = 0.01
"""Largest relative difference between a candidate and one that was judged before."""


class Judge:
    """Returns the probabilities of candidates from reading to reading.

    Once the window is full, candidates that were clearly wrong keep their probability for a few seconds, unless they
    are followed; one near a target, too. A probability that is kept counts as a judgement of the reading. Half of the
    candidates are clearly wrong, so this saves more than a third of the folds and of the inference.

    Parameters
    ----------
    classifier : Classifier

    Examples
    --------
    >>> from paces_live.analysis.classifier import FixedClassifier
    >>> from paces_live.analysis.periodicity import periodicity
    >>> judge = Judge(FixedClassifier(lambda spm: 0.9 if spm > 150.0 else 0.01))
    >>> window = Window(1566, 32)
    >>> clicks = np.zeros((1566, 32), np.float32)
    >>> clicks[::23] = 5.0
    >>> window.push(clicks)
    >>> repeats = periodicity(window.frames, judge.features)
    >>> (judge(window, repeats, np.array([163.4, 81.7]), elapsed_s=1.0)[1] > 0.5).tolist()
    [True, False]
    """

    def __init__(self, classifier: Classifier) -> None:
        self.features = classifier.features
        self._classifier = classifier
        self._spm = self._age_s = np.empty(0)
        self._probability = np.empty(0, np.float32)

    def __call__(
        self,
        window: Window,
        repeats: Periodicity,
        spm: NDArray[np.float64],
        elapsed_s: float,
        followed: tuple[float, ...] = (),
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return the candidates that the window is long enough for, and their probabilities.

        Parameters
        ----------
        window : Window
        repeats : Periodicity
            Periodicity of the window.
        spm : ndarray of float64, shape (n,)
            Candidates, steps per minute.
        elapsed_s : float
            Seconds of audio since the last reading.
        followed : tuple of float
            Tempi near which every candidate is judged.
        """
        features = self.features
        spm = spm[foldable(spm, len(window), features)]
        self._age_s = self._age_s + elapsed_s
        self._spm = self._spm * repeats.curve.change(elapsed_s)
        probability, age_s = self._known(spm, followed, full=len(window) >= features.window_frames)
        known = np.flatnonzero(~np.isnan(probability))
        again = known[np.argsort(-age_s[known], kind="stable")][: -(-len(known) // IN_TURNS)]
        probability[again] = np.nan
        judged = np.isnan(probability)
        folds = fold(window.frames, repeats.curve, spm[judged], features, window.sums)
        # The context of a candidate depends on all of them.
        among = context(repeats, spm, len(window), features)[judged]
        probability[judged] = self._classifier.probabilities(Cases(spm[judged], folds, among))
        age_s[judged] = 0.0
        wrong = probability < CLEARLY_WRONG
        self._spm, self._probability, self._age_s = spm[wrong], probability[wrong], age_s[wrong]
        return spm, probability

    def _known(
        self, spm: NDArray[np.float64], followed: tuple[float, ...], *, full: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return the probability of each candidate that need not be judged, else NaN, and the age of that judgement."""
        probability, age_s = np.full(len(spm), np.nan, np.float32), np.zeros(len(spm))
        if not full or not len(self._spm) or not len(spm):
            return probability, age_s
        apart = np.abs(spm[:, None] / self._spm - 1.0)
        nearest = apart.argmin(axis=1)
        same = (apart.min(axis=1) <= SAME_TEMPO) & (self._age_s[nearest] < EXPIRES_S)
        if followed:
            same &= np.abs(spm[:, None] / np.asarray(followed) - 1.0).min(axis=1) > FOLLOWS
        probability[same], age_s[same] = self._probability[nearest[same]], self._age_s[nearest[same]]
        return probability, age_s
