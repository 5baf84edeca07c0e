"""The terminal UI, driven like a user does, on a scripted engine."""

import asyncio
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from paces_live.errors import SourceError, UsageError
from paces_live.events import Event
from paces_live.inputs import TitledSource
from paces_live.render.theme import DARK, LIGHT, PLAIN, Theme
from paces_live.sources.block import Source
from paces_live.tui.app import REFRESH_S, PacesApp
from paces_live.tui.canvas import Canvas
from paces_live.tui.keys import KEYS
from paces_live.tui.listener import Listener
from paces_live.tui.run import following, run
from paces_live.tui.screen import Picture
from tests.support.fakes import START, TWO_SONGS, FakeSource, ScriptedEngine, reading

MATCH = (START, reading(30.0, [(165.31, 0.97), (82.66, 0.94)], tempogram=[0.1, 0.9, 0.1]))


def app_for(engine: ScriptedEngine, *, theme: Theme = DARK) -> tuple[PacesApp, Listener]:
    listener = Listener(engine, FakeSource())
    return PacesApp(engine, listener, theme=theme), listener


def drawn(app: PacesApp) -> str:
    return "\n".join(line.plain for line in app.query_one(Canvas).lines)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():
            await asyncio.sleep(0.02)


async def test_keys_move_the_target_within_its_range() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, _ = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        expected = 165.0
        for key, by in {"up": 1, "down": -1, "shift+up": 5, "shift+down": -5, "pageup": 5, "pagedown": -5}.items():
            await pilot.press(key)
            expected += by
            assert engine.target == expected
        engine.target = 318.0
        await pilot.press("pageup")
        assert engine.target == 320.0
        engine.target = 42.0
        await pilot.press("pagedown")
        assert engine.target == 40.0
        await until(lambda: "target   40 spm" in drawn(app))
        await pilot.press("q")


async def test_without_a_target_a_key_sets_the_default_one() -> None:
    engine = ScriptedEngine(MATCH, live=True, target=None)
    app, _ = app_for(engine)
    async with app.run_test() as pilot:
        await pilot.press("up")
        assert engine.target == 165.0
        engine.stop()


