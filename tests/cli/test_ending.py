"""How it ends: by a signal, when the terminal is closed, or when its reader leaves or takes nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from paces_live.cli.show import Display, show
from paces_live.events import End, Event, Reading, Song
from paces_live.inputs import Input
from paces_live.match import Listener
from tests.support.fakes import FakeSource, ScriptedListening

REPO = Path(__file__).parents[2]

LIVE = """
import sys
from types import SimpleNamespace
import paces_live.analysis.classifier, paces_live.inputs, paces_live.session
from tests.support.fakes import FakeSource, ScriptedListening, TWO_SONGS
repeats = int(sys.argv.pop())
features = SimpleNamespace(sample_rate=22050)
paces_live.analysis.classifier.load_classifier = lambda model: SimpleNamespace(features=features)
paces_live.inputs.open_input = lambda spec, **options: paces_live.inputs.Input(FakeSource())
paces_live.session.Listening = lambda *_, **__: ScriptedListening(TWO_SONGS[:-1] * repeats, live=True)
from paces_live.__main__ import main
main()
"""
"""Runs the program on a script that is repeated, and that then waits to be stopped."""


@contextmanager
def live(
    repeats: int, *args: str, before: Sequence[str] = ()
) -> "Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]":
    """Start `LIVE`."""
    # Tests that run under nohup ignore SIGHUP, and so would what they start.
    command = ["env", "--default-signal=HUP", *before, sys.executable, "-c", LIVE, *args, str(repeats)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPO) as process:
        assert process.stdout
        assert process.stderr
        try:
            yield process, process.stdout, process.stderr
        finally:
            process.kill()


def until_the_second_song(stdout: IO[str]) -> None:
    for line in stdout:
        if json.loads(line)["type"] == "song" and json.loads(line)["song"] == 2:
            return


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_reports_the_song(signum: signal.Signals) -> None:
    with live(1, "--json") as (process, stdout, _):
        until_the_second_song(stdout)
        process.send_signal(signum)
        rest, errors = process.communicate(timeout=10)
    assert [json.loads(line)["type"] for line in rest.splitlines()] == ["song", "end"]
    assert (process.returncode, errors) == (0, "")


def test_two_signals_at_the_same_moment_are_one() -> None:
    with live(1, "--json") as (process, stdout, _):
        until_the_second_song(stdout)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=10)
    assert [json.loads(line)["type"] for line in rest.splitlines()] == ["song", "end"]
    assert (process.returncode, errors) == (0, "")


def test_under_nohup_it_outlives_the_terminal() -> None:
    with live(1, "--json", before=["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]) as (process, stdout, _):
        until_the_second_song(stdout)
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.slow
def test_a_reader_that_takes_nothing_does_not_keep_it_from_ending() -> None:
    with live(3000, "--json") as (process, stdout, stderr):
        # The first line says that signals are awaited; the pipe is full soon after.
        stdout.buffer.raw.read(1)  # type: ignore[attr-defined]
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert stderr.read() == ""


@pytest.mark.parametrize("option", ["--json", "--plain"])
def test_a_reader_that_leaves_is_no_error(option: str) -> None:
    with live(3000, option) as (process, stdout, stderr):
        stdout.readline()
        stdout.close()
        assert stderr.read() == ""
        assert process.wait(10) == 0


@pytest.mark.slow
def test_a_reader_that_leaves_is_noticed_before_there_is_news(tmp_path: Path) -> None:
    pipe = tmp_path / "silence.fifo"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "paces_live", "listen", "--plain", "--input", f"fifo:{pipe}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPO) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            if b"silence" in line:
                break
        time.sleep(0.5)
        process.stdout.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == b""


def test_a_song_is_kept_if_its_reader_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The events after the failure are still made: the history takes them."""
    ends: list[Event] = []

    class Kept(ScriptedListening):
        def events(self, *args: Any) -> Iterator[Event]:
            for event in super().events(*args):
                ends.append(event)
                yield event

    def fail(_writer: object, event: Event) -> None:
        if isinstance(event, Reading):
            raise BrokenPipeError

    listening = Kept(live=True)
    monkeypatch.setattr("paces_live.session.Listening", lambda *_, **__: listening)
    monkeypatch.setattr("paces_live.render.plain.PlainWriter.write", fail)
    with pytest.raises(BrokenPipeError):
        show(Input(FakeSource()), None, None, Listener(), Display(plain=True), history=False)  # type: ignore[arg-type]
    assert [type(event) for event in ends[-2:]] == [Song, End]
