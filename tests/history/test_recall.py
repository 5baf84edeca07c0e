"""Events pass the history: songs are kept, and known tracks have their paces."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from paces_live.events import End, Event, Reading, Track
from paces_live.history.database import HeardSong, History
from paces_live.history.recall import HistoryKeeper
from paces_live.match import Listener, match
from tests.support.fakes import START, TWO_SONGS, reading, song
from tests.support.history import NOON, heard, rates


def keep(script: Sequence[Event], path: Path, target: float | None = 165.0) -> tuple[list[Event], HistoryKeeper]:
    keeper = HistoryKeeper(path, Listener(target), clock=lambda: NOON)
    return [keeper.take(event) for event in script], keeper


def titled(event: Event, title: str | None) -> Event:
    track = None if title is None else Track(title=title)
    return replace(event, track=track) if isinstance(event, Reading) else event


SCRIPT: tuple[Event, ...] = (
    START,
    reading(1.0, state="listening"),
    *(titled(reading(float(t), state="listening"), "A") for t in range(2, 8)),
    titled(reading(8.0, state="no_pulse"), "A"),
    titled(reading(9.0, [(120.0, 0.9)], state="provisional"), "A"),
    titled(reading(10.0, state="no_pulse"), "A"),
    song(1, 0.0, 40.0, 120.0, title="A"),
    titled(reading(41.0, state="silence", song=2), "B"),
    titled(reading(80.0, state="silence", song=2), "B"),
    titled(reading(81.0, state="listening", song=2), "B"),
    titled(reading(104.0, state="no_pulse", song=2), "B"),
    titled(reading(105.0, state="no_pulse", song=2), "B"),
    song(2, 80.0, 106.0, title="B"),
    titled(reading(107.0, state="listening", song=3), "C"),
    titled(reading(108.0, state="listening", song=3), "A"),
    End(108.0),
)


def test_songs_are_kept_and_events_pass_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    events, keeper = keep(TWO_SONGS, path, 160.0)
    assert events == list(TWO_SONGS)
    assert keeper.error is None
    with History(path) as history:
        second, first = history.songs()
    assert (first.heard, first.input, first.title, first.length) == (NOON, "file:demo.ogg", None, 40.0)
    assert (second.title, second.target) == ("Waltz of the open road", 160.0)
    assert second.match == match(second.paces, 160.0)


def test_a_known_track_has_its_paces_until_the_sound_has_been_judged(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with History(path) as history:
        history.add(heard("A", 165.31, 82.66))
        history.add(heard("B", 99.0))
    events, _ = keep(SCRIPT, path)
    readings = {event.t: event for event in events if isinstance(event, Reading)}
    # B is known before its first sound, but not in a long silence.
    assert [t for t, each in readings.items() if each.recalled] == [*range(2, 9), 41.0, 81.0, 104.0]
    first = readings[2.0]
    assert (first.state, rates(first.paces)) == ("provisional", [165.31, 82.66])
    live = [event for event in events if not (isinstance(event, Reading) and event.recalled)]
    assert live == [
        event for event in SCRIPT if not (isinstance(event, Reading) and event.t in (*range(2, 9), 41, 81, 104))
    ]


def test_a_history_that_cannot_be_opened_does_not_stop_listening() -> None:
    events, keeper = keep(TWO_SONGS, Path("/dev/null/history.db"))
    assert keeper.error is not None
    assert "cannot be used" in keeper.error.message
    readings = [event for event in events if isinstance(event, Reading)]
    assert {each.health.message for each in readings} == {str(keeper.error)}
    assert {each.health.status for each in readings} == {"history_unavailable"}
    plain = [replace(each, health=replace(each.health, status="ok", message=None)) for each in readings]
    assert plain == [event for event in TWO_SONGS if isinstance(event, Reading)]


def test_a_full_disk_is_reported_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.db"
    room = [1, 1000]
    add = History.add

    def limited(history: History, heard: HeardSong) -> None:
        # SQLite's own way to run out of room; the title is too long for the pages that are there.
        history._database._connection.execute(f"PRAGMA max_page_count = {room.pop(0)}")
        add(history, replace(heard, title=20_000 * "x"))

    monkeypatch.setattr(History, "add", limited)
    script = (START, song(1, 0.0, 40.0, 120.0), reading(41.0), song(2, 40.0, 80.0, 120.0), reading(81.0), End(81.0))
    events, keeper = keep(script, path)
    assert keeper.error is not None
    assert "database or disk is full" in keeper.error.message
    assert [event.health.message for event in events if isinstance(event, Reading)] == [str(keeper.error), None]
    with History(path) as history:
        assert history.count() == 1


def test_a_skipped_song_is_neither_kept_nor_recalled(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    skipped = replace(song(1, 0.0, 12.0, 120.0, title="A"), skipped=True)
    keep((START, skipped, song(2, 12.0, 60.0, 165.0, title="B"), End(60.0)), path)
    with History(path) as history:
        assert [one.title for one in history.songs()] == ["B"]
