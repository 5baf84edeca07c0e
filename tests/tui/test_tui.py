"""The terminal UI, driven as a user does it, on scripted events."""

import asyncio
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from paces_live.errors import SourceError, UsageError
from paces_live.events import End, Event, Failure
from paces_live.match import Listener
from paces_live.render.theme import DARK, LIGHT, PLAIN
from paces_live.session import NowPlaying, Source
from paces_live.session.listening import EventStream
from paces_live.tui.app import REFRESH_S, PacesApp
from paces_live.tui.canvas import Canvas
from paces_live.tui.event_thread import EventThread
from paces_live.tui.keys import KEYS
from paces_live.tui.run import run
from paces_live.tui.screen import Picture
from tests.support.fakes import START, TWO_SONGS, FakeSensor, FakeSource, ScriptedListening, reading

MATCH = (START, reading(30.0, [(165.31, 0.97), (82.66, 0.94)], periodicity=[0.1, 0.9, 0.1]))


def thread_of(listening: ScriptedListening, next_source: Callable[[], FakeSource] | None = None) -> EventThread:
    def next_stream() -> EventStream:
        assert next_source
        return listening.stream(next_source())

    return EventThread(listening.stream(FakeSource()), next_stream if next_source else None)


def app_of(listening: ScriptedListening, thread: EventThread, **options: Any) -> PacesApp:
    return PacesApp(listening.listener, thread, theme=DARK, **options)


def app_for(listening: ScriptedListening) -> tuple[PacesApp, EventThread]:
    thread = thread_of(listening)
    return app_of(listening, thread), thread


def drawn(app: PacesApp) -> str:
    return "\n".join(line.plain for line in app.query_one(Canvas).lines)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():
            await asyncio.sleep(0.02)


async def test_keys_move_the_target_within_its_range() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, _ = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        expected = 165.0
        for key, by in {"up": 1, "down": -1, "shift+up": 5, "shift+down": -5, "pageup": 5, "pagedown": -5}.items():
            await pilot.press(key)
            expected += by
            assert listening.listener.target == expected
        listening.listener.target = 318.0
        await pilot.press("pageup")
        assert listening.listener.target == 320.0
        listening.listener.target = 42.0
        await pilot.press("pagedown")
        assert listening.listener.target == 40.0
        await until(lambda: "target   40 spm" in drawn(app))
        await pilot.press("q")


async def test_the_cadence_of_a_sensor_is_shown_as_it_changes_and_so_is_the_target_that_follows() -> None:
    listening, sensor = ScriptedListening(MATCH, live=True), FakeSensor()
    app = app_of(listening, thread_of(listening), sensor=sensor)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "steps per minute, no sensor" in drawn(app))
        sensor.cadence, sensor.condition, listening.listener.target = 171.4, None, 171.0
        await until(lambda: "steps per minute, cadence 171" in drawn(app))
        assert "target   171 spm" in drawn(app)
        await pilot.press("q")


async def test_without_a_target_a_key_sets_the_default_one() -> None:
    listening = ScriptedListening(MATCH, live=True, listener=Listener(None))
    app, _ = app_for(listening)
    async with app.run_test() as pilot:
        await pilot.press("up")
        assert listening.listener.target == 165.0
        listening.stop()


