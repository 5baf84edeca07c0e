"""The terminal UI, driven like a user does, on a scripted engine."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.text import Text
from textual.widgets import Static

from paces_live.errors import SourceError
from paces_live.events import Event
from paces_live.ui.tui import REFRESH_S, Listener, PacesApp
from tests.fakes import START, TWO_SONGS, FakeSource, ScriptedEngine, reading

MATCH = (START, reading(30.0, [(165.31, 0.97), (82.66, 0.94)]))


def app_for(engine: ScriptedEngine) -> tuple[PacesApp, Listener]:
    listener = Listener(engine, FakeSource())
    return PacesApp(engine, listener, tolerance=0.05), listener


def drawn(app: PacesApp) -> str:
    return str(app.query_one("#picture", Static).content)


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


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quitting_logs_the_song(key: str) -> None:
    app, listener = app_for(ScriptedEngine(MATCH, live=True))
    async with app.run_test() as pilot:
        await until(lambda: listener.heard.reading is not None)
        await pilot.press(key)
        await until(lambda: not app.is_running)
    assert [song.song for song in listener.heard.songs] == [9]


@pytest.mark.parametrize(("size", "words"), [((40, 12), "✓ MATCH"), ((80, 24), "✓  MATCH"), ((120, 40), "✓  MATCH")])
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
    monkeypatch.setattr("paces_live.ui.tui.GRACE_S", 0.2)
    engine = ScriptedEngine(MATCH, live=True)
    monkeypatch.setattr(engine, "stop", lambda: None)
    app, listener = app_for(engine)
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(lambda: not app.is_running)
    assert listener.error is None


async def test_the_screen_is_drawn_at_most_four_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings: list[object] = []
    update = Static.update

    def counting(picture: Static, content: Text) -> None:
        drawings.append(content)
        update(picture, content)

    monkeypatch.setattr(Static, "update", counting)
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
        cwd=Path(__file__).parent.parent,
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
from paces_live.ui.tui import run
from tests.fakes import FakeSource, ScriptedEngine, TWO_SONGS
class Chatty(ScriptedEngine):
    def events(self, source):
        os.write(2, b"ALSA lib pcm.c: Unknown PCM cards.pcm.rear")
        yield from super().events(source)
run(Chatty(pace_s=0.005), FakeSource(), tolerance=0.05)
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


def test_no_color_means_none() -> None:
    _, text = on_a_terminal(RUN, {"NO_COLOR": "1"})
    assert "MATCH" in text
    assert "\x1b[38;" not in text
    assert ";38;2;" not in text
    assert ";48;2;" not in text
