"""How the tempo of a song goes: its range and its sections, from readings that are made up."""

from collections.abc import Callable

import numpy as np
import pytest

from paces_live.analysis.song_tempo import MAX_POINTS, SongTempo
from paces_live.analysis.tempo_curve import TempoCurve
from paces_live.events import Pace, Section, SongPace

STEADY = (SongPace(120.0, 0.9, 1.0), SongPace(60.0, 0.8, 1.0))


def curve(tempo: Callable[[float], float], seconds: int = 120, levels: tuple[float, ...] = (1.0, 0.5)) -> SongTempo:
    """Return the curve of a song, with paces at `levels` of the `tempo` of a time, from the first full window on."""
    made = SongTempo()
    for now in range(25, seconds + 1):
        spm = tempo(now - 3.0)
        made.add(now, 25.0, tuple(Pace(spm * level, 0.9) for level in levels))
    return made


def rounded(sections: tuple[Section, ...]) -> list[tuple[int, int]]:
    return [(round(section.start_spm), round(section.end_spm)) for section in sections]


def ranges(paces: tuple[SongPace, ...]) -> list[tuple[int, int, int]]:
    return sorted((round(pace.low or 0.0), round(pace.spm), round(pace.high or 0.0)) for pace in paces)


def jump(t: float) -> float:
    return 120.0 if t < 55.0 else 140.0


def test_a_steady_song_has_one_section_and_its_paces_as_they_were() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.004, 90)
    paces, beat, sections = curve(lambda t: 120.0 * (1.0 + noise[int(t) % 90])).song(0.0, STEADY)
    assert (paces, beat) == (STEADY, 120.0)
    assert sections == (Section(0.0, 120.0, 120.0, 120.0),)


def test_single_outliers_are_no_change() -> None:
    outliers = iter((131.0, 122.0, 90.0, 160.0, 125.0, 100.0))
    tempo = curve(lambda t: next(outliers) if int(t) % 20 == 7 else 120.0)
    assert tempo.song(0.0, STEADY)[0] == STEADY


def test_a_few_seconds_of_another_tempo_are_no_section() -> None:
    assert curve(lambda t: 131.0 if 40.0 <= t < 49.0 else 120.0).song(0.0, STEADY)[0] == STEADY


def test_a_pace_that_is_misheard_for_a_while_is_no_change() -> None:
    tempo = curve(lambda t: 180.0 if 30.0 <= t < 60.0 else 120.0)
    assert tempo.song(0.0, STEADY)[0] == STEADY


def test_levels_that_come_and_go_are_no_change() -> None:
    made = SongTempo()
    for t in range(90):
        made.add(t + 12.5, 25.0, (Pace(240.0 if t % 30 < 10 else 60.0 if t % 30 < 20 else 120.0, 0.9),))
    assert made.song(0.0, STEADY)[0] == STEADY


def test_a_rise_has_its_range_and_one_section() -> None:
    paces, beat, sections = curve(lambda t: 150.0 + t / 4.0).song(0.0, STEADY)
    # The logarithm is taken as straight, which is half a percent from the truth at the ends.
    assert ranges(paces) == [(75, 83, 90), (151, 166, 180)]
    assert beat == pytest.approx(165.0, rel=0.005)
    assert rounded(sections) == [(151, 180)]
    assert (sections[0].start, sections[0].end) == (0.0, 120.0)


def test_a_fall_is_followed_too() -> None:
    assert rounded(curve(lambda t: 180.0 - t / 4.0).song(0.0, STEADY)[2]) == [(181, 150)]


def test_a_jump_has_two_sections_and_both_tempi_in_the_range() -> None:
    paces, beat, sections = curve(jump).song(0.0, STEADY)
    assert ranges(paces) == [(60, 70, 70), (120, 140, 140)]
    assert rounded(sections) == [(120, 120), (140, 140)]
    assert beat == 140.0
    assert sections[0].end == sections[1].start


def test_the_border_of_a_jump_is_where_it_was_and_not_where_it_is_seen() -> None:
    made = SongTempo()
    for t in range(90):
        made.add(t, 25.0, (Pace(120.0 if t < 45 + 8 else 140.0, 0.9),))
    assert made.song(0.0, STEADY)[2][0].end == pytest.approx(45.0, abs=1.0)


