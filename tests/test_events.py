"""Events: the text of a track is safe to show, and the codes of the events are those of the schema."""

from dataclasses import fields
from typing import Any, get_args

import pytest

from paces_live.events import (
    SCHEMA,
    End,
    Grade,
    Health,
    Match,
    Pace,
    Reading,
    Song,
    Start,
    State,
    Status,
    Track,
)
from paces_live.schema import load
from paces_live.text import LONGEST_LINE


def test_the_text_of_a_track_is_one_printable_line() -> None:
    title = Track(title=" Two\r\n  lines\x1b]0;x\x07\u202e " + 1000 * "x ").title
    assert title is not None
    assert title.startswith("Two lines ]0;x x")
    assert title.isprintable()
    assert len(title) <= LONGEST_LINE
    assert Track(title="\x00\n").title is None


@pytest.mark.parametrize("text", ["", " \t", "\x1b", "\u200b\n"])
def test_a_text_without_printable_characters_is_none(text: str) -> None:
    assert Track(title=text, artist=text, album=text) == Track()


def test_the_location_of_a_track_can_be_opened() -> None:
    location = "two  spaces/" + 300 * "x" + ".ogg"
    assert Track(location=location).location == location


DEFS: dict[str, Any] = load("events")["$defs"]


@pytest.mark.parametrize(
    ("codes", "kind", "field"), [(State, "reading", "state"), (Grade, "match", "grade"), (Status, "health", "status")]
)
def test_the_codes_are_those_of_the_schema_in_their_order(codes: object, kind: str, field: str) -> None:
    assert list(get_args(codes)) == DEFS[kind]["properties"][field]["enum"]


@pytest.mark.parametrize("kind", [Start, Reading, Song, End, Pace, Match, Track, Health])
def test_the_schema_has_every_field(kind: type) -> None:
    names = {field.name for field in fields(kind)} - {"periodicity"}
    assert names <= set(DEFS[kind.__name__.lower()]["properties"])


def test_the_schema_has_the_version_of_the_events() -> None:
    assert DEFS["start"]["properties"]["schema"]["const"] == SCHEMA
