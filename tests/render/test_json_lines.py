"""Events and results as JSON lines: valid by the schemas, flushed, for a listener."""

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from paces_live.collection.items import Unreadable
from paces_live.errors import SourceError
from paces_live.events import End, Event, Failure, SongPace, Track
from paces_live.library.files import FilePaces
from paces_live.match import Listener
from paces_live.render.json_lines import JsonWriter, event_line, file_line
from tests.support.fakes import RISING, START, TWO_SONGS, FakeSensor, reading, song
from tests.support.schemas import validated


def written(writer: JsonWriter, stream: io.StringIO, events: tuple[Event, ...]) -> str:
    for event in events:
        writer.write(event)
    return stream.getvalue()


class Counting(io.StringIO):
    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


def test_every_event_is_a_line_and_flushed() -> None:
    stream = Counting()
    lines = written(JsonWriter(stream, Listener()), stream, TWO_SONGS).splitlines()
    assert [validated(line)["type"] for line in lines] == [type(event).__name__.lower() for event in TWO_SONGS]
    assert stream.flushed == len(TWO_SONGS)
    assert all("rejected" not in line for line in lines)


def test_rejected_candidates_are_written_on_request() -> None:
    stream = io.StringIO()
    line = written(JsonWriter(stream, Listener(), rejected=True), stream, (reading(30.0),))
    assert validated(line)["rejected"] == [{"spm": 110.2, "probability": 0.03}]


def test_two_listeners_see_one_event_with_their_own_targets() -> None:
    streams = [io.StringIO(), io.StringIO()]
    for stream, target in zip(streams, (165.0, 123.0), strict=True):
        writer = JsonWriter(stream, Listener(target))
        writer.write(reading(30.0, [(165.31, 0.97)]))
        writer.write(song(1, 0.0, 30.0, 123.4))
    matches = [[validated(line)["match"] for line in stream.getvalue().splitlines()] for stream in streams]
    assert [match and match["grade"] for pair in matches for match in pair] == ["lock", None, None, "lock"]


def test_readings_have_the_cadence_and_the_target_only_if_a_sensor_is_used() -> None:
    listener, sensor = Listener(171.0), FakeSensor(171.5, None)
    stream = io.StringIO()
    written(JsonWriter(stream, listener, sensor=sensor), stream, TWO_SONGS)
    for record in map(validated, stream.getvalue().splitlines()):
        has = (record.get("cadence"), record.get("target"))
        assert has == {"reading": (171.5, 171.0), "start": (None, 171.0)}.get(record["type"], (None, None))
    silent = validated(event_line(reading(3.0), Listener(None), sensor=FakeSensor()))
    assert (silent["cadence"], silent["target"]) == (None, None)
    assert not {"cadence", "target"} & validated(event_line(reading(3.0), listener)).keys()


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_a_line_is_valid_json_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    title = "Café Ночь 𝄞"
    track = Track(title=title, location=os.fsdecode(b"/music/caf\xe9.wav"))
    binary = io.BytesIO()
    stream = io.TextIOWrapper(binary, encoding)
    monkeypatch.setattr("sys.stdout", stream)
    writer = JsonWriter(stream, Listener())
    writer.write(replace(START, input="file:caf\udce9.wav"))
    writer.write(replace(reading(1.0), track=track))
    start, record = (validated(line) for line in binary.getvalue().decode("utf-8").splitlines())
    assert start["input"] == "file:caf\ufffd.wav"
    assert record["track"]["title"] == title
    assert record["track"]["location"] == "file:///music/caf%E9.wav"
    assert (title in binary.getvalue().decode("utf-8")) == (encoding == "utf-8")


def test_a_path_that_is_no_unicode_is_a_uri() -> None:
    path = Path(os.fsdecode(b"/music/caf\xe9.wav"))
    found = validated(file_line(FilePaces(path, 10.0, ()), Listener()))
    failed = validated(file_line(Unreadable(path, SourceError(f"{path}: no such file", hint="check it")), Listener()))
    assert found["path"] == failed["path"] == "file:///music/caf%E9.wav"
    assert failed["message"] == "/music/caf\ufffd.wav: no such file"