@pytest.mark.parametrize("ratio", [3 / 2, 4 / 3])
def test_a_jump_to_a_simple_ratio_that_lasts_is_one(ratio: float) -> None:
    tempo = curve(lambda t: 120.0 if t < 60.0 else 120.0 * ratio, levels=(1.0,))
    assert rounded(tempo.song(0.0, STEADY)[2]) == [(120, 120), (round(120 * ratio), round(120 * ratio))]


def test_a_song_that_holds_rises_and_holds_has_three_sections() -> None:
    tempo = curve(lambda t: 150.0 + min(30.0, max(0.0, (t - 60.0) / 2.0)), 180)
    sections = tempo.song(0.0, STEADY)[2]
    assert rounded(sections)[0] == (150, 150)
    assert [section.start_spm == section.end_spm for section in sections] == [True, False, True]
    assert rounded(sections)[2] == (180, 180)
    assert [section.end for section in sections[:2]] == pytest.approx([60.0, 120.0], abs=1.0)


def test_the_first_paces_are_those_of_the_whole_window_before() -> None:
    made, falling = SongTempo(), TempoCurve(np.linspace(0.2, 0.0, 10), np.ones(1), known=10)
    made.add(25.0, 25.0, (Pace(120.0, 0.9),), falling)
    for t in range(26, 60):
        made.add(float(t), 25.0, (Pace(120.0, 0.9),))
    sections = made.song(0.0, STEADY)[2]
    # The middle of the first part of the window is at 4 seconds, that of the newest at 22.
    assert sections[0].start == 0.0
    assert sections[0].start_spm == pytest.approx(120.0 * np.exp(0.2 + 0.2 / 18 * 4), rel=0.01)
    assert sections[0].end == pytest.approx(22.0, abs=2.0)
    assert rounded(sections)[-1] == (120, 120)


def test_an_introduction_without_a_beat_has_no_tempo_though_the_curve_follows_chance_in_it() -> None:
    made = SongTempo()
    made.add(25.0, 25.0, (Pace(120.0, 0.9),), TempoCurve(np.array([0.2] * 7 + [0.0] * 3), np.ones(1), known=3))
    for t in range(26, 60):
        made.add(float(t), 25.0, (Pace(120.0, 0.9),))
    assert made.song(0.0, STEADY) == (STEADY, 120.0, (Section(0.0, 59.0, 120.0, 120.0),))


def test_a_tempo_that_moves_far_between_two_readings_goes_on_along_the_curve() -> None:
    made, t, log = SongTempo(), np.arange(25.0, 90.0, 2.5), 0.0
    for now in t:
        before, log = log, 0.1 * np.sin(now)
        made.add(now, 2.0, (Pace(150.0 * np.exp(log), 0.9),), TempoCurve(np.array([before - log, 0.0]), np.ones(1)))
    (pace,) = made.song(0.0, STEADY)[0]
    assert pace.spm == pytest.approx(150.0, rel=0.01)


def test_times_are_since_the_beginning_of_the_song() -> None:
    made = SongTempo()
    for t in range(90):
        made.add(100.0 + t, 10.0, (Pace(150.0 + t / 2.0, 0.9),))
    sections = made.song(97.0, STEADY)[2]
    assert (sections[0].start, sections[0].end) == (0.0, 92.0)


def test_a_song_without_a_pace_has_no_section() -> None:
    assert SongTempo().song(0.0, ()) == ((), None, ())


def test_a_tempo_that_is_hardly_ever_known_changes_nothing() -> None:
    made = curve(jump)
    for t in range(400):
        made.add(110.0 + t, 25.0, ())
    assert made.song(0.0, STEADY)[0] == STEADY


def test_a_stream_of_a_day_is_kept_in_little_memory() -> None:
    made = curve(lambda t: 120.0 if t < 40_000 else 140.0, 86_400)
    assert len(made._points) <= MAX_POINTS
    assert rounded(made.song(0.0, STEADY)[2]) == [(120, 120), (140, 140)]
