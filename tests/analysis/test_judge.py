"""What is clearly wrong is judged in turns, and everything else in each reading."""

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates
from paces_live.analysis.classifier import FixedClassifier, load_classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import Cases, build_cases
from paces_live.analysis.judge import IN_TURNS, Judge
from paces_live.analysis.periodicity import periodicity
from paces_live.analysis.window import Window
from tests.support.signals import rock

CONFIG = FeatureConfig()
TEMPI = np.array([50.0, 75.0, 100.0, 125.0, 150.0, 175.0, 200.0])


class Asked(FixedClassifier):
    """Finds 150 compatible and 100 doubtful, everything else clearly wrong, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda spm: {100: 0.2, 150: 0.9}.get(round(spm), 0.01))
        self.asked: list[float] = []

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        self.asked = cases.spm.tolist()
        return super().probabilities(cases)


def heard(seconds: float) -> Window:
    window = Window(CONFIG.window_frames, CONFIG.n_mels)
    window.push(log_mel(rock(150.0, seconds), CONFIG))
    return window


def test_a_fifth_of_what_is_clearly_wrong_is_judged_again_and_each_in_its_turn() -> None:
    classifier, window = Asked(), heard(30.0)
    judge, repeats = Judge(classifier), periodicity(window.frames, CONFIG)
    asked = []
    for _ in range(1 + IN_TURNS):
        spm, probabilities = judge(window, repeats, TEMPI, elapsed_s=1.0)
        assert spm.tolist() == TEMPI.tolist()
        assert probabilities.tolist() == np.array([0.01, 0.01, 0.2, 0.01, 0.9, 0.01, 0.01], np.float32).tolist()
        asked.append(classifier.asked)
    assert asked[0] == TEMPI.tolist()
    assert all({100.0, 150.0} < set(tempi) and len(tempi) == 3 for tempi in asked[1:])
    assert {tempo for tempi in asked[1:] for tempo in tempi} == set(TEMPI.tolist())


def test_all_is_judged_while_the_window_fills_after_a_while_and_what_is_followed() -> None:
    classifier, filling, full = Asked(), heard(12.0), heard(30.0)
    judge = Judge(classifier)
    for _ in range(2):
        judge(filling, periodicity(filling.frames, CONFIG), TEMPI, elapsed_s=1.0)
        assert len(classifier.asked) == len(TEMPI)
    repeats = periodicity(full.frames, CONFIG)
    judge(full, repeats, TEMPI, elapsed_s=10.0)
    assert len(classifier.asked) == len(TEMPI)
    judge(full, repeats, TEMPI, elapsed_s=10.0)
    assert len(classifier.asked) == len(TEMPI)
    judge(full, repeats, TEMPI, 1.0, followed=(51.0, 75.0, 126.0, 174.0, 200.0))
    assert len(classifier.asked) == len(TEMPI)


def test_a_candidate_that_is_judged_alone_gets_the_probability_that_it_gets_among_all() -> None:
    classifier, window = load_classifier(), heard(30.0)
    repeats, judge = periodicity(window.frames, CONFIG), Judge(classifier)
    spm = candidates(repeats, CONFIG, count=12)
    everything = classifier.probabilities(build_cases(window.frames, repeats, spm, CONFIG, window.sums))
    for _ in range(3):
        _, probabilities = judge(window, repeats, spm, elapsed_s=1.0)
        assert probabilities.tolist() == everything.tolist()
