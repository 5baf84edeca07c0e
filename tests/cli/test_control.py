"""Lines of JSON on standard input control a program that writes JSON."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from paces_live.cli.control import LINE_BYTES, MOST_LINES, Control, ControlLines
from paces_live.demo import excerpt, songs
from paces_live.match import Listener
from paces_live.schema import load
from tests.support.schemas import validated
from tests.support.soundserver import SoundServer, portaudio, sound_server

__all__ = ["portaudio", "sound_server"]

SCHEMA = Draft202012Validator(load("control"))


class Steps:
    """A player that records what it is asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def next(self) -> None:
        self.asked.append("next")

    def previous(self) -> None:
        self.asked.append("previous")

    def pause(self, paused: bool) -> None:
        self.asked.append(paused)


def test_a_line_changes_the_listener_and_the_player() -> None:
    listener, player = Listener(165.0), Steps()
    control = Control(listener, pause=player.asked.append, player=player)
    line = {"target": 172, "tolerance": 0.03, "pause": True, "next": True, "previous": False}
    SCHEMA.validate(line)
    answer = validated(json.dumps(control.answer(json.dumps(line).encode())))
    assert answer == {"type": "control", "target": 172.0, "tolerance": 0.03, "paused": True}
    assert (listener.target, listener.tolerance, player.asked) == (172.0, 0.03, [True, "next"])
    assert control.answer(b'{"target": null}')["target"] is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"target": 500}', "usage.target"),
        (b'{"target": 172, "tolerance": 5}', "usage.tolerance"),
        (b'{"target": 172, "next": true}', "usage.control"),
        (b'{"target": "172"}', "usage.control"),
        (b'{"target": true}', "usage.control"),
        (b'{"target": NaN}', "usage.target"),
        (b'{"target": 1' + 400 * b"0" + b"}", "usage.target"),
        (b'{"tolerance": 1e999}', "usage.tolerance"),
        (b'{"pause": 1}', "usage.control"),
        (b'{"volume": 3}', "usage.control"),
        (b"{}", "usage.control"),
        (b"[172]", "usage.control"),
        (b"\xff\x00 rubbish", "usage.control"),
        (b"[" * 3000, "usage.control"),
        (b'{"target": ' + b" " * LINE_BYTES + b"172}", "usage.control"),
    ],
)
def test_a_line_that_cannot_be_obeyed_changes_nothing(line: bytes, code: str) -> None:
    listener, paused = Listener(165.0, 0.05), list[bool]()
    answer = validated(json.dumps(Control(listener, pause=paused.append).answer(line)))
    assert (answer["type"], answer["code"]) == ("error", code)
    assert (listener.target, listener.tolerance, paused) == (165.0, 0.05, [])


def test_a_stream_that_cannot_be_paused_says_so_and_keeps_its_target() -> None:
    listener = Listener(165.0)
    control = Control(listener, pause=None)
    answer = validated(json.dumps(control.answer(b'{"target": 172, "pause": true}')))
    assert (answer["code"], listener.target) == ("usage.control", 165.0)
    assert control.answer(b'{"target": 172}')["target"] == 172.0


def test_lines_may_come_in_any_pieces_and_the_last_needs_no_end() -> None:
    reading, writing = os.pipe()
    with ControlLines(reading) as lines:
        for part in (b'{"tar', b'get": 170}\n\n{"target"', b": 171}\n", b"x" * 3 * LINE_BYTES, b'\n{"target": 173}'):
            os.write(writing, part)
            time.sleep(0.05)
        os.close(writing)
        lines._thread.join(5.0)
        assert not lines._thread.is_alive()
        listener = Listener(165.0)
        answers = [Control(listener, pause=lambda _: None).answer(line) for line in lines.waiting()]
    os.close(reading)
    assert [answer.get("target", answer.get("code")) for answer in answers] == [170.0, 171.0, "usage.control", 173.0]


def test_no_line_is_lost_if_more_come_than_are_obeyed_at_once() -> None:
    reading, writing = os.pipe()
    with ControlLines(reading) as lines:
        os.write(writing, b"".join(b"%d\n" % number for number in range(3 * MOST_LINES)))
        os.close(writing)
        taken = list[bytes]()
        until = time.monotonic() + 5.0
        while len(taken) < 3 * MOST_LINES and time.monotonic() < until:
            at_once = list(lines.waiting())
            assert len(at_once) <= MOST_LINES
            taken += at_once
    os.close(reading)
    assert taken == [b"%d" % number for number in range(3 * MOST_LINES)]


