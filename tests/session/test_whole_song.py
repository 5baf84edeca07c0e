"""The paces of a whole song: full windows without the margins, and short songs as a whole."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.session import whole_song
from paces_live.session.whole_song import MARGIN_S, WHOLE_S, without_margins
from paces_live.sources.block import Block
from tests.support.sessions import only
from tests.support.signals import RATE, Samples, rock, waltz


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


@settings(deadline=None)
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
