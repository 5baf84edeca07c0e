"""Events as plain lines."""

import io
from dataclasses import replace

import pytest

from paces_live.events import Event, Reading
from paces_live.match import Listener
from paces_live.render.plain import PlainWriter, is_news
from tests.support.fakes import RISING, START, TWO_SONGS, FakeSensor, reading, song

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


def written(writer: PlainWriter, stream: io.StringIO, events: tuple[Event, ...]) -> str:
    for event in events:
        writer.write(event)
    return stream.getvalue()


def test_plain_text_has_a_line_per_change_and_per_song() -> None:
    stream = io.StringIO()
    assert written(PlainWriter(stream, Listener()), stream, TWO_SONGS) == DEMO


def test_plain_text_names_rejected_candidates_on_request() -> None:
    stream = io.StringIO()
    text = written(PlainWriter(stream, Listener(), rejected=True), stream, (START, reading(30.0, [(165.0, 0.9)])))
    assert text.splitlines()[1].endswith("rejected 110.2 (3 %)")


def test_plain_text_reports_trouble_with_the_capture() -> None:
    stream = io.StringIO()
    quiet = reading(9.0, state="no_pulse", level=-58.0, status="too_quiet", message="too quiet")
    lost = reading(10.0, state="no_pulse", level=-58.0, status="too_quiet", message="too quiet", lost=1.5)
    text = written(PlainWriter(stream, Listener()), stream, (START, quiet, lost))
    assert text.splitlines()[1:] == [
        "   0:09  song 1  no steady pulse  too quiet (-58 dBFS)",
        "   0:10  song 1  no steady pulse  too quiet (-58 dBFS)  lost 1.5 s of audio",
    ]


def test_colour_is_used_only_if_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    assert "\x1b[" in written(PlainWriter(stream, Listener()), stream, TWO_SONGS)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            stream = Terminal()
            assert written(PlainWriter(stream, Listener()), stream, TWO_SONGS) == DEMO


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
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], lost=0.3, status="lost_audio", message="lost 0.3 s"), False),
        (reading(31.0, [(165.3, 0.9), (82.7, 0.9)], status="reconnecting", message="gone"), True),
    ],
)
def test_changes_of_paces_song_state_or_status_are_news(now: Reading, expected: bool) -> None:
    assert is_news(reading(30.0, [(165.3, 0.97), (82.7, 0.9)]), now, Listener()) is expected


def test_another_grade_is_news() -> None:
    before, now = reading(30.0, [(164.5, 0.9)]), reading(31.0, [(163.0, 0.9)])
    assert not is_news(before, now, Listener(165.0))
    assert is_news(before, now, Listener(168.0))


def test_how_to_step_is_news_once_it_is_known() -> None:
    known = reading(8.0, [(165.3, 0.9)])
    assert is_news(replace(known, beat=None), known, Listener())
    assert not is_news(known, replace(known, beat=None), Listener(None))


def test_a_change_of_status_is_a_new_line() -> None:
    stream = io.StringIO()
    writer = PlainWriter(stream, Listener())
    writer.write(START)
    fine = reading(1.0, [(165.0, 0.9)])
    gone = replace(fine, health=replace(fine.health, status="reconnecting", message="microphone is gone"))
    quiet = replace(fine, t=9.0, health=replace(fine.health, status="too_quiet", message="q", level_dbfs=-60.0))
    for event in (fine, gone, gone, fine, quiet, quiet):
        writer.write(event)
    lines = stream.getvalue().splitlines()[1:]
    assert len(lines) == 4
    assert lines[1].endswith("microphone is gone")
    assert "gone" not in lines[2]
    assert lines[3].endswith("too quiet (-60 dBFS)")


def test_progress_is_no_news() -> None:
    first, second = (
        reading(0.0, state="listening", status="waiting", message=f"looking: {number} of 9") for number in (1, 2)
    )
    assert not is_news(first, second, Listener())
    assert is_news(first, reading(0.0, state="listening"), Listener())


def test_lines_have_the_cadence_and_a_new_one_comes_when_the_target_has_followed_it() -> None:
    stream, listener, sensor = io.StringIO(), Listener(165.0), FakeSensor()
    writer = PlainWriter(stream, listener, sensor=sensor)

    def lines(event: Reading) -> list[str]:
        before = len(stream.getvalue())
        writer.write(event)
        return [line[24:] for line in stream.getvalue()[before:].splitlines()]

    steady = reading(9.0, [(165.0, 0.9)])
    assert "no sensor  target 165 spm ± 5 %" in lines(steady)[0]
    assert lines(steady) == []
    sensor.cadence, sensor.condition = 164.2, None
    assert "cadence 164  target 165 spm ± 5 %" in lines(steady)[0]
    sensor.cadence, listener.target = 166.0, 166.0
    assert lines(steady) == []
    sensor.cadence, listener.target = 171.0, 171.0
    assert "cadence 171  target 171 spm ± 5 %" in lines(steady)[0]
    sensor.cadence, sensor.condition = None, "sensor lost, searching"
    assert "sensor lost, searching  target 171 spm ± 5 %" in lines(steady)[0]
    assert lines(steady) == []


def test_a_skipped_song_has_no_verdict() -> None:
    stream = io.StringIO()
    skipped = replace(song(1, 0.0, 12.0, 123.4, title="Waltz"), skipped=True)
    PlainWriter(stream, Listener()).write(skipped)
    assert stream.getvalue() == "   0:12  song 1  ended            0:12 long  Waltz  skipped\n"


def test_a_song_whose_tempo_changes_says_so_at_its_end() -> None:
    stream = io.StringIO()
    lines = written(PlainWriter(stream, Listener(165.0)), stream, (RISING,))
    assert "tempo rises from 150 to 180  NO MATCH, near 165 from 0:14 to 0:47" in lines
