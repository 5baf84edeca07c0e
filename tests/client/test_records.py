"""Records of JSON become the events that they were made of; what a server makes up does no harm."""

import json
from typing import Any

import pytest

from paces_live.client.records import event
from paces_live.errors import ServerError
from paces_live.events import SCHEMA, End, Event, Failure, Reading, Song, Start, Track
from paces_live.match import Listener
from paces_live.render.json_lines import event_line
from tests.support.fakes import RISING, TWO_SONGS, reading, song

FULL = Track(title="So What", artist="Miles Davis", album="Kind of Blue", genre="jazz", location="a b", duration=545.0)


def record(one: Event, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(event_line(one, Listener(), rejected=True))
    return made | fields


def same(one: Event) -> bool:
    return event(record(one)) == one


def test_all_events_survive_the_way_to_json_and_back() -> None:
    assert all(map(same, TWO_SONGS))
    assert same(RISING)
    assert same(End(3.0, Failure("source.unreadable", "it is broken", "try another")))
    assert same(Song(3, 10.0, 20.0, (), track=FULL, skipped=True, stream="x7"))
    assert same(reading(3.0, [(165.0, 0.9)], title="Für Elise", recalled=True, status="clipping", message="clipping"))


def test_unknown_fields_types_and_statuses_are_no_errors() -> None:
    later = record(reading(3.0), mood="happy", periodicity=[1.0])
    later["health"] |= {"status": "haunted", "message": "there is a ghost", "ghosts": 3}
    later["track"] = {"title": "So What", "year": 1959}
    one = event(later)
    assert isinstance(one, Reading)
    assert (one.health.status, one.health.message) == ("haunted", "there is a ghost")
    assert one.track == Track(title="So What")
    assert event({"type": "weather", "rain": True}) is None
    assert event({}) is None


def test_an_older_server_may_lack_what_is_new() -> None:
    old = record(song(1, 0.0, 40.0, 165.0))
    for name in ("beat", "skipped", "track", "stream"):
        del old[name]
    one = event(old)
    assert isinstance(one, Song)
    assert (one.beat, one.skipped, one.track, one.stream) == (None, False, None, "main")


def test_a_newer_schema_is_an_error_that_says_so() -> None:
    with pytest.raises(ServerError, match=f"schema {SCHEMA + 1}, and this paces-live knows {SCHEMA}") as caught:
        event(record(TWO_SONGS[0], schema=SCHEMA + 1))
    assert (caught.value.code, caught.value.hint) == ("server.newer", "update paces-live here")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("t", "soon"),
        ("t", -1.0),
        ("t", float("nan")),
        ("t", 10**400),
        ("song", 0),
        ("song", True),
        ("song", 1.5),
        ("state", "dancing"),
        ("state", ["settled"]),
        ("paces", 3),
        ("paces", [3]),
        ("paces", [{"spm": 0.0, "probability": 0.9}]),
        ("paces", [{"spm": 165.0}]),
        ("paces", [{"spm": 165.0, "probability": 50}]),
        ("health", None),
        ("health", {"level_dbfs": -20.0}),
        ("track", "So What"),
        ("track", {"title": 3}),
        ("beat", "slow"),
    ],
)
def test_a_value_that_makes_no_sense_is_an_error(field: str, value: Any) -> None:
    with pytest.raises(ServerError, match="broken reading") as caught:
        event(record(reading(3.0), **{field: value}))
    assert caught.value.code == "server.broken"


def test_no_server_moves_the_cursor() -> None:
    nasty = "\x1b[2J\x07boo\n"
    start = event(record(TWO_SONGS[0], input=nasty, version=nasty, model=nasty, runtime=nasty, stream=nasty))
    one = record(reading(3.0, title=nasty))
    one["health"] |= {"status": nasty, "message": nasty}
    heard = event(one)
    end = event(
        record(End(3.0, Failure("code", "message", "hint")), error=dict.fromkeys(("code", "message", "hint"), nasty))
    )
    assert isinstance(start, Start)
    assert isinstance(heard, Reading)
    assert isinstance(end, End)
    assert end.error
    words = [start.input, start.version, start.model, start.runtime, start.stream, heard.caption, heard.health.message]
    words += [heard.health.status, end.error.code, end.error.message, end.error.hint]
    assert set(words) == {"[2J boo"}