def test_the_end_carries_the_error() -> None:
    stream = io.StringIO()
    line = written(JsonWriter(stream, Listener()), stream, (End(3.0, Failure("source", "gone", "plug it in")),))
    assert validated(line)["error"] == {"code": "source", "message": "gone", "hint": "plug it in"}


def test_a_track_is_an_object_with_all_fields() -> None:
    stream = io.StringIO()
    playing = replace(reading(3.0), track=Track(title="So What", artist="Miles Davis", duration=545.0))
    line = written(JsonWriter(stream, Listener()), stream, (playing,))
    unknown = dict.fromkeys(("album", "genre", "location"))
    assert validated(line)["track"] == {"title": "So What", "artist": "Miles Davis", "duration": 545.0} | unknown


def test_a_file_has_the_match_of_the_listener() -> None:
    result = FilePaces(Path("a.ogg"), 215.25, (SongPace(165.30671, 0.97, 0.9),), beat=82.65333)
    record = validated(file_line(result, Listener(165.0)))
    assert record == {
        "type": "file",
        "title": None,
        "path": "a.ogg",
        "duration": 215.25,
        "paces": [{"spm": 165.3067, "probability": 0.97, "share": 0.9, "low": None, "high": None}],
        "sections": [],
        "damaged": 0.0,
        "beat": 82.6533,
        "match": {"spm": 165.3067, "error": 0.0019, "grade": "lock"},
        "verdict": "match",
        "nearest": {"spm": 165.3067, "error": 0.0019, "steps_per_beat": 2.0},
    }
    assert validated(file_line(result, Listener(None)))["match"] is None


def test_a_mismatch_has_the_nearest_pace_and_how_to_step_to_it() -> None:
    record = validated(event_line(song(1, 0.0, 40.0, 61.7, 123.4), Listener(165.0)))
    assert (record["match"], record["verdict"], record["beat"]) == (None, "no_match", 123.4)
    assert record["nearest"] == {"spm": 123.4, "error": -0.2521, "steps_per_beat": 1.0}


def test_before_the_beat_is_decided_nobody_knows_how_to_step() -> None:
    early = replace(reading(5.0, [(165.3, 0.97)]), beat=None)
    assert validated(event_line(early, Listener(165.0)))["nearest"]["steps_per_beat"] is None


def test_without_paces_or_a_target_there_is_no_verdict() -> None:
    for event, target in ((reading(5.0), 165.0), (reading(5.0, [(165.3, 0.97)]), None)):
        record = validated(event_line(event, Listener(target)))
        assert (record["match"], record["verdict"], record["nearest"]) == (None, None, None)


def test_an_unreadable_file_is_an_error_record() -> None:
    error = SourceError("a.wav: is empty", hint="choose another")
    record = validated(file_line(Unreadable(Path("a.wav"), error), Listener()))
    assert record == {
        "type": "error",
        "path": "a.wav",
        "code": "source",
        "message": "a.wav: is empty",
        "hint": "choose another",
    }


def test_the_periodicity_is_not_written() -> None:
    assert "periodicity" not in validated(event_line(reading(3.0, periodicity=(0.5, 0.25)), Listener(), rejected=True))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        event_line(End(value), Listener())


def test_a_song_whose_tempo_changes_has_its_range_and_sections() -> None:
    line = validated(event_line(RISING, Listener(165.0)))
    assert [(pace["low"], pace["high"]) for pace in line["paces"]] == [(150.0, 180.0), (75.0, 90.0)]
    assert line["sections"] == [{"start": 0.0, "end": 60.0, "start_spm": 150.0, "end_spm": 180.0}]
    assert (line["match"], line["verdict"]) == (None, "no_match")
    made = FilePaces(Path("a.ogg"), 60.0, RISING.paces, beat=165.0, sections=RISING.sections)
    assert validated(file_line(made, Listener(165.0)))["sections"] == line["sections"]