async def test_tapping_sets_the_target_and_says_how_often() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    times = iter([10.0, 10.4, 10.8, 11.2])
    now = 0.0
    app = PacesApp(engine, Listener(engine, FakeSource()), theme=DARK, clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        for now in times:
            await pilot.press("t")
            assert engine.target == (165.0 if now == 10.0 else 150.0)
        await until(lambda: "150 spm, 4 taps" in drawn(app))
        now = 14.0
        await until(lambda: "150 spm ± 5 %" in drawn(app))
        await pilot.press("t")
        assert engine.target == 150.0
        await until(lambda: "150 spm, 1 tap" in drawn(app))
        engine.stop()


async def test_the_target_is_locked_on_the_large_figures() -> None:
    engine = ScriptedEngine(MATCH, live=True, target=90.0)
    app, listener = app_for(engine)
    async with app.run_test() as pilot:
        await until(lambda: listener.heard.reading is not None)
        await pilot.press("l")
        assert engine.target == 82.7
        engine.stop()


async def test_without_a_pace_there_is_nothing_to_lock_on() -> None:
    engine = ScriptedEngine((START,), live=True)
    app, _ = app_for(engine)
    async with app.run_test() as pilot:
        await pilot.press("l")
        assert engine.target == 165.0
        engine.stop()


async def test_brackets_change_the_tolerance_within_its_bounds() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, _ = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("[", "[", "[")
        assert engine.tolerance == 0.035
        await until(lambda: "165 spm ± 3.5 %" in drawn(app))
        await pilot.press("]")
        assert engine.tolerance == 0.04
        engine.tolerance = 0.2
        await pilot.press("]")
        assert engine.tolerance == 0.2
        engine.tolerance = 0.005
        await pilot.press("[")
        assert engine.tolerance == 0.005
        engine.stop()


async def test_space_stops_listening_and_goes_on() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, _ = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        assert engine.paused
        await until(lambda: "PAUSED" in drawn(app))
        await pilot.press("space")
        assert not engine.paused
        await until(lambda: "✓  MATCH" in drawn(app))
        engine.stop()


class Player:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def next(self) -> None:
        self.asked.append("next")

    def previous(self) -> None:
        self.asked.append("previous")

    def pause(self, paused: bool) -> None:
        self.asked.append(paused)


async def test_a_player_is_controlled_and_the_engine_goes_on() -> None:
    engine, player = ScriptedEngine(MATCH, live=True), Player()
    app = PacesApp(engine, Listener(engine, FakeSource()), controls=player, theme=DARK)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        assert footer(app) == ["↑", "↓", "t", "?", "q", "l", "space", "n", "p", "e"]
        await pilot.press("n", "p", "space", "space")
        assert player.asked == ["next", "previous", True, False]
        assert not engine.paused
        engine.stop()


def footer(app: PacesApp) -> list[str]:
    """Return the keys that the footer shows."""
    return [key.key_display for key in app.query_one(Footer).query(FooterKey)]


async def test_the_footer_shows_only_keys_that_do_something() -> None:
    app, listener = app_for(ScriptedEngine(MATCH, live=True))
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        assert footer(app) == ["↑", "↓", "t", "?", "q", "l", "space", "e"]
        await pilot.press("n", "p", "s")
        assert not listener.stopping
        await pilot.press("q")


async def test_no_key_of_the_footer_is_cut() -> None:
    app, _ = app_for(ScriptedEngine(MATCH, live=True))
    async with app.run_test(size=(40, 12)) as pilot:
        bar = app.query_one(Footer)

        def shown() -> list[str]:
            return [key.key_display for key in bar.query(FooterKey) if key.visible]

        def cut() -> bool:
            return any(entry.visible and entry.virtual_region.right > bar.size.width for entry in bar.children)

        await until(lambda: shown() == ["↑", "↓", "t", "?", "q"] and not cut())
        await pilot.resize_terminal(80, 24)
        await until(lambda: shown() == ["↑", "↓", "t", "?", "q", "l", "space", "e"] and not cut())
        await pilot.resize_terminal(8, 6)
        await until(lambda: not shown() and not cut())
        await pilot.press("q")


async def test_the_footer_is_clickable() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, _ = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "165.3" in drawn(app) and all(key.region for key in app.query(FooterKey)))
        await pilot.click(next(key for key in app.query(FooterKey) if key.key_display == "l"))
        await until(lambda: engine.target == 165.3)
        engine.stop()


async def test_the_strip_the_help_and_the_colours_are_toggled() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, listener = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: listener.heard.reading is not None)
        await pilot.press("e")
        await until(lambda: "█" in drawn(app).split("─320")[1])
        await pilot.press("e")
        await until(lambda: "█" not in drawn(app).split("─320")[1])
        await pilot.press("?")
        await until(lambda: all(keys.words in drawn(app) for keys in KEYS))
        await pilot.press("?")
        await until(lambda: "MATCH" in drawn(app))
        for theme in (LIGHT, PLAIN, DARK):
            await pilot.press("c")
            assert (app.view.theme, app.theme) == (theme, theme.name)
        engine.stop()


