"""Tempo tracks: smoothing, hysteresis, and paces that agree with each other."""

import numpy as np
import pytest

from paces_live.analysis.tempo_curve import TempoCurve
from paces_live.analysis.tracking import MAX_FOLLOWED, MAX_TRACKS, SONG_TEMPI, TempoTracker, related


def feed(tracker: TempoTracker, probabilities: dict[float, float], times: int = 1) -> None:
    spm, probability = np.array(list(probabilities)), np.array(list(probabilities.values()), np.float32)
    for _ in range(times):
        tracker.update(spm, probability, 1.0)


def shown(tracker: TempoTracker) -> list[int]:
    return [round(pace.spm) for pace in tracker.shown()]


def test_paces_are_shown_most_probable_first() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {86.0: 0.8, 172.0: 0.95, 115.0: 0.1}, 2)
    assert shown(tracker) == [172, 86]
    assert [round(pace.spm) for pace in tracker.rejected()] == []
    assert tracker.shown()[0].probability == pytest.approx(0.95, abs=0.01)


def test_a_shown_pace_stays_until_it_falls_below_the_lower_threshold() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {172.0: 0.5}, 10)
    assert shown(tracker) == []
    feed(tracker, {172.0: 0.9}, 10)
    feed(tracker, {172.0: 0.5}, 20)
    assert shown(tracker) == [172]
    feed(tracker, {172.0: 0.2}, 10)
    assert shown(tracker) == []


def test_a_tempo_needs_less_probability_the_more_often_it_was_judged() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {172.0: 0.95, 86.0: 0.7})
    assert shown(tracker) == [172]
    feed(tracker, {172.0: 0.95, 86.0: 0.7}, 3)
    assert shown(tracker) == [172]
    feed(tracker, {172.0: 0.95, 86.0: 0.7})
    assert shown(tracker) == [172, 86]


def test_a_single_outlier_changes_nothing() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {172.0: 0.95}, 10)
    feed(tracker, {172.0: 0.05})
    assert shown(tracker) == [172]


def test_a_tempo_fades_once_it_is_no_longer_a_candidate() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {172.0: 0.9}, 5)
    feed(tracker, {100.0: 0.1}, 12)
    assert shown(tracker) == []


@pytest.mark.parametrize(("ratio", "expected"), [(2.0, True), (3.0, True), (4.0, True), (1.5, False), (4 / 3, False)])
def test_paces_of_one_song_have_integer_ratios(ratio: float, expected: bool) -> None:
    assert related(80.0, 80.0 * ratio) is related(80.0 * ratio, 80.0) is expected


def test_the_more_probable_of_two_contradicting_paces_is_shown() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {160.0: 0.95, 120.0: 0.8, 80.0: 0.7}, 6)
    assert shown(tracker) == [160, 80]


def test_the_pace_nearer_to_the_preferred_rate_is_shown_if_two_contradicting_ones_are_equally_probable() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {180.0: 0.982, 120.0: 0.98}, 6)
    assert shown(tracker) == [120]
    assert [round(pace.spm) for pace in tracker.summary()] == [120]


def test_a_wavering_tempo_is_one_pace() -> None:
    tracker = TempoTracker((0.6, 0.4))
    for tempo in (171.0, 172.0, 173.0, 171.5, 172.5):
        feed(tracker, {tempo: 0.9})
    assert shown(tracker) == [172]
    assert len(tracker.followed) == 1


def test_the_summary_keeps_lasting_paces_only() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {172.0: 0.95, 110.0: 0.2}, 20)
    feed(tracker, {172.0: 0.95, 59.0: 0.9}, 2)
    (pace,) = tracker.summary()
    assert round(pace.spm) == 172
    assert pace.share == 1.0


def test_memory_does_not_grow() -> None:
    tracker = TempoTracker((0.6, 0.4))
    rng = np.random.default_rng(0)
    for _ in range(3000):
        tracker.update(rng.uniform(40.0, 320.0, 16), rng.uniform(0.0, 1.0, 16).astype(np.float32), 1.0)
    assert len(tracker._tracks) <= MAX_TRACKS
    assert all(len(track.tempi) <= SONG_TEMPI for track in tracker._tracks)
    assert len(tracker.followed) <= MAX_FOLLOWED


def test_a_tempo_that_leaves_the_range_is_followed_no_longer() -> None:
    tracker = TempoTracker((0.6, 0.4))
    feed(tracker, {318.0: 0.95, 159.0: 0.95}, 5)
    tracker.advance(1.02)
    assert [round(pace.spm, 1) for pace in tracker.shown()] == [162.2]
    assert [round(spm, 1) for spm in tracker.followed] == [162.2]


@pytest.mark.parametrize(
    ("coherence", "probability", "is_shown"), [(0.8, 0.9, True), (0.05, 0.9, False), (0.05, 0.98, True)]
)
def test_sounds_that_repeat_by_chance_need_more_evidence(coherence: float, probability: float, is_shown: bool) -> None:
    tracker = TempoTracker((0.6, 0.4))
    curve = TempoCurve(np.zeros(10), np.empty(0), coherence=coherence)
    for _ in range(20):
        tracker.update(np.array([165.0]), np.array([probability], np.float32), 1.0, curve)
    assert bool(tracker.shown()) == bool(tracker.summary()) == is_shown


def test_a_break_does_not_make_a_song_chance() -> None:
    tracker = TempoTracker((0.6, 0.4))
    for second in range(40):
        curve = TempoCurve(np.zeros(10), np.empty(0), coherence=0.0 if 30 <= second < 34 else 0.9)
        tracker.update(np.array([165.0]), np.array([0.9], np.float32), 1.0, curve)
        assert second < 5 or shown(tracker) == [165]
