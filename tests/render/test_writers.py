"""Events as lines for pipes and programs."""

import io
import json
from dataclasses import replace

import pytest

from paces_live.events import Event, Health, Match, Pace
from paces_live.render.tables import Row, print_table
from paces_live.render.writers import (
    JsonWriter,
    PlainWriter,
    Writer,
    clock,
    level_note,
    news,
    paces_words,
    percent,
    verdict,
)
from tests.support.fakes import START, TWO_SONGS, reading, song

DEMO = """\
listening to file:demo.ogg, target 165 spm ± 5 %
   0:01  song 1  listening
   0:09  song 1  still settling   123.4 (91 %)  NO MATCH
   0:10  song 1  still settling   61.8 (90 %), 123.5 (95 %)  NO MATCH
   0:25  song 1  settled          61.7 (94 %), 123.4 (98 %)  NO MATCH
   0:40  song 1  ended            0:40 long  61.7 (97 %), 123.4 (97 %)  NO MATCH
   0:40  song 2  silence
   0:43  song 2  listening
   0:48  song 2  settled          82.7 (94 %), 165.3 (97 %)  MATCH 165.3 (lock, +0.2 %), a step on every beat
   1:20  song 2  ended            0:38 long  Waltz of the open road  82.7 (97 %), 165.3 (97 %)  \
MATCH 165.3 (lock, +0.2 %), a step on every beat
   1:20  end
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Counting(io.StringIO):
    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


def written(writer: Writer, stream: io.StringIO, events: tuple[Event, ...]) -> str:
    for event in events:
        writer.write(event)
    return stream.getvalue()


def test_plain_text_has_a_line_per_change_and_per_song() -> None:
    stream = io.StringIO()
    assert written(PlainWriter(stream), stream, TWO_SONGS) == DEMO


def test_plain_text_tells_rejected_candidates_on_request() -> None:
    stream = io.StringIO()
    text = written(PlainWriter(stream, rejected=True), stream, (START, reading(30.0, [(165.0, 0.9)])))
    assert text.splitlines()[1].endswith("rejected 110.2 (3 %)")


def test_plain_text_tells_trouble_with_the_capture() -> None:
    stream = io.StringIO()
    quiet = reading(9.0, state="no_pulse", level=-58.0, word="too quiet")
    lost = reading(10.0, state="no_pulse", level=-58.0, word="too quiet", lost=1.5)
    text = written(PlainWriter(stream), stream, (START, quiet, lost))
    assert text.splitlines()[1:] == [
        "   0:09  song 1  no steady pulse  too quiet (-58 dBFS)",
        "   0:10  song 1  no steady pulse  too quiet (-58 dBFS)  lost 1.5 s of audio",
    ]


def test_colour_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    assert "\x1b[" in written(PlainWriter(stream), stream, TWO_SONGS)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            stream = Terminal()
            assert written(PlainWriter(stream), stream, TWO_SONGS) == DEMO


def test_ndjson_is_every_event_and_flushed() -> None:
    stream = Counting()
    lines = written(JsonWriter(stream), stream, TWO_SONGS).splitlines()
    assert [json.loads(line)["type"] for line in lines] == [type(event).__name__.lower() for event in TWO_SONGS]
    assert stream.flushed == len(TWO_SONGS)
    assert all("rejected" not in line for line in lines)


def test_ndjson_tells_rejected_candidates_on_request() -> None:
    stream = io.StringIO()
    line = written(JsonWriter(stream, rejected=True), stream, (reading(30.0),))
    assert json.loads(line)["rejected"] == [{"spm": 110.2, "probability": 0.03}]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (reading(31.0, [(165.9, 0.5), (82.9, 0.9)]), False),
        (reading(31.0, [(82.7, 0.9), (165.3, 0.5)]), False),
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], lost=0.3), False),
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], lost=1.0), True),
        (reading(31.0, [(168.0, 0.9), (82.7, 0.9)]), True),
        (reading(31.0, [(165.3, 0.9)]), True),
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], song=2), True),
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], state="provisional"), True),
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], target=155.0), True),
    ],
)
def test_what_is_news(now: Event, expected: bool) -> None:
    assert news(reading(30.0, [(165.3, 0.97), (82.7, 0.9)]), now) is expected  # type: ignore[arg-type]


def test_verdicts() -> None:
    paces = (Pace(176.0, 0.9), Pace(88.0, 0.8))
    stretch = Match(176.0, 0.0667, "stretch")
    assert verdict(stretch, paces, 165.0) == "STRETCH 176.0 (stretch, +6.7 %), two steps a beat"
    assert verdict(None, paces, 165.0) == "NO MATCH"
    assert verdict(None, (), 165.0) == ""
    assert verdict(None, paces, None) == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.0, "0:00"), (215.9, "3:35"), (3723.0, "1:02:03")])
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(("ratio", "words"), [(0.0019, "+0.2 %"), (-0.0001, "+0.0 %"), (-0.25, "-25.0 %")])
def test_percent(ratio: float, words: str) -> None:
    assert percent(ratio) == words


def test_level_note() -> None:
    assert level_note(Health(-20.0, 0.0, 0.0)) == ""
    assert level_note(Health(-58.0, 0.0, 0.0, level="too quiet")) == "too quiet"


def test_what_is_wrong_with_the_capture_is_a_line_of_its_own() -> None:
    stream = io.StringIO()
    writer = PlainWriter(stream)
    writer.write(START)
    fine = reading(1.0, [(165.0, 0.9)])
    gone = replace(fine, health=replace(fine.health, note="microphone is gone, trying again in 1 s"))
    quiet = replace(fine, t=9.0, health=replace(fine.health, level="too quiet", level_dbfs=-60.0))
    for event in (fine, gone, gone, fine, quiet, quiet):
        writer.write(event)
    lines = stream.getvalue().splitlines()[1:]
    assert len(lines) == 4
    assert lines[1].endswith("microphone is gone, trying again in 1 s")
    assert "gone" not in lines[2]
    assert lines[3].endswith("too quiet (-60 dBFS)")


def test_paces_are_told_slowest_first() -> None:
    assert paces_words([Pace(165.31, 0.97), Pace(82.66, 0.94)]) == "82.7 (94 %), 165.3 (97 %)"


def test_table() -> None:
    stream = io.StringIO()
    fits, not_fits, none = song(1, 0.0, 40.0, 165.31, 82.66), song(2, 0.0, 4000.0, 123.4), song(3, 0.0, 9.0)
    rows = [Row(f"song {s.song}", s.end, s.paces, s.match) for s in (fits, not_fits, none)]
    print_table(rows, "file", 165.0, 0.05, stream=stream)
    lines = [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]
    assert lines == [
        "file     length  paces         target 165 spm ± 5 %",
        "song 1     0:40   82.7   97 %  ✓ MATCH 165.3 (lock, +0.2 %)",
        "                 165.3   97 %  a step on every beat",
        "song 2  1:06:40  123.4   97 %  ✕ NO MATCH",
        "song 3     0:09  none found",
    ]
