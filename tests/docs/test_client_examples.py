"""The clients in `examples` work with a real server, and are short enough to read."""

import http.server
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from paces_live.schema import load
from tests.docs.documents import blocks, read
from tests.support.cable import Cable
from tests.support.serving import ServingProcess, serving_process
from tests.support.signals import RATE, rock
from tests.support.soundserver import SoundServer, portaudio, sound_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["portaudio", "sound_server"]

EXAMPLES = Path(__file__).parents[2] / "examples"
CHROMIUM = shutil.which("chromium")
WAIT_S = 30.0


@pytest.fixture(scope="module")
def demo() -> Iterator[ServingProcess]:
    """Return a server that plays the demo."""
    with serving_process("--input", "demo") as server:
        yield server


class Example:
    """An example that runs, and the lines that it has printed."""

    def __init__(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, str(EXAMPLES / name), *arguments]
        # From another folder, so that nothing of this checkout is imported.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/", env=env)
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Example":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(WAIT_S)
        self._thread.join(WAIT_S)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            self._lines.extend(iter(stream.readline, ""))

    def line(self, pattern: str) -> str:
        """Return the first line that begins so."""
        deadline = time.monotonic() + WAIT_S
        while not (found := [line for line in self._lines if re.match(pattern, line)]):
            assert time.monotonic() < deadline, self._lines
            time.sleep(0.05)
        self._lines.remove(found[0])
        return found[0]


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_an_example_fits_on_two_screens_and_imports_nothing_of_ours(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 100
    assert not re.search(r"^\s*(?:from|import) paces_live", text, re.MULTILINE)


@pytest.mark.slow
def test_the_follower_prints_readings_sets_a_target_and_connects_again() -> None:
    server = ServingProcess("--input", "demo")
    try:
        with Example("follow.py", server.address, "84") as example:
            assert example.line("listening to") == "listening to demo\n"
            assert example.line("target") == "target 84.0\n"
            assert re.search(r"  (match|no_match) [\d.]+ \([+-][\d.]+ %", example.line(r" *\d+\.0 s  provisional"))
            server.end()
            example.line("the connection is lost")
            server = ServingProcess("--input", "demo", port=server.port)
            example.line("listening to demo")
    finally:
        server.end()


@pytest.fixture
def song(tmp_path: Path) -> str:
    """Return a WAV file of 12 seconds at 120 beats a minute."""
    path = tmp_path / "song.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((20_000 * np.clip(rock(120.0, 12.0), -1.0, 1.0)).astype("<i2").tobytes())
    return str(path)


@pytest.mark.slow
def test_the_sender_sends_a_file_and_prints_its_paces(demo: ServingProcess, song: str) -> None:
    with Example("send_audio.py", demo.address, song) as example:
        assert re.search(r"\b(60|120|240)\.\d", example.line(r" *\d+\.0 s  provisional: "))
        assert example.line(".* song: ").startswith("  12.0 s")
        assert example.process.wait(WAIT_S) == 0


@pytest.mark.slow
def test_a_sender_whose_network_was_away_goes_on_and_loses_no_time(demo: ServingProcess, song: str) -> None:
    with Cable(demo.port) as cable, Example("send_audio.py", cable.address, song) as example:
        example.line(" *2.0 s")
        cable.cut()
        assert example.line(".* song: ").startswith("  12.0 s")
        assert example.process.wait(WAIT_S) == 0


@pytest.mark.usefixtures("portaudio")
def test_the_sender_sends_the_microphone_until_ctrl_c(demo: ServingProcess, sound_server: SoundServer) -> None:
    with Example("send_audio.py", demo.address, env=sound_server.env) as example:
        example.line(" *2.0 s")
        example.process.send_signal(signal.SIGINT)
        assert example.process.wait(WAIT_S) == 0


@contextmanager
def elsewhere() -> Iterator[str]:
    """Serve the examples as another web server does; give its origin."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(EXAMPLES))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def browser_page() -> "Iterator[Page]":
    """Give an empty page of a browser, in which no script may fail."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt install chromium")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page, errors = browser.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert errors == []


@pytest.mark.slow
def test_the_page_follows_a_server_from_elsewhere() -> None:
    with (
        elsewhere() as origin,
        serving_process("--input", "demo", "--allow-origin", origin) as server,
        browser_page() as page,
    ):
        from playwright.sync_api import expect

        page.goto(f"{origin}/page.html?server={server.address}")
        expect(page.get_by_role("status")).to_have_text("listening to demo", timeout=WAIT_S * 1000)
        expect(page.locator("#pace")).to_have_text(re.compile(r"^\d+\.\d$"), timeout=WAIT_S * 1000)
        page.get_by_label("Target").fill("300")
        page.get_by_label("Target").blur()
        expect(page.locator("#verdict")).to_have_text("✕ no match", timeout=WAIT_S * 1000)


def test_the_page_says_how_the_server_has_to_be_started() -> None:
    assert "--allow-origin http://127.0.0.1:8000" in (EXAMPLES / "page.html").read_text("utf-8")


SECTION = read("docs/app.md").partition("## From nothing to a phone app")[2].partition("\n## ")[0]
PORT = "127.0.0.1:8765"


@pytest.mark.slow
def test_the_five_minutes_to_a_phone_app_show_events_and_their_schema(demo: ServingProcess) -> None:
    assert f"http://{PORT}/v1/streams" in SECTION
    follow, schema = (line.removeprefix("$ ") for line in "".join(blocks(SECTION, "console")).splitlines())
    words = [word.replace(PORT, f"127.0.0.1:{demo.port}") for word in shlex.split(follow)]
    with subprocess.Popen([*words, "-s"], stdout=subprocess.PIPE, text=True) as curl:
        assert curl.stdout
        data = [next(line for line in curl.stdout if line.startswith("data: ")) for _ in range(2)]
        curl.kill()
    first, second = (json.loads(line.removeprefix("data: ")) for line in data)
    assert (first["type"], first["stream"]["target"]) == ("snapshot", 172.0)
    assert second["type"] in ("start", "reading")
    shown = subprocess.run(
        [*shlex.split(schema.replace(PORT, f"127.0.0.1:{demo.port}")), "-s"], capture_output=True, text=True, check=True
    )
    assert json.loads(shown.stdout) == load("events")


@pytest.mark.slow
def test_the_script_for_a_web_view_logs_paces(demo: ServingProcess) -> None:
    (script,) = blocks(SECTION, "js")
    with browser_page() as page:
        page.goto(f"{demo.address}/")
        with page.expect_console_message(lambda one: bool(re.match(r"\d+\.\d+ ", one.text)), timeout=WAIT_S * 1000):
            page.evaluate(f"() => {{ {script.replace(PORT, f'127.0.0.1:{demo.port}')} }}")
