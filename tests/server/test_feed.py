"""PCM from a client becomes the blocks that the same sound would give elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.events import Event, Reading
from paces_live.server.feed import PcmFeed
from paces_live.server.messages import Hello
from paces_live.session import Session, run
from paces_live.sources import ArraySource
from tests.support.sessions import only, readings, without_load
from tests.support.signals import rock

RATE = 44_100
SOUND = np.repeat(rock(168.0, 6.0), 2)
PCM = (SOUND * 32767).astype("<i2")


def feed(rate: int = RATE, width: int = 2, channels: int = 1) -> PcmFeed:
    return PcmFeed(Hello(rate, width, channels, None, 0.05))


def heard(fed: PcmFeed, session: Session) -> list[Event]:
    return [*fed.drain(session), *fed.finish(session), *session.finish()]


def expected() -> list[Event]:
    frames = PCM.astype(np.float32) * np.float32(1 / 32768)
    session = Session(only(168.0))
    return [without_load(event) for event in run(ArraySource(frames, RATE, session.sample_rate), session)][1:]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 20_000), st.booleans()), max_size=30))
def test_any_frames_and_any_turns_give_the_same_events(cuts: list[tuple[int, bool]]) -> None:
    session, fed = Session(only(168.0)), feed()
    events: list[Event] = []
    position = 0
    for size, drained in [*cuts, (len(PCM), True)]:
        fed.put(PCM[position : position + size].tobytes())
        position += size
        events += fed.drain(session) if drained else []
    events += heard(fed, session)
    assert [without_load(event) for event in events] == expected()


@pytest.mark.parametrize(("width", "channels"), [(2, 1), (2, 2), (4, 1), (4, 6)])
def test_integers_floats_and_channels_are_the_same_sound(width: int, channels: int) -> None:
    session, fed = Session(only(168.0)), feed(width=width, channels=channels)
    frames = np.repeat(PCM[:, None], channels, axis=1)
    data = frames if width == 2 else frames.astype("<f4") / 32768
    fed.put(data.tobytes())
    got = readings(heard(fed, session))
    assert [one.paces for one in got] == [one.paces for one in readings(expected())]


def test_a_gap_is_counted_and_never_spliced() -> None:
    session, fed = Session(only(168.0), live=True), feed()
    fed.put(PCM[: 5 * RATE].tobytes())
    fed.put_gap(2 * RATE)
    fed.put(PCM[:RATE].tobytes())
    events = readings(heard(fed, session))
    after = [one for one in events if one.t > 5.0]
    assert after
    assert all(isinstance(one, Reading) and one.health.dropped_s == pytest.approx(2.0) for one in after)
    # Time goes on: the second after the gap is the eighth.
    assert events[-1].t == pytest.approx(8.0, abs=0.11)


def test_what_waits_is_measured_in_seconds() -> None:
    session, fed = Session(only()), feed(channels=2)
    fed.put(bytes(4 * RATE))
    fed.put(bytes(2 * RATE))
    assert fed.waiting_s == 1.5
    list(fed.drain(session))
    assert fed.waiting_s == 0.0
