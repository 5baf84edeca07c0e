"""The loop that reads a source into a session, and listening to one source after another."""

import itertools
import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from paces_live.errors import SourceError
from paces_live.events import End, Event, Reading, Song, Start
from paces_live.match import Listener
from paces_live.session import Listening, Session, SessionConfig, run
from paces_live.sources import ArraySource
from paces_live.sources.block import Block
from tests.support.sessions import Blocks, checked, hear, only, readings, songs
from tests.support.signals import RATE, rock


def test_if_the_source_fails_the_song_and_the_error_are_still_reported() -> None:
    events = checked(run(Blocks([Block(rock(150.0, 12.0))], failure="unplugged"), Session(only(150.0))))
    last: deque[Event] = deque(maxlen=2)
    with pytest.raises(SourceError, match="unplugged"):
        last.extend(events)
    song, end = last
    assert isinstance(song, Song)
    assert isinstance(end, End)
    assert end.error is not None
    assert (end.error.code, end.error.message) == ("source", "unplugged")


def test_a_source_that_cannot_be_opened_gives_a_start_and_an_end() -> None:
    events = checked(run(Blocks([], failure="no microphone"), Session(only())))
    assert isinstance(next(events), Start)
    assert isinstance(next(events), End)
    with pytest.raises(SourceError, match="no microphone"):
        next(events)


def test_a_quiet_source_can_be_stopped() -> None:
    stop = threading.Event()
    stop.set()
    endless = Blocks(itertools.repeat(Block(np.empty(0, np.float32))))
    assert [type(event) for event in checked(run(endless, Session(only()), stop=stop))] == [Start, End]


def test_each_block_calls_on_block() -> None:
    signs = []
    silent = Blocks([Block(np.empty(0, np.float32))] * 3)
    events = checked(run(silent, Session(only()), on_block=lambda: signs.append(1)))
    assert [type(event) for event in events] == [Start, End]
    assert len(signs) == 3


def test_two_listeners_with_two_targets_share_a_session() -> None:
    listeners = [Listener(151.0), Listener(76.0)]
    classifier = only(150.0, 75.0)
    (song,) = songs(hear(rock(150.0, 30.0), classifier, listeners=listeners))
    matches = [listener.match(song.paces) for listener in listeners]
    assert [match and round(match.spm) for match in matches] == [150, 75]
    assert listeners[0].match(song.paces) != Listener(190.0).match(song.paces)


def test_a_new_target_is_a_tempo_of_interest_from_the_next_block() -> None:
    listener = Listener(165.0)
    session = Session(only(150.0))
    for event in checked(
        run(ArraySource(rock(150.0, 12.0), RATE, RATE), session, listeners=[listener, Listener(None)])
    ):
        if isinstance(event, Reading):
            assert session.of_interest == [listener.target]
            listener.target = 100.0 + event.t


def test_stopping_reports_the_song() -> None:
    listening = Listening(only(150.0), SessionConfig(), Listener())
    events = checked(listening.events(ArraySource(rock(150.0, 30.0), RATE, RATE)))
    for event in events:
        if isinstance(event, Reading) and event.t >= 12.0:
            listening.stop()
            break
    song, end = events
    assert isinstance(song, Song)
    assert isinstance(end, End)
    assert end.t < 13.0


def test_a_paused_listening_can_be_stopped_and_moved_to_another_source() -> None:
    listening = Listening(only(150.0), SessionConfig(), Listener())
    listening.pause(True)
    music = Block(rock(150.0, 1.0))

    def stopping() -> Iterator[Block]:
        listening.stop()
        yield from itertools.repeat(music)

    assert [type(event) for event in checked(listening.events(Blocks(stopping())))] == [Start, End]
    paused = list(checked(listening.events(ArraySource(rock(150.0, 3.0), RATE, RATE))))
    assert readings(paused) == []
    listening.pause(False)
    assert len(readings(checked(listening.events(ArraySource(rock(150.0, 3.0), RATE, RATE))))) == 3


def test_an_abandoned_source_does_not_swallow_the_stop_of_the_next() -> None:
    listening = Listening(only(150.0), SessionConfig(), Listener())
    abandoned = listening.events(Blocks(itertools.repeat(Block(rock(150.0, 1.0)))))
    next(abandoned)
    events = listening.events(Blocks(itertools.repeat(Block(rock(150.0, 1.0)))))
    next(events)
    listening.stop()
    del abandoned
    assert isinstance(deque(checked(events), maxlen=1)[0], End)


def test_a_stop_after_the_end_ends_the_next_source() -> None:
    listening = Listening(only(150.0), SessionConfig(), Listener())
    events = listening.events(Blocks([Block(rock(150.0, 1.0))]))
    while not isinstance(next(events), End):
        pass
    listening.stop()
    assert not list(events)
    stopped = list(checked(listening.events(Blocks(itertools.repeat(Block(rock(150.0, 1.0)))))))
    assert isinstance(stopped[-1], End)


def test_each_stage_gets_every_event_and_can_change_it() -> None:
    def marked(event: Event) -> Event:
        return replace(event, stream="changed")

    passed: list[Event] = []

    def noted(event: Event) -> Event:
        passed.append(event)
        return event

    listening = Listening(only(150.0), SessionConfig(), Listener(), stages=[marked, noted])
    events = list(checked(listening.events(ArraySource(rock(150.0, 12.0), RATE, RATE))))
    assert events == passed
    assert {event.stream for event in events} == {"changed"}


def test_the_log_has_the_input_each_change_of_status_and_the_song(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "paces_live.session.listening")
    music = rock(150.0, 24.0)
    gap = [Block(music[: 12 * RATE]), Block(music[14 * RATE :], dropped=2 * RATE)]
    deque(checked(Listening(only(150.0), SessionConfig(), Listener()).events(Blocks(gap))), maxlen=0)
    assert caplog.messages == [
        "listening to blocks with model fixed on none",
        "lost 2.0 s of audio",
        "all is well again",
        "song 1, 0 to 24 s: 150.1",
        "ended after 24 s",
    ]
    caplog.clear()
    with pytest.raises(SourceError):
        deque(Listening(only(150.0), SessionConfig(), Listener()).events(Blocks([], failure="unplugged")), maxlen=0)
    assert caplog.messages[-1] == "failed after 0 s: source: unplugged"
