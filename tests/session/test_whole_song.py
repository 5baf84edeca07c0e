"""The paces of a whole song: full windows without the margins, and short songs as a whole."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.session import song_paces
from paces_live.session.whole_song import MARGIN_S, WHOLE_S, excerpt
from paces_live.sources.block import Block
from tests.support.sessions import only
from tests.support.signals import RATE, Samples, rock, waltz


def blocks_of(samples: Samples, size: int = 4096) -> Iterator[Block]:
    for start in range(0, len(samples), size):
        yield Block(samples[start : start + size])


def found(samples: Samples, *tempi: float) -> list[int]:
    """Return the rounded paces of a song, judged by a classifier that accepts `tempi`."""
    paces = song_paces(blocks_of(samples), len(samples) / RATE, only(*tempi))
    return sorted(round(pace.spm) for pace in paces)


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
    (pace,) = song_paces(blocks_of(rock(150.0, seconds)), seconds, only(150.0))
    assert pace.spm == pytest.approx(150.0, rel=0.005)
    assert pace.share == 1.0


def test_a_silence_within_a_song_does_not_divide_it() -> None:
    song = np.concatenate([rock(150.0, 28.0), np.zeros(6 * RATE, np.float32), rock(150.0, 28.0)])
    assert found(song, 150.0) == [150]


def test_nothing_but_silence_has_no_paces() -> None:
    assert found(np.zeros(80 * RATE, np.float32), 150.0) == []


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(0, 7), max_size=12),
    begin=st.integers(0, 30),
    end=st.none() | st.integers(0, 30),
)
def test_an_excerpt_is_a_slice_for_any_split_into_blocks(sizes: list[int], begin: int, end: int | None) -> None:
    samples = np.arange(sum(sizes), dtype=np.float32)
    blocks = [Block(part) for part in np.split(samples, np.cumsum(sizes))]
    parts = [block.samples for block in excerpt(blocks, begin, end)]
    assert all(len(part) for part in parts)
    np.testing.assert_array_equal(np.concatenate([np.empty(0, np.float32), *parts]), samples[begin:end])


def test_an_excerpt_reads_no_further_than_its_end() -> None:
    blocks = blocks_of(np.arange(100, dtype=np.float32), 10)
    assert sum(len(block.samples) for block in excerpt(blocks, 5, 20)) == 15
    assert next(blocks).samples[0] == 20.0
