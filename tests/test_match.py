"""Targets, grades and how to step."""

import pytest

from paces_live.errors import UsageError
from paces_live.events import Nearest, Pace, Section, SongPace
from paces_live.match import Listener, match, nearest, steps_per_beat, times_near, verdict
from paces_live.render.wording import stepping


def paces(*spm: float) -> tuple[Pace, ...]:
    return tuple(Pace(rate, 0.9) for rate in spm)


@pytest.mark.parametrize(
    ("spm", "grade"),
    [(165.0, "lock"), (169.0, "lock"), (169.2, "match"), (173.2, "match"), (173.3, "stretch"), (178.1, "stretch")],
)
def test_grades(spm: float, grade: str) -> None:
    found = match(paces(82.0, spm), 165.0)
    assert found is not None
    assert found.grade == grade
    assert found.error == pytest.approx(spm / 165.0 - 1.0)


def test_a_distant_pace_is_no_match() -> None:
    assert match(paces(82.5, 178.3), 165.0) is None
    assert match((), 165.0) is None
    assert match(paces(165.0), None) is None


def test_a_narrow_tolerance_narrows_the_lock() -> None:
    found = match(paces(167.0), 165.0, tolerance=0.01)
    assert found is not None
    assert found.grade == "stretch"


@pytest.mark.parametrize(
    ("spm", "beat", "steps", "words"),
    [
        (165.0, 165.0, 1.0, "a step on every beat"),
        (172.0, 86.0, 2.0, "two steps a beat"),
        (251.0, 62.0, 4.0, "four steps a beat"),
        (58.5, 117.0, 0.5, "a step every second beat"),
        (52.0, 157.0, 1 / 3, "a step every third beat"),
        (170.0, 100.0, 1.7, "1.70 steps a beat"),
        (300.0, 60.0, 5.0, "5.00 steps a beat"),
        (320.0, 40.0, 8.0, "8.00 steps a beat"),
        (40.0, 200.0, 0.2, "0.20 steps a beat"),
        (165.0, None, None, ""),
    ],
)
def test_how_to_step(spm: float, beat: float | None, steps: float | None, words: str) -> None:
    assert stepping(spm, beat) == words
    assert beat is None or steps_per_beat(spm, beat) == steps


def test_the_nearest_pace_is_known_even_if_it_does_not_match() -> None:
    assert nearest(paces(82.5, 178.3), 165.0) == Nearest(178.3, 178.3 / 165.0 - 1.0)
    assert nearest((), 165.0) is None
    assert nearest(paces(165.0), None) is None


@pytest.mark.parametrize(
    ("spm", "target", "words"),
    [(165.0, 165.0, "match"), (160.0, 165.0, "match"), (155.0, 165.0, "stretch"), (120.0, 165.0, "no_match")],
)
def test_a_lock_is_a_match_too(spm: float, target: float, words: str) -> None:
    assert verdict(paces(spm), match(paces(spm), target), target) == words


def test_there_is_no_verdict_without_paces_or_a_target() -> None:
    assert verdict((), None, 165.0) is None
    assert verdict(paces(165.0), None, None) is None


@pytest.mark.parametrize("target", [39.9, 320.1, float("nan"), -1.0])
def test_a_target_out_of_range_is_refused(target: float) -> None:
    with pytest.raises(UsageError, match="40 to 320"):
        Listener(target)


@pytest.mark.parametrize("tolerance", [0.0, -0.1, 0.5, float("nan")])
def test_a_tolerance_out_of_range_is_refused(tolerance: float) -> None:
    with pytest.raises(UsageError, match="ratio"):
        Listener(tolerance=tolerance)


def test_a_listener_can_change_the_target_and_keeps_it_if_the_new_one_is_wrong() -> None:
    listener = Listener(165.0)
    listener.target, listener.tolerance = 172.0, 0.03
    with pytest.raises(UsageError):
        listener.target = 500.0
    with pytest.raises(UsageError):
        listener.tolerance = 0.3
    assert (listener.target, listener.tolerance) == (172.0, 0.03)
    assert listener.match(paces(165.0, 171.0)) == match(paces(171.0), 172.0, 0.03)


def changing(low: float, spm: float, high: float) -> SongPace:
    return SongPace(spm, 0.9, 1.0, low=low, high=high)


@pytest.mark.parametrize(
    ("low", "high", "grade"),
    [(162.0, 168.0, "lock"), (158.0, 168.0, "match"), (162.0, 172.0, "match"), (153.0, 168.0, "stretch")],
)
def test_a_tempo_that_changes_has_the_grade_of_its_worst_moment(low: float, high: float, grade: str) -> None:
    found = match([changing(low, 165.0, high)], 165.0)
    assert found is not None
    assert (found.spm, found.error, found.grade) == (165.0, 0.0, grade)
    assert match([changing(150.0, 165.0, 180.0)], 165.0) is None


def test_times_near_the_target_are_those_of_any_pace_and_sections_join() -> None:
    paces = [changing(75.0, 82.5, 90.0), changing(150.0, 165.0, 180.0)]
    rise = [Section(10.0, 40.0, 150.0, 164.3168), Section(40.0, 70.0, 164.3168, 180.0)]
    ((start, end),) = times_near(rise, paces, 165.0, 165.0, 0.05)
    assert (round(start, 1), round(end, 1)) == (24.5, 57.4)
    ((half_start, half_end),) = times_near(rise, paces, 165.0, 82.5, 0.05)
    assert (half_start, half_end) == pytest.approx((start, end))
    assert times_near(rise, paces, 165.0, 120.0) == []
    assert times_near(rise, paces, None, 165.0) == times_near(rise, paces, 165.0, None) == []


def test_a_tempo_that_jumps_away_and_back_is_near_the_target_twice() -> None:
    sections = [Section(float(at), at + 30.0, spm, spm) for at, spm in ((0, 120.0), (30, 140.0), (60, 120.0))]
    assert times_near(sections, [changing(120.0, 120.0, 140.0)], 120.0, 121.0) == [(0.0, 30.0), (60.0, 90.0)]
