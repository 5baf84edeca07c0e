"""Reconnecting to a source that goes away."""

import time
from collections.abc import Generator

import numpy as np
import pytest

from paces_live.errors import SourceError
from paces_live.sources import Block, reconnect
from tests.support.sources import SESSION_RATE, message_of


class Fickle:
    """Sessions that each give one block of a tenth of a second, or fail."""

    def __init__(self, *works: bool) -> None:
        self._works = iter(works)
        self.tried: list[float] = []

    def session(self) -> Generator[Block, None, None]:
        self.tried.append(time.monotonic())
        if next(self._works):
            yield Block(np.full(SESSION_RATE // 10, 0.5, np.float32))
        raise SourceError("it is gone")


@pytest.mark.slow
def test_a_source_that_goes_away_is_tried_again_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "BACKOFF_S", (0.1, 0.2, 0.4))
    fickle = Fickle(True, False, False, False, False, True, True)
    connection = reconnect.Reconnection("radio", SESSION_RATE)
    taken, messages = [], []
    for block in connection.blocks(fickle.session):
        if len(block.samples):
            taken.append((time.monotonic(), block))
            assert block.condition is None
        elif message_of(block) not in messages:
            messages.append(message_of(block))
        if len(taken) == 3:
            break
    pauses = np.diff(fickle.tried)
    assert np.all(pauses >= np.array([0.1, 0.2, 0.4, 0.4, 0.4, 0.1]) - 1e-3)
    assert messages == [f"radio is gone, trying again in {wait} s" for wait in (0.1, 0.2, 0.4)]
    (first, one), (second, two), (third, three) = taken
    assert one.dropped == 0
    assert two.dropped == pytest.approx((second - first - 0.1) * SESSION_RATE, abs=0.05 * SESSION_RATE)
    assert three.dropped == pytest.approx(max(0.0, third - second - 0.1) * SESSION_RATE, abs=0.05 * SESSION_RATE)
    assert three.dropped >= 1


def test_a_source_that_never_gave_a_sample_is_an_error() -> None:
    with pytest.raises(SourceError, match="it is gone"):
        next(reconnect.Reconnection("radio", SESSION_RATE).blocks(Fickle(False).session))


def test_the_pauses_are_as_documented() -> None:
    assert reconnect.BACKOFF_S == (1.0, 2.0, 5.0, 10.0)