async def test_the_mouse_sets_the_target_on_the_scale() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, _ = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "─320" in drawn(app))
        lines = drawn(app).split("\n")
        row = next(n for n, line in enumerate(lines) if "─320" in line)
        places = {rate: lines[row].index(f"{rate}") + (len(f"{rate}") - 1) // 2 for rate in (80, 120, 200)}
        await pilot.click(Canvas, offset=(places[80], row))
        assert engine.target == pytest.approx(80, rel=0.03)
        await pilot.click(Canvas, offset=(places[120], 1))
        assert engine.target == pytest.approx(80, rel=0.03), "beside the scale nothing happens"
        await pilot.mouse_down(Canvas, offset=(places[80], row))
        await pilot.hover(Canvas, offset=(places[200], row - 1))
        await pilot.pause()
        assert engine.target == pytest.approx(200, rel=0.03)
        await pilot.mouse_up(Canvas, offset=(places[200], row - 1))
        await pilot.hover(Canvas, offset=(places[120], row))
        await pilot.pause()
        assert engine.target == pytest.approx(200, rel=0.03), "the button is up"
        engine.stop()


async def test_the_wheel_moves_the_target() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    app, _ = app_for(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot._post_mouse_events([MouseScrollUp], Canvas, button=0)
        assert engine.target == 166.0
        await pilot._post_mouse_events([MouseScrollDown, MouseScrollDown], Canvas, button=0)
        assert engine.target == 164.0
        engine.stop()


class Named(FakeSource):
    """A source of another name."""

    def __init__(self, name: str) -> None:
        self.name = name


async def test_s_listens_to_the_next_input_and_counts_the_songs_on() -> None:
    engine = ScriptedEngine(MATCH, live=True)
    names = iter(["mic:one", "mic:two"])
    listener = Listener(engine, FakeSource(), lambda: Named(next(names)))
    app = PacesApp(engine, listener, switchable=True, theme=DARK)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "s" in footer(app)
        for count, name in enumerate(["mic:one", "mic:two"], 1):
            await until(lambda: listener.heard.reading is not None)
            await pilot.press("s")
            await until(lambda name=name: name in drawn(app))  # type: ignore[misc]
            await until(lambda count=count: len(engine.inputs) == count + 1)  # type: ignore[misc]
        await until(lambda: listener.heard.reading is not None)
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert engine.inputs == ["file:demo.ogg", "mic:one", "mic:two"]
    assert [song.song for song in listener.heard.songs] == [9, 10, 11]
    assert listener.error is None


async def test_an_input_that_cannot_be_opened_is_told_and_another_may_be_chosen() -> None:
    class Engine(ScriptedEngine):
        def events(self, source: Source) -> Iterator[Event]:
            if source.name == "mic:gone":
                raise SourceError("no microphone found")
            yield from super().events(source)

    engine = Engine(MATCH, live=True)
    sources: list[Source | None] = [Named("mic:gone"), None, Named("mic:there")]

    def open_next() -> Source:
        source = sources.pop(0)
        if source is None:
            raise SourceError("there is no other input")
        return source

    listener = Listener(engine, FakeSource(), open_next)
    app = PacesApp(engine, listener, switchable=True, theme=DARK)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: listener.heard.reading is not None)
        await pilot.press("s")
        await until(lambda: "NO INPUT" in drawn(app) and "! no microphone found" in drawn(app))
        assert "mic:gone" in drawn(app)
        await pilot.press("s")
        await until(lambda: "! there is no other" in drawn(app))
        header = drawn(app).split("\n")[0]
        assert header.split()[1:3] == ["no", "input"], "what was heard before is heard no more"
        await pilot.press("s")
        await until(lambda: "✓  MATCH" in drawn(app))
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert engine.inputs == ["file:demo.ogg", "mic:there"]


def test_inputs_follow_one_another_from_the_first_on() -> None:
    specs = ["mic", "playback", "file:a.ogg"]
    open_next = following(ScriptedEngine(), Named("mic"), lambda: specs)
    playback, file = open_next(), open_next()
    assert [playback.name, file.name] == ["playback", "file:a.ogg"]
    assert isinstance(playback, TitledSource)  # what it plays is asked of players
    specs.clear()
    with pytest.raises(SourceError, match="there is no other input"):
        open_next()


def test_an_unknown_theme_is_refused_before_the_screen_appears() -> None:
    with pytest.raises(UsageError, match="theme pink"):
        run(ScriptedEngine(), FakeSource(), theme="pink")


async def test_a_drawing_costs_a_fiftieth_of_a_second_at_most() -> None:
    app, listener = app_for(ScriptedEngine(MATCH, live=True))
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.press("e")
        await until(lambda: listener.heard.reading is not None)
        begin = time.process_time()
        for target in range(100, 150):
            app._engine.target = float(target)
            app._pull()
            await pilot.pause()
        assert (time.process_time() - begin) / 50 < 0.02, "2 % of a core at a reading a second"
        await pilot.press("q")


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quitting_logs_the_song(key: str) -> None:
    app, listener = app_for(ScriptedEngine(MATCH, live=True))
    async with app.run_test() as pilot:
        await until(lambda: listener.heard.reading is not None)
        await pilot.press(key)
        await until(lambda: not app.is_running)
    assert [song.song for song in listener.heard.songs] == [9]


@pytest.mark.parametrize(("size", "words"), [((40, 12), "✓ MATCH"), ((80, 24), "✓  MATCH"), ((120, 40), "✓ locked on")])
async def test_the_screen_fills_its_terminal(size: tuple[int, int], words: str) -> None:
    app, _ = app_for(ScriptedEngine(MATCH, live=True))
    async with app.run_test(size=size) as pilot:
        await until(lambda: words in drawn(app))
        assert len(drawn(app).split("\n")) == size[1] - 1
        await pilot.resize_terminal(60, 18)
        await until(lambda: len(drawn(app).split("\n")) == 17)


async def test_the_app_ends_with_the_source() -> None:
    app, listener = app_for(ScriptedEngine(TWO_SONGS))
    async with app.run_test():
        await until(lambda: not app.is_running)
    assert len(listener.heard.songs) == 2
    assert listener.error is None


async def test_an_error_of_the_engine_ends_the_app_and_is_kept() -> None:
    app, listener = app_for(ScriptedEngine(MATCH, error=SourceError("unplugged")))
    async with app.run_test():
        await until(lambda: not app.is_running)
    assert str(listener.error) == "unplugged"


async def test_an_engine_that_hangs_does_not_keep_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.tui.listener.GRACE_S", 0.2)
    engine = ScriptedEngine(MATCH, live=True)
    monkeypatch.setattr(engine, "stop", lambda: None)
    app, listener = app_for(engine)
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert listener.error is None


async def test_the_screen_is_drawn_at_most_four_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings: list[Picture] = []
    show = Canvas.show

    def counting(canvas: Canvas, picture: Picture) -> None:
        drawings.append(picture)
        show(canvas, picture)

    monkeypatch.setattr(Canvas, "show", counting)
    script: list[Event] = [START, *(reading(float(t), [(165.0, 0.9)]) for t in range(200))]
    app, listener = app_for(ScriptedEngine(script, pace_s=0.005, live=True))
    async with app.run_test():
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await until(lambda: listener.heard.reading is not None and listener.heard.reading.t == 199.0)
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
        pass  # Linux tells the end of a pseudo-terminal as an input/output error.
    os.close(here)
    return process.wait(10), written.decode()


RUN = """
import os
from paces_live.errors import SourceError
from paces_live.tui.run import run
from tests.support.fakes import FakeSource, ScriptedEngine, TWO_SONGS
class Chatty(ScriptedEngine):
    def events(self, source):
        os.write(2, b"ALSA lib pcm.c: Unknown PCM cards.pcm.rear")
        yield from super().events(source)
run(Chatty(pace_s=0.005), FakeSource())
"""


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
def test_without_colour_there_is_none(theme: str, environment: dict[str, str]) -> None:
    _, text = on_a_terminal(RUN.replace("FakeSource())", f"FakeSource(), theme={theme})"), environment)
    screen, _, songs = text.rpartition("\x1b[?1049l")
    assert "MATCH" in screen
    assert "MATCH" in songs
    codes = {int(code) for codes in re.findall(r"\x1b\[([\d;]*)m", screen) for code in codes.split(";") if code}
    assert codes
    assert not codes & {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    if environment:
        assert not re.search(r"\x1b\[([\d;]*;)?[34]8;", songs)
