"""The hub: each stream gets the events that it would get alone, in order, whatever happens to the others."""

import threading

import numpy as np
import pytest

from paces_live.errors import SourceError
from paces_live.events import End, Event, Song, Start
from paces_live.server.hub import Hub
from paces_live.session import Block, Session
from tests.support.sessions import hear, only, without_load
from tests.support.signals import RATE, clicks


def test_streams_that_are_pushed_in_turn_get_what_each_would_get_alone() -> None:
    tempi = [70.0 + 5.0 * number for number in range(20)]
    sounds = [clicks(tempo, 12.0) for tempo in tempi]
    results: list[list[Event]] = [[] for _ in tempi]
    with Hub() as hub:
        lanes = [hub.lane(Session(only(tempo)), result.extend) for tempo, result in zip(tempi, results, strict=True)]
        for lane in lanes:
            lane.ask(lambda session: [session.start("array")])
        for start in range(0, len(sounds[0]), 4096):
            for lane, sound in zip(lanes, sounds, strict=True):
                block = Block(sound[start : start + 4096])
                lane.ask(lambda session, block=block: session.push(block))  # type: ignore[misc]
        for lane in lanes:
            lane.finish()
    for tempo, sound, result in zip(tempi, sounds, results, strict=True):
        alone = hear(sound, only(tempo))
        assert [without_load(event) for event in result] == [without_load(event) for event in alone]


def test_what_many_threads_ask_for_is_done_in_the_order_of_each() -> None:
    seen: list[tuple[int, int]] = []
    with Hub() as hub:
        lane = hub.lane(Session(only()), lambda _: None)

        def ask(thread: int) -> None:
            for number in range(500):
                lane.ask(lambda _, number=number: seen.append((thread, number)) or ())  # type: ignore[misc,func-returns-value]

        threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for thread_number in range(4):
        assert [number for thread, number in seen if thread == thread_number] == list(range(500))


def test_a_stream_whose_sound_is_broken_ends_and_the_others_go_on() -> None:
    broken: list[Event] = []
    well: list[Event] = []

    def fail(_: Session) -> list[Event]:
        raise SourceError("broken samples", hint="send others", code="source.unreadable")

    with Hub() as hub:
        first, second = hub.lane(Session(only()), broken.extend), hub.lane(Session(only()), well.extend)
        first.ask(fail)
        first.ask(lambda session: session.push(Block(np.zeros(3 * RATE, np.float32))))
        second.ask(lambda session: session.push(Block(np.zeros(3 * RATE, np.float32))))
        second.finish()
    [end] = broken
    assert isinstance(end, End)
    assert end.error is not None
    assert (end.error.code, end.error.message) == ("source.unreadable", "broken samples")
    assert len(well) == 4


def test_a_fault_of_ours_ends_only_its_stream_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []

    def fail(_: Session) -> list[Event]:
        raise ZeroDivisionError

    with Hub() as hub:
        lane = hub.lane(Session(only()), events.extend)
        lane.ask(fail)
    [end] = events
    assert isinstance(end, End)
    assert end.error is not None
    assert "ZeroDivisionError" in caplog.text


def test_a_stage_that_fails_keeps_no_event_back(caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []

    def fail(_: Event) -> Event:
        raise ZeroDivisionError

    with Hub() as hub:
        lane = hub.lane(Session(only()), events.extend, stages=[fail])
        lane.ask(lambda session: [session.start("array")])
        lane.finish()
    assert [type(event) for event in events] == [Start, End]
    assert "ZeroDivisionError" in caplog.text


def test_stages_change_events_on_the_thread_of_the_hub() -> None:
    events: list[Event] = []
    names: set[str] = set()

    def stage(event: Event) -> Event:
        names.add(threading.current_thread().name)
        return Start("9", "changed", "model", "runtime") if isinstance(event, Start) else event

    with Hub() as hub:
        lane = hub.lane(Session(only(168.0)), events.extend, stages=[stage])
        lane.ask(lambda session: [session.start("array")])
        lane.ask(lambda session: session.push(Block(clicks(168.0, 8.0))))
        lane.finish()
    assert isinstance(events[0], Start)
    assert events[0].input == "changed"
    assert names == {"hub"}
    assert [type(event) for event in events[-2:]] == [Song, End]