async def test_tapping_sets_the_target_and_counts() -> None:
    listening = ScriptedListening(MATCH, live=True)
    times = iter([10.0, 10.4, 10.8, 11.2])
    now = 0.0
    app = app_of(listening, thread_of(listening), clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        for time_s in times:
            now = time_s
            await pilot.press("t")
            assert listening.listener.target == 165.0
        await until(lambda: "4 taps: 150 spm, then pause" in drawn(app))
        now = 14.0
        await until(lambda: "150 spm ± 5 %" in drawn(app))
        assert listening.listener.target == 150.0
        await pilot.press("z")
        assert listening.listener.target == 165.0
        await pilot.press("z")
        assert listening.listener.target == 150.0
        listening.stop()


@pytest.mark.parametrize("taps", [1, 2, 3])
async def test_stray_taps_change_nothing_and_the_screen_says_so(taps: int) -> None:
    listening = ScriptedListening(MATCH, live=True)
    now = 0.0
    app = app_of(listening, thread_of(listening), clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        for count in range(taps):
            now = 10.0 + 0.4 * count
            await pilot.press("t")
        now = 13.0
        await until(lambda: "not set, it takes 4" in drawn(app))
        now = 20.0
        await until(lambda: "165 spm ± 5 %" in drawn(app))
        await pilot.press("z")
        assert listening.listener.target == 165.0
        listening.stop()


async def test_taps_before_a_suspension_set_the_target_after_it() -> None:
    listening = ScriptedListening(MATCH, live=True)
    now = 10.0
    app = app_of(listening, thread_of(listening), clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        for count in range(4):
            now = 10.0 + 0.4 * count
            await pilot.press("t")
        now = 600.0
        await until(lambda: listening.listener.target == 150.0)
        listening.stop()


async def test_escape_stops_the_tapping_and_closes_the_help() -> None:
    listening = ScriptedListening(MATCH, live=True)
    now = 10.0
    app = app_of(listening, thread_of(listening), clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        for count in range(5):
            now = 10.0 + 0.4 * count
            await pilot.press("t")
        await pilot.press("question_mark", "escape")
        now = 14.0
        await until(lambda: "165 spm ± 5 %" in drawn(app))
        assert listening.listener.target == 165.0
        listening.stop()


async def test_a_row_of_moves_is_undone_at_once_and_a_use_by_itself() -> None:
    listening = ScriptedListening(MATCH, live=True)
    now = 10.0
    app = app_of(listening, thread_of(listening), clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "165.3" in drawn(app))
        await pilot.press("up", "up", "pageup")
        now = 20.0
        await pilot.press("u")
        assert listening.listener.target == 165.3
        await pilot.press("z")
        assert listening.listener.target == 172.0
        now = 30.0
        await pilot.press("down", "down", "z")
        assert listening.listener.target == 172.0
        await pilot.press("t", "t", "z")
        assert listening.listener.target == 172.0, "it only stops the tapping"
        await pilot.press("z")
        assert listening.listener.target == 170.0
        listening.stop()


@pytest.mark.parametrize("key", ["u", "l"])
async def test_a_key_uses_the_large_figures_as_target(key: str) -> None:
    listening = ScriptedListening(MATCH, live=True, listener=Listener(90.0))
    app, thread = app_for(listening)
    async with app.run_test() as pilot:
        await until(lambda: thread.state.reading is not None)
        await pilot.press(key)
        assert listening.listener.target == 82.7
        listening.stop()


async def test_without_a_pace_that_key_does_nothing() -> None:
    listening = ScriptedListening((START,), live=True)
    app, _ = app_for(listening)
    async with app.run_test() as pilot:
        await pilot.press("u")
        assert listening.listener.target == 165.0
        listening.stop()


async def test_brackets_change_the_tolerance_within_its_bounds() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, _ = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("[", "[", "[")
        assert listening.listener.tolerance == 0.035
        await until(lambda: "165 spm ± 3.5 %" in drawn(app))
        await pilot.press("]")
        assert listening.listener.tolerance == 0.04
        listening.listener.tolerance = 0.2
        await pilot.press("]")
        assert listening.listener.tolerance == 0.2
        listening.listener.tolerance = 0.005
        await pilot.press("[")
        assert listening.listener.tolerance == 0.005
        listening.stop()


async def test_space_pauses_and_continues_listening() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, _ = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        assert listening.paused
        await until(lambda: "PAUSED" in drawn(app))
        await pilot.press("space")
        assert not listening.paused
        await until(lambda: "✓  MATCH" in drawn(app))
        listening.stop()


class Player:
    """Records its calls."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def next(self) -> None:
        self.asked.append("next")

    def previous(self) -> None:
        self.asked.append("previous")

    def pause(self, paused: bool) -> None:
        self.asked.append(paused)


async def test_a_session_elsewhere_has_no_keys_that_would_need_it() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app = app_of(listening, EventThread(replace(listening.stream(FakeSource()), pause=None)))
    async with app.run_test(size=(200, 50)) as pilot:
        await until(lambda: "✓" in drawn(app))
        assert not {"space", "e", "s", "n"} & set(footer(app))
        assert {"↑", "t", "u"} <= set(footer(app))
        for key in ("space", "e"):
            await pilot.press(key)
        assert not listening.paused
        assert not app.view.periodicity
        await pilot.press("question_mark")
        await until(lambda: "help 1 of" in drawn(app))
        assert "pause, go on" not in drawn(app)
        assert "show the periodicity" not in drawn(app)
        await pilot.press("q")


async def test_a_stream_elsewhere_that_has_ended_may_start_again() -> None:
    ends = iter([End(30.0), End(30.0, Failure("source", "the card is gone")), None])

    def events() -> Iterator[Event]:
        for end in ends:
            yield from MATCH
            if end is not None:
                yield end
            going_on.wait(10.0)
            going_on.clear()

    going_on = threading.Event()
    app = app_of(ScriptedListening(), EventThread(EventStream("pi", events, going_on.set)))
    async with app.run_test(size=(80, 24)) as pilot:
        for words in ("! it has ended", "! the card is gone", "✓  MATCH"):
            await until(lambda words=words: words in drawn(app))  # type: ignore[misc]
            going_on.set()
        await pilot.press("q")


async def test_a_player_is_controlled_and_listening_continues() -> None:
    listening, player = ScriptedListening(MATCH, live=True), Player()
    app = app_of(listening, thread_of(listening), controls=player)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        assert footer(app) == ["↑", "↓", "t", "?", "q", "u", "z", "space", "n", "p", "e"]
        await pilot.press("n", "p", "space", "space")
        assert player.asked == ["next", "previous", True, False]
        assert not listening.paused
        listening.stop()


def footer(app: PacesApp) -> list[str]:
    """Return the keys that the footer shows."""
    return [key.key_display for key in app.query_one(Footer).query(FooterKey)]


async def test_the_footer_shows_only_keys_that_do_something() -> None:
    app, thread = app_for(ScriptedListening(MATCH, live=True))
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        assert footer(app) == ["↑", "↓", "t", "?", "q", "u", "z", "space", "e"]
        await pilot.press("n", "p", "s")
        assert not thread.stopping
        await pilot.press("q")


async def test_no_key_of_the_footer_is_cut() -> None:
    app, _ = app_for(ScriptedListening(MATCH, live=True))
    async with app.run_test(size=(40, 12)) as pilot:
        bar = app.query_one(Footer)

        def shown() -> list[str]:
            return [key.key_display for key in bar.query(FooterKey) if key.visible]

        def cut() -> bool:
            return any(entry.visible and entry.virtual_region.right > bar.size.width for entry in bar.children)

        await until(lambda: shown() == ["↑", "↓", "t", "?", "q"] and not cut())
        await pilot.resize_terminal(80, 24)
        await until(lambda: shown() == ["↑", "↓", "t", "?", "q", "u", "z", "space", "e"] and not cut())
        await pilot.resize_terminal(8, 6)
        await until(lambda: not shown() and not cut())
        await pilot.press("q")


async def test_the_footer_is_clickable() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, _ = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "165.3" in drawn(app) and all(key.region for key in app.query(FooterKey)))
        await pilot.click(next(key for key in app.query(FooterKey) if key.key_display == "u"))
        await until(lambda: listening.listener.target == 165.3)
        listening.stop()


async def test_the_periodicity_the_help_and_the_colours_are_toggled() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, thread = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: thread.state.reading is not None)
        await pilot.press("e")
        await until(lambda: "█" in drawn(app).split("─320")[1])
        await pilot.press("e")
        await until(lambda: "█" not in drawn(app).split("─320")[1])
        await pilot.press("?")
        await until(lambda: all(keys.words in drawn(app) for keys in KEYS))
        await pilot.press("?")
        await until(lambda: "help 2 of 2, ? closes it" in drawn(app))
        await pilot.press("?")
        await until(lambda: "✓  MATCH" in drawn(app))
        for theme in (LIGHT, PLAIN, DARK):
            await pilot.press("c")
            assert (app.view.theme, app.theme) == (theme, theme.name)
        listening.stop()


async def test_the_mouse_sets_the_target_on_the_scale() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, _ = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "─320" in drawn(app))
        lines = drawn(app).split("\n")
        row = next(n for n, line in enumerate(lines) if "─320" in line)
        places = {rate: lines[row].index(f"{rate}") + (len(f"{rate}") - 1) // 2 for rate in (80, 120, 200)}
        await pilot.click(Canvas, offset=(places[80], row))
        assert listening.listener.target == pytest.approx(80, rel=0.03)
        await pilot.click(Canvas, offset=(places[120], 1))
        assert listening.listener.target == pytest.approx(80, rel=0.03), "nothing happens next to the scale"
        await pilot.mouse_down(Canvas, offset=(places[80], row))
        await pilot.hover(Canvas, offset=(places[200], row - 1))
        await pilot.pause()
        assert listening.listener.target == pytest.approx(200, rel=0.03)
        await pilot.mouse_up(Canvas, offset=(places[200], row - 1))
        await pilot.hover(Canvas, offset=(places[120], row))
        await pilot.pause()
        assert listening.listener.target == pytest.approx(200, rel=0.03), "the button is up"
        listening.stop()


async def test_the_wheel_moves_the_target() -> None:
    listening = ScriptedListening(MATCH, live=True)
    app, _ = app_for(listening)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot._post_mouse_events([MouseScrollUp], Canvas, button=0)
        assert listening.listener.target == 166.0
        await pilot._post_mouse_events([MouseScrollDown, MouseScrollDown], Canvas, button=0)
        assert listening.listener.target == 164.0
        listening.stop()


async def test_s_listens_to_the_next_input_and_continues_the_song_numbers() -> None:
    listening = ScriptedListening(MATCH, live=True)
    names = iter(["mic:one", "mic:two"])
    thread = thread_of(listening, lambda: FakeSource(next(names)))
    app = app_of(listening, thread, switchable=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "s" in footer(app)
        for count, name in enumerate(["mic:one", "mic:two"], 1):
            await until(lambda: thread.state.reading is not None)
            await pilot.press("s")
            await until(lambda name=name: name in drawn(app))  # type: ignore[misc]
            await until(lambda count=count: len(listening.inputs) == count + 1)  # type: ignore[misc]
        await until(lambda: thread.state.reading is not None)
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert listening.inputs == ["file:demo.ogg", "mic:one", "mic:two"]
    assert [song.song for song in thread.state.songs] == [9, 10, 11]
    assert thread.error is None


async def test_an_input_that_cannot_be_opened_is_reported_and_the_next_one_works() -> None:
    class Listening(ScriptedListening):
        def events(self, source: Source, now_playing: NowPlaying | None = None) -> Iterator[Event]:
            if source.name == "mic:gone":
                raise SourceError("no microphone found")
            yield from super().events(source, now_playing)

    listening = Listening(MATCH, live=True)
    names: list[str | None] = ["mic:gone", None, "mic:there"]

    def open_next() -> FakeSource:
        name = names.pop(0)
        if name is None:
            raise SourceError("there is no other input")
        return FakeSource(name)

    thread = thread_of(listening, open_next)
    app = app_of(listening, thread, switchable=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: thread.state.reading is not None)
        await pilot.press("s")
        await until(lambda: "NO INPUT" in drawn(app) and "! no microphone found" in drawn(app))
        assert "mic:gone" in drawn(app)
        await pilot.press("s")
        await until(lambda: "! there is no other" in drawn(app))
        await pilot.press("s")
        await until(lambda: "✓  MATCH" in drawn(app))
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert listening.inputs == ["file:demo.ogg", "mic:there"]


def test_an_unknown_theme_is_refused_before_the_screen_appears() -> None:
    with pytest.raises(UsageError, match="theme pink"):
        run(ScriptedListening().stream(FakeSource()), Listener(), theme="pink")


@pytest.mark.slow
async def test_a_drawing_costs_a_fiftieth_of_a_second_at_most() -> None:
    app, thread = app_for(ScriptedListening(MATCH, live=True))
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.press("e")
        await until(lambda: thread.state.reading is not None)
        begin = time.process_time()
        for target in range(100, 150):
            app._listener.target = float(target)
            app._pull()
            await pilot.pause()
        assert (time.process_time() - begin) / 50 < 0.02, "2 % of a core at a reading a second"
        await pilot.press("q")


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quitting_reports_the_song(key: str) -> None:
    app, thread = app_for(ScriptedListening(MATCH, live=True))
    async with app.run_test() as pilot:
        await until(lambda: thread.state.reading is not None)
        await pilot.press(key)
        await until(lambda: not app.is_running)
    assert [song.song for song in thread.state.songs] == [9]


@pytest.mark.parametrize(("size", "words"), [((40, 12), "✓ MATCH"), ((80, 24), "✓  MATCH"), ((120, 40), "✓ lock")])
async def test_the_screen_fills_its_terminal(size: tuple[int, int], words: str) -> None:
    app, _ = app_for(ScriptedListening(MATCH, live=True))
    async with app.run_test(size=size) as pilot:
        await until(lambda: words in drawn(app))
        assert len(drawn(app).split("\n")) == size[1] - 1
        await pilot.resize_terminal(60, 18)
        await until(lambda: len(drawn(app).split("\n")) == 17)


async def test_the_app_ends_with_the_source() -> None:
    app, thread = app_for(ScriptedListening(TWO_SONGS))
    async with app.run_test():
        await until(lambda: not app.is_running)
    assert len(thread.state.songs) == 2
    assert thread.error is None


async def test_an_error_of_the_source_ends_the_app_and_is_kept() -> None:
    app, thread = app_for(ScriptedListening(MATCH, error=SourceError("unplugged")))
    async with app.run_test():
        await until(lambda: not app.is_running)
    assert str(thread.error) == "unplugged"


async def test_a_source_that_hangs_does_not_block_quitting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.tui.event_thread.GRACE_S", 0.2)
    listening = ScriptedListening(MATCH, live=True)
    monkeypatch.setattr(listening, "stop", lambda: None)
    app, thread = app_for(listening)
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert thread.error is None


@pytest.mark.slow
async def test_the_screen_is_drawn_at_most_four_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings: list[Picture] = []
    show = Canvas.show

    def counting(canvas: Canvas, picture: Picture) -> None:
        drawings.append(picture)
        show(canvas, picture)

    monkeypatch.setattr(Canvas, "show", counting)
    script: list[Event] = [START, *(reading(float(t), [(165.0, 0.9)]) for t in range(200))]
    app, thread = app_for(ScriptedListening(script, pace_s=0.005, live=True))
    async with app.run_test():
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await until(lambda: thread.state.reading is not None and thread.state.reading.t == 199.0)
        seconds = loop.time() - begin
        assert len(drawings) <= seconds / REFRESH_S + 2
        await asyncio.sleep(3 * REFRESH_S)
        count = len(drawings)
        await asyncio.sleep(3 * REFRESH_S)
        assert len(drawings) == count, "nothing has changed, nothing is drawn"


def on_a_terminal(program: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a Python program on a pseudo-terminal of 80x24; return its exit status and all that it wrote."""
    here, there = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=there,
        stdout=there,
        stderr=there,
        env=environment,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    os.close(there)
    written = b""
    try:
        while chunk := os.read(here, 65536):
            written += chunk
    except OSError:
        pass  # Linux reports the end of a pseudo-terminal as an input/output error.
    os.close(here)
    return process.wait(10), written.decode()


RUN = """
import os
from paces_live.errors import SourceError
from paces_live.tui.run import run
from paces_live.match import Listener
from tests.support.fakes import FakeSource, ScriptedListening, TWO_SONGS
class Chatty(ScriptedListening):
    def events(self, source, now_playing=None):
        os.write(2, b"ALSA lib pcm.c: Unknown PCM cards.pcm.rear")
        yield from super().events(source, now_playing)
run(Chatty(pace_s=0.005).stream(FakeSource()), Listener())
"""


@pytest.mark.slow
def test_the_songs_are_printed_after_the_screen_is_gone() -> None:
    status, text = on_a_terminal(RUN, {})
    screen, _, after = text.rpartition("\x1b[?1049l")
    assert status == 0
    assert "paces-live" in screen
    assert "✕ NO MATCH" in after
    assert "✓ MATCH 165.3" in after
    assert "Waltz of the open road" in after
    assert "ALSA" not in text


@pytest.mark.parametrize(("theme", "environment"), [("'auto'", {"NO_COLOR": "1"}), ("'plain'", {})])
@pytest.mark.slow
def test_without_colour_there_is_none(theme: str, environment: dict[str, str]) -> None:
    _, text = on_a_terminal(RUN.replace("Listener())", f"Listener(), theme={theme})"), environment)
    screen, _, songs = text.rpartition("\x1b[?1049l")
    assert "MATCH" in screen
    assert "MATCH" in songs
    codes = {int(code) for codes in re.findall(r"\x1b\[([\d;]*)m", screen) for code in codes.split(";") if code}
    assert codes
    assert not codes & {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    if environment:
        assert not re.search(r"\x1b\[([\d;]*;)?[34]8;", songs)
