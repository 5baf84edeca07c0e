"""The felt beat is decided once for a song, and changes only for a good reason."""

import pytest

from paces_live.analysis.felt_beat import DECIDED_S, FeltBeat, felt_beat, leading
from paces_live.events import Pace


def paces(*spm: float) -> tuple[Pace, ...]:
    return tuple(Pace(rate, 0.9) for rate in spm)


def decided(*spm: float) -> FeltBeat:
    beat = FeltBeat()
    assert beat.update(paces(*spm), DECIDED_S) is not None
    return beat


@pytest.mark.parametrize(
    ("spm", "beat"),
    [((165.0, 82.5), 165.0), ((172.0, 86.0), 172.0), ((196.0, 98.0), 98.0), ((246.0, 62.0, 123.0), 123.0), ((), None)],
)
def test_people_tap_to_the_pace_nearest_to_130(spm: tuple[float, ...], beat: float | None) -> None:
    assert felt_beat(paces(*spm)) == beat


def test_the_beat_is_open_until_its_half_would_be_known() -> None:
    beat = FeltBeat()
    assert beat.update(paces(190.0), DECIDED_S - 1.0) is None
    assert beat.update(paces(190.0, 95.0), DECIDED_S) == 95.0


def test_paces_that_come_and_go_do_not_move_the_beat() -> None:
    beat = decided(190.0, 95.0)
    shown = [(190.0,), (), (190.0, 95.0), (285.0,), (190.2, 95.1)]
    assert [beat.update(paces(*spm), 20.0) for spm in shown] == [95.0, 95.0, 95.0, 95.0, 95.1]


def test_a_half_that_comes_late_does_not_move_the_beat_if_both_are_about_as_likely() -> None:
    beat = decided(190.0)
    assert beat.update(paces(190.0, 95.0), 12.0) == 190.0


def test_a_half_that_is_a_lot_likelier_becomes_the_beat_and_stays() -> None:
    beat = decided(220.0)
    assert beat.update(paces(220.0, 110.0), 12.0) == 110.0
    assert beat.update(paces(220.0), 13.0) == 110.0


def test_a_beat_that_all_paces_contradict_is_decided_again() -> None:
    beat = decided(100.0)
    assert beat.update(paces(150.0), 20.0) == 150.0


def test_the_beat_follows_a_tempo_that_drifts() -> None:
    beat = decided(120.0)
    assert [beat.update(paces(spm), 20.0) for spm in (122.0, 124.0, 126.0)] == [122.0, 124.0, 126.0]


def test_the_whole_song_keeps_the_beat_of_its_readings() -> None:
    beat = decided(190.0, 95.0)
    assert beat.among(paces(189.8)) == 95.0
    assert FeltBeat().among(paces(189.8)) == 189.8
    assert beat.among(()) is None


def test_without_a_target_the_beat_comes_first_if_it_is_shown() -> None:
    assert leading(paces(190.0, 95.0), 189.0) == 190.0
    assert leading(paces(190.0, 95.0), None) == 95.0
    assert leading(paces(190.0), 95.0) == 190.0
    assert leading((), 95.0) is None
