"""The ring buffer: each wrap-around case, any sequence of writes and reads, and two threads."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paces_live.sources.ring import SampleRing


def ramp(start: int, stop: int) -> NDArray[np.float32]:
    """Return the sample numbers `start` to `stop` as samples; exact below 2**24."""
    return np.arange(start, stop, dtype=np.float32)


def expect(ring: SampleRing, start: int, stop: int, dropped: int) -> None:
    samples, lost = ring.read()
    np.testing.assert_array_equal(samples, ramp(start, stop))
    assert lost == dropped


def test_an_empty_ring_gives_nothing() -> None:
    expect(SampleRing(8), 0, 0, 0)


def test_read_before_the_end_of_the_storage() -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, 5))
    expect(ring, 0, 5, 0)
    expect(ring, 5, 5, 0)


def test_write_ends_exactly_at_the_end_of_the_storage() -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, 8))
    expect(ring, 0, 8, 0)
    ring.write(ramp(8, 11))
    expect(ring, 8, 11, 0)


def test_write_wraps() -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, 6))
    expect(ring, 0, 6, 0)
    ring.write(ramp(6, 12))
    expect(ring, 6, 12, 0)


def test_read_wraps_after_writes_that_do_not() -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, 6))
    expect(ring, 0, 6, 0)
    ring.write(ramp(6, 8))
    ring.write(ramp(8, 12))
    expect(ring, 6, 12, 0)


def test_full_ring_loses_nothing() -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, 3))
    expect(ring, 0, 3, 0)
    ring.write(ramp(3, 11))
    expect(ring, 3, 11, 0)


def test_one_sample_too_many_drops_the_oldest() -> None:
    ring = SampleRing(8)
    for number in range(9):
        ring.write(ramp(number, number + 1))
    expect(ring, 1, 9, 1)
    expect(ring, 9, 9, 0)


def test_lapped_twice_counts_all_that_is_lost() -> None:
    ring = SampleRing(8)
    for start in range(0, 30, 5):
        ring.write(ramp(start, start + 5))
    expect(ring, 22, 30, 22)


@pytest.mark.parametrize("before", [0, 3, 8])
def test_write_longer_than_the_ring_keeps_its_end(before: int) -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, before))
    ring.write(ramp(before, before + 21))
    expect(ring, before + 13, before + 21, before + 13)


def test_samples_that_a_write_is_replacing_during_the_read_are_dropped() -> None:
    """A copy that a writer overtakes is not handed over, although the write is not finished."""
    ring = SampleRing(8)
    ring.write(ramp(0, 8))
    ring._claimed = 11  # a write of three more has begun
    expect(ring, 3, 8, 3)


def test_read_is_a_copy() -> None:
    ring = SampleRing(4)
    ring.write(ramp(0, 4))
    samples, _ = ring.read()
    ring.write(ramp(4, 8))
    np.testing.assert_array_equal(samples, ramp(0, 4))


def test_seconds_are_whole_frames() -> None:
    assert SampleRing.of_seconds(44_100).capacity == 25 * 44_100
    assert SampleRing.of_seconds(48_000, channels=2, seconds=0.5).capacity == 48_000


def test_capacity_is_checked() -> None:
    with pytest.raises(ValueError, match="positive"):
        SampleRing(0)


def test_wait_returns_whether_something_came() -> None:
    ring = SampleRing(8)
    assert not ring.wait(0.0)
    ring.write(ramp(0, 1))
    assert ring.wait(0.0)
    ring.read()
    assert not ring.wait(0.0)
    later = threading.Timer(0.02, ring.write, [ramp(1, 2)])
    later.start()
    assert ring.wait(10.0)
    later.join()


@given(
    capacity=st.integers(1, 20),
    steps=st.lists(st.one_of(st.none(), st.integers(0, 45)), max_size=40),
)
def test_any_sequence_accounts_for_every_sample(capacity: int, steps: list[int | None]) -> None:
    """None reads, a number writes that many samples: a read gives the newest ones and counts the missing ones."""
    ring = SampleRing(capacity)
    written = seen = 0
    for step in [*steps, None]:
        if step is not None:
            ring.write(ramp(written, written + step))
            written += step
            continue
        samples, dropped = ring.read()
        assert len(samples) == min(written - seen, capacity)
        assert seen + dropped + len(samples) == written
        np.testing.assert_array_equal(samples, ramp(written - len(samples), written))
        seen = written


def test_two_threads_never_tear_a_sample() -> None:
    """A writer that laps the reader at full speed: every sample read is the one with that number."""
    ring = SampleRing(6_000)
    total = 8_000_000
    written = ramp(0, total)

    def write() -> None:
        for start in range(0, total, 2_500):
            ring.write(written[start : start + 2_500])

    writer = threading.Thread(target=write)
    writer.start()
    position = 0
    while position < total:
        if not ring.wait(10.0):
            break
        samples, dropped = ring.read()
        position += dropped
        np.testing.assert_array_equal(samples, written[position : position + len(samples)])
        position += len(samples)
    writer.join()
    assert position == total


def test_read_until_leaves_the_rest_for_later() -> None:
    ring = SampleRing(8)
    ring.write(ramp(0, 6))
    for until, start, end, dropped in ((4, 0, 4, 0), (2, 4, 4, 0), (9, 4, 6, 0)):
        samples, lost = ring.read(until)
        np.testing.assert_array_equal(samples, ramp(start, end))
        assert lost == dropped
    ring.write(ramp(6, 17))
    samples, lost = ring.read(8)  # what came until there is gone
    assert (len(samples), lost) == (0, 2)
    samples, lost = ring.read(12)
    np.testing.assert_array_equal(samples, ramp(9, 12))
    assert lost == 1
    expect(ring, 12, 17, 0)
