"""Calls that never return: the caller goes on, and the next calls do not wait for them."""

import threading
import time

import pytest

from paces_live.sources.deadline import Deadline


def test_a_call_that_is_stuck_is_left_and_the_next_ones_fail_until_it_returns() -> None:
    deadline, release = Deadline("test"), threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s"):
        deadline.call(lambda: release.wait(30.0), 0.1)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="an earlier call has not returned"):
        deadline.call(lambda: 1, 30.0)
    assert time.monotonic() - start < 5.0
    release.set()
    while True:
        try:
            assert deadline.call(lambda: 2, 30.0) == 2
        except TimeoutError:
            assert time.monotonic() - start < 20.0
            continue
        break


def test_an_error_is_raised_where_the_call_was_made() -> None:
    with pytest.raises(ZeroDivisionError):
        Deadline("test").call(lambda: 1 // 0, 1.0)
