"""A song change without a gap is noticed; a break and half the tempo are none."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates
from paces_live.analysis.classifier import FixedClassifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import Cases, build_cases
from paces_live.analysis.periodicity import periodicity
from paces_live.analysis.song_change import INTRODUCTION_S, SongChangeDetector, sounds_different
from paces_live.analysis.tracking import TempoTracker
from tests.support.signals import RATE, Samples, noisy, rock

CONFIG = FeatureConfig()


class Repeating(FixedClassifier):
    """Finds given tempi compatible, each while the sound repeats at it."""

    def __init__(self, *tempi: float) -> None:
        super().__init__(lambda spm: 0.95 if any(abs(spm / tempo - 1.0) < 0.015 for tempo in tempi) else 0.05)

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        own = 1 + self.features.ratios.index(1.0)
        return np.where(cases.context[:, own] > 0.3, super().probabilities(cases), np.float32(0.05))


@dataclass
class Followed:
    """Times in doubt, and for each song change the time that it was noticed and the start of the new song, seconds."""

    doubtful: list[float] = field(default_factory=list)
    changes: list[tuple[float, float]] = field(default_factory=list)


def follow(samples: Samples, *tempi: float) -> Followed:
    """Judge `samples` once a second, and start again after each song change."""
    classifier, frames, followed = Repeating(*tempi), log_mel(samples, CONFIG), Followed()
    detector, tracker = SongChangeDetector(classifier), TempoTracker(classifier.thresholds)
    start = 0.0
    for now in np.arange(3.0, len(frames) / CONFIG.frame_rate):
        first, last = round(max(start, now - CONFIG.window_s) * CONFIG.frame_rate), round(now * CONFIG.frame_rate)
        curve = periodicity(frames[first:last], CONFIG).curve
        tracker.advance(curve.change(1.0))
        other_s = detector.update(frames[first:last], np.array(tracker.lasting()), now - start, 1.0, curve.likeness)
        if detector.doubtful:
            followed.doubtful.append(now)
        if other_s is not None:
            start = now - other_s
            followed.changes.append((now, start))
            first = round(start * CONFIG.frame_rate)
            tracker = TempoTracker(classifier.thresholds)
            detector.reset()
        window = frames[first:last]
        repeats = periodicity(window, CONFIG)
        spm = candidates(repeats, CONFIG, count=16, tracked=tracker.followed)
        cases = build_cases(window, repeats, spm, CONFIG)
        tracker.update(cases.spm, classifier.probabilities(cases), 1.0)
    return followed


@pytest.mark.parametrize(("before", "after"), [(150.0, 176.0), (165.0, 123.0), (132.0, 165.0)])
def test_another_song_is_noticed_within_seconds(before: float, after: float) -> None:
    followed = follow(np.concatenate([rock(before, 30.0), noisy(rock(after, 20.0), 20.0)]), before, after)
    ((noticed, start),) = followed.changes
    assert start == pytest.approx(30.0, abs=3.0)
    assert noticed <= 38.0


def test_a_song_is_in_doubt_before_the_change_is_reported() -> None:
    followed = follow(np.concatenate([rock(150.0, 30.0), rock(176.0, 20.0)]), 150.0, 176.0)
    ((noticed, _),) = followed.changes
    assert followed.doubtful
    assert all(30.0 < moment <= noticed for moment in followed.doubtful)


@pytest.mark.parametrize(("likeness", "updates"), [(0.9, None), (0.5, 7), (0.1, 2)])
def test_a_song_goes_on_with_its_rhythm_and_ends_sooner_the_less_alike_it_is(
    likeness: float, updates: int | None
) -> None:
    window = np.zeros((CONFIG.window_frames, CONFIG.n_mels), np.float32)
    window[:-300:31] = window[-300::23] = 5.0  # 121.2 a minute, and then 163.4
    detector = SongChangeDetector(FixedClassifier(lambda spm: 0.9 if spm > 150.0 else 0.1))
    found = [detector.update(window, np.array([121.2]), 20.0, 1.0, likeness) for _ in range(9)]
    assert next((number for number, other_s in enumerate(found, 1) if other_s is not None), None) == updates


def test_half_the_tempo_is_the_same_song() -> None:
    assert not follow(np.concatenate([rock(160.0, 24.0), rock(80.0, 20.0)]), 80.0, 160.0).changes


def test_a_break_without_a_pulse_is_the_same_song() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.02, 8 * RATE).astype(np.float32)
    assert not follow(np.concatenate([rock(150.0, 24.0), noise, rock(150.0, 20.0)]), 150.0).changes


def test_a_short_part_without_a_pace_is_the_introduction_of_the_song() -> None:
    detector, frames = SongChangeDetector(Repeating(150.0)), log_mel(rock(150.0), CONFIG)
    for song_s, is_doubtful in ((INTRODUCTION_S - 1.0, False), (INTRODUCTION_S + 1.0, True)):
        detector.reset()
        for _ in range(2):
            detector.update(frames, np.empty(0), song_s, 1.0, 0.0)
        assert detector.doubtful is is_doubtful


def test_loudness_alone_does_not_sound_different() -> None:
    frames = log_mel(noisy(rock(150.0), 20.0), CONFIG)
    louder = frames.copy()
    louder[-400:] += 3.0
    assert not sounds_different(louder, 4.0, CONFIG)
    louder[-400:, :8] += 6.0
    assert sounds_different(louder, 4.0, CONFIG)
