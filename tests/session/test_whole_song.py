"""The paces of a whole song: full windows without the margins, and short songs as a whole."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paces_live.analysis.classifier import load_classifier
from paces_live.match import match, times_near
from paces_live.session import WholeSong, whole_song
from paces_live.session.whole_song import MARGIN_S, WHOLE_S, without_margins
from paces_live.sources.block import Block
from tests.support.sessions import only
from tests.support.signals import RATE, Samples, drums, rock, waltz


def blocks_of(samples: Samples, size: int = 4096) -> Iterator[Block]:
    for start in range(0, len(samples), size):
        yield Block(samples[start : start + size])


def found(samples: Samples, *tempi: float) -> list[int]:
    """Return the rounded paces of a song, judged by a classifier that accepts `tempi`."""
    song = whole_song(blocks_of(samples), only(*tempi))
    assert song.duration == len(samples) / RATE
    return sorted(round(pace.spm) for pace in song.paces)


def test_the_beginning_and_the_end_of_a_long_song_are_left_out() -> None:
    middle = rock(150.0, WHOLE_S - 2 * MARGIN_S + 15.0)
    song = np.concatenate([waltz(180.0, MARGIN_S), middle, waltz(180.0, MARGIN_S)])
    assert found(song, 150.0, 180.0) == [150]
    assert found(middle, 150.0, 180.0) == [150]


def test_a_short_song_is_judged_as_a_whole() -> None:
    part = rock(150.0, MARGIN_S)
    for seconds, paces in ((WHOLE_S - 5.0, [150]), (WHOLE_S + 5.0, [])):
        silence = np.zeros(round((seconds - 2 * MARGIN_S) * RATE), np.float32)
        assert found(np.concatenate([part, silence, part]), 150.0) == paces


@pytest.mark.parametrize("seconds", [12.0, 24.9])
def test_a_song_shorter_than_a_window_is_judged_once_at_its_end(seconds: float) -> None:
    (pace,) = whole_song(blocks_of(rock(150.0, seconds)), only(150.0)).paces
    assert pace.spm == pytest.approx(150.0, rel=0.005)
    assert pace.share == 1.0


def test_a_silence_within_a_song_does_not_divide_it() -> None:
    song = np.concatenate([rock(150.0, 28.0), np.zeros(6 * RATE, np.float32), rock(150.0, 28.0)])
    assert found(song, 150.0) == [150]


def test_nothing_but_silence_has_no_paces() -> None:
    assert found(np.zeros(80 * RATE, np.float32), 150.0) == []


@given(sizes=st.lists(st.integers(1, 7), max_size=12), margin=st.integers(0, 5), more=st.integers(1, 10))
def test_the_margins_are_the_same_for_any_split_into_blocks(sizes: list[int], margin: int, more: int) -> None:
    samples = np.arange(sum(sizes), dtype=np.float32)
    whole = 2 * margin + more
    blocks = [Block(part) for part in np.split(samples, np.cumsum(sizes)[:-1])]
    parts = [block.samples for block in without_margins(blocks, margin, whole)]
    expected = samples[margin : len(samples) - margin] if len(samples) >= whole else samples
    np.testing.assert_array_equal(np.concatenate([np.empty(0, np.float32), *parts]), expected)


def test_no_more_than_a_short_song_is_held() -> None:
    blocks = blocks_of(np.arange(1000, dtype=np.float32), 10)
    inner = without_margins(blocks, 20, 60)
    assert len(next(inner).samples) == 20
    assert next(blocks).samples[0] == 60.0
    assert next(inner).samples[0] == 40.0


def test_damage_and_length_are_those_of_the_blocks() -> None:
    music = rock(150.0, 12.0)
    damaged = [Block(music[: 6 * RATE]), Block(music[6 * RATE :], damaged=RATE // 2)]
    song = whole_song(damaged, only(150.0))
    assert (song.duration, song.damaged) == (12.0, 0.5)


def judged(samples: Samples) -> WholeSong:
    return whole_song(blocks_of(samples), load_classifier())


def test_a_tempo_that_rises_has_its_range_and_is_near_a_target_for_a_time() -> None:
    song = judged(drums(lambda t: 150.0 + t / 2.0, 60.0))
    (section,) = song.sections
    assert section.start_spm == pytest.approx(150.0, rel=0.02)
    assert section.end_spm == pytest.approx(180.0, rel=0.03)
    (pace,) = [pace for pace in song.paces if pace.spm == song.beat]
    assert (pace.low, pace.high) == (section.start_spm, section.end_spm)
    assert match(song.paces, 165.0) is None
    ((start, end),) = times_near(song.sections, song.paces, song.beat, 165.0, 0.05)
    assert (start, end) == pytest.approx((13.5, 46.5), abs=3.0)


def test_a_tempo_that_swings_to_and_fro_is_that_of_its_mean() -> None:
    # By up to 8 % from one reading to the next: further than from one candidate to another.
    swinging = judged(drums(lambda t: 150.0 * (1.0 + 0.07 * np.sin(2.0 * np.pi * t / 14.0)), 60.0))
    assert sorted(pace.spm for pace in swinging.paces) == pytest.approx([75.0, 150.0], rel=0.015)


def test_a_tempo_that_jumps_has_two_sections() -> None:
    song = judged(drums(lambda t: 120.0 if t < 60.0 else 140.0, 120.0))
    tempi = [spm for section in song.sections for spm in (section.start_spm, section.end_spm)]
    assert tempi == pytest.approx([120.0, 120.0, 140.0, 140.0], rel=0.01)
    assert song.sections[0].end == song.sections[1].start == pytest.approx(60.0, abs=4.0)


def test_a_steady_tempo_has_one_section_and_no_range() -> None:
    song = judged(drums(lambda _: 165.0, 90.0))
    (section,) = song.sections
    assert section.start_spm == section.end_spm == song.beat == pytest.approx(165.0, rel=0.005)
    assert (section.start, section.end) == pytest.approx((MARGIN_S, 90.0 - MARGIN_S), abs=0.5)
    assert [(pace.low, pace.high) for pace in song.paces] == [(None, None)] * 2