def started(*arguments: str | Path, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "paces_live", *map(str, arguments), "--json"]
    return subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_program_steers_what_it_runs() -> None:
    with started("listen", "--input", excerpt()) as process:
        assert process.stdin
        assert process.stdout
        first = validated(process.stdout.readline())
        process.stdin.write('{"target": 84}\n{"target": 20}\n')
        process.stdin.flush()
        lines = [validated(process.stdout.readline())]
        while not (lines[-1]["type"] == "reading" and lines[-1]["t"] >= 8.0):
            lines.append(validated(process.stdout.readline()))
        process.terminate()
        process.communicate()
    assert first["type"] == "start"
    answers = [line for line in lines if line["type"] in ("control", "error")]
    assert [answer["type"] for answer in answers] == ["control", "error"]
    assert lines[-1]["match"]["spm"] == pytest.approx(84.0, abs=0.5)
    assert process.returncode == 0


def test_the_end_of_standard_input_ends_nothing() -> None:
    with started("listen", "--input", excerpt(), "--fast") as process:
        assert process.stdin
        process.stdin.close()
        assert process.stdout
        lines = [validated(line) for line in process.stdout]
    assert lines[-1] == {"type": "end", "t": 91.0, "error": None, "stream": "main"}


def test_the_end_is_the_last_line_however_many_lines_come() -> None:
    many = '{"target": 84}\n' * 20_000
    with started("listen", "--input", excerpt(), "--fast") as process:
        out, _ = process.communicate(many, timeout=60)
    types = [json.loads(line)["type"] for line in out.splitlines()]
    assert (types[0], types[-1], process.returncode) == ("start", "end", 0)
    assert types.count("control") > MOST_LINES


@pytest.mark.slow
def test_a_program_that_takes_no_answer_does_not_keep_it_from_ending() -> None:
    with started("listen", "--input", excerpt()) as process:
        assert process.stdin
        assert process.stdout
        try:
            process.stdout.readline()
            descriptor = process.stdin.fileno()
            os.set_blocking(descriptor, False)
            # Until it takes no more: then both pipes are full.
            refused = 0
            while refused < 20:
                try:
                    os.write(descriptor, b'{"target": 84}\n' * 200)
                    refused = 0
                except BlockingIOError:
                    refused += 1
                    time.sleep(0.1)
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_audio_on_standard_input_is_no_control() -> None:
    with excerpt().open("rb") as stream:
        command = [sys.executable, "-m", "paces_live", "listen", "--input", "-", "--json"]
        done = subprocess.run(command, stdin=stream, capture_output=True, text=True, check=True)
    assert {json.loads(line)["type"] for line in done.stdout.splitlines()} == {"start", "reading", "song", "end"}


@pytest.mark.usefixtures("portaudio")
def test_a_player_can_be_paused_and_its_songs_changed(sound_server: SoundServer) -> None:
    with started("demo", "--play", env=sound_server.env) as process:
        assert process.stdin
        assert process.stdout
        events = [validated(process.stdout.readline())]

        def read_until(title: str, t: float) -> None:
            while not (
                events[-1]["type"] == "reading" and events[-1]["t"] >= t and events[-1]["track"]["title"] == title
            ):
                events.append(validated(process.stdout.readline()))  # type: ignore[union-attr]

        def read_answer() -> int:
            """Return the number of readings before it."""
            first = len(events)
            while events[-1]["type"] != "control":
                events.append(validated(process.stdout.readline()))  # type: ignore[union-attr]
            return sum(event["type"] == "reading" for event in events[first:])

        read_until(songs()[0].title, 2.0)
        process.stdin.write('{"pause": true}\n')
        process.stdin.flush()
        read_answer()
        assert events[-1]["paused"]
        time.sleep(4.0)
        events.append({"type": "waited"})
        process.stdin.write('{"pause": false}\n')
        process.stdin.flush()
        assert read_answer() <= 2, "the clock stands while the player is paused"
        assert not events[-1]["paused"]
        process.stdin.write('{"next": true}\n')
        process.stdin.flush()
        read_until(songs()[1].title, 4.0)
        process.terminate()
        process.communicate()
    assert process.returncode == 0
