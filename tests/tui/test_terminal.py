"""The terminal UI and the system's signals: suspended and continued, and with a terminal that is closed."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

WAIT_S = 20.0
PROGRAM = """
import fcntl, sys, termios
from pathlib import Path
from types import SimpleNamespace
import paces_live.analysis.classifier, paces_live.inputs, paces_live.session
from paces_live.events import Song
from tests.support.fakes import FakeSource, ScriptedListening, TWO_SONGS
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
kept = Path(sys.argv.pop())
class Kept(ScriptedListening):
    def events(self, *args):
        for event in super().events(*args):
            if isinstance(event, Song):
                kept.write_text(str(event.song))
            yield event
features = SimpleNamespace(sample_rate=22050)
paces_live.analysis.classifier.load_classifier = lambda model: SimpleNamespace(features=features)
paces_live.inputs.open_input = lambda spec, **options: paces_live.inputs.Input(FakeSource())
paces_live.session.Listening = lambda *_, **__: Kept(TWO_SONGS[:-1], live=True)
from paces_live.__main__ import main
main()
"""
"""Shows two songs, waits to be stopped, and then reports song 9."""


class Terminal(NamedTuple):
    """A program on a pseudo-terminal of its own, our end of that, and the file that has the number of its last song."""

    process: "subprocess.Popen[bytes]"
    here: int
    kept: Path

    def until(self, words: str) -> None:
        """Read what is written until `words` come."""
        written, deadline = b"", time.monotonic() + WAIT_S
        while words.encode() not in written:
            assert time.monotonic() < deadline, written
            if select.select([self.here], [], [], 0.1)[0]:
                written += os.read(self.here, 65_536)


@pytest.fixture
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """Start the program; a parameter ``ignored`` lets it ignore SIGHUP."""
    ignored = "trap '' HUP; " if getattr(request, "param", "") == "ignored" else ""
    here, there = pty.openpty()
    process = subprocess.Popen(
        ["sh", "-c", f'{ignored}exec "$@"', "sh", sys.executable, "-c", PROGRAM, "listen", str(tmp_path / "song")],
        stdin=there,
        stdout=there,
        stderr=there,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    os.close(there)
    try:
        yield Terminal(process, here, tmp_path / "song")
    finally:
        process.kill()
        process.wait(WAIT_S)


def cooked(descriptor: int) -> bool:
    """Return whether a terminal shows what is typed, and takes it by lines."""
    flags = termios.tcgetattr(descriptor)[3]
    return bool(flags & termios.ICANON and flags & termios.ECHO)


@pytest.mark.slow
def test_it_is_suspended_with_a_sane_terminal_and_draws_everything_when_it_goes_on(terminal: Terminal) -> None:
    process, here, kept = terminal
    terminal.until("songs heard")
    assert not cooked(here)
    os.write(here, b"\x1a")
    terminal.until("\x1b[?1049l")
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert cooked(here)
    process.send_signal(signal.SIGCONT)
    terminal.until("\x1b[?1049h")
    terminal.until("songs heard")
    os.write(here, b"\x11")
    terminal.until("\x1b[?1049l")
    assert process.wait(WAIT_S) == 0
    assert cooked(here)
    assert kept.read_text() == "9"
    os.close(here)


@pytest.mark.slow
@pytest.mark.parametrize("terminal", ["default", "ignored"], indirect=True)
def test_the_song_is_kept_if_the_terminal_is_closed(terminal: Terminal) -> None:
    process, here, kept = terminal
    terminal.until("songs heard")
    os.close(here)
    assert process.wait(WAIT_S) == 0
    assert kept.read_text() == "9"
