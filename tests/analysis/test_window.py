"""The window equals plain concatenation and slicing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paces_live.analysis.window import Window, running_sum

LENGTH, BANDS = 12, 3


@given(st.lists(st.one_of(st.integers(0, 30), st.tuples(st.integers(0, 15))), max_size=30))
def test_the_window_holds_the_newest_frames(steps: list[int | tuple[int]]) -> None:
    """A number n pushes n frames, a tuple (n,) keeps the newest n."""
    window, expected, pushed = Window(LENGTH, BANDS), np.empty((0, BANDS), np.float32), 0
    for step in steps:
        if isinstance(step, tuple):
            window.keep(step[0])
            expected = expected[len(expected) - min(step[0], len(expected)) :]
        else:
            frames = pushed + np.arange(step * BANDS, dtype=np.float32).reshape(step, BANDS)
            pushed += step * BANDS
            window.push(frames)
            expected = np.concatenate((expected, frames))[-LENGTH:]
        assert len(window) == len(expected)
        np.testing.assert_array_equal(window.frames, expected)
        if len(expected) % 2:  # at other times the sums of several steps come together
            np.testing.assert_array_equal(window.sums - window.sums[0], running_sum(expected))
