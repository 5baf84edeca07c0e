"""`follow`: a real server in another process, seen as lines of JSON, as text and on a screen."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from tests.support.bluez import RSC_MEASUREMENT, RSC_SERVICE, BlueZ, bluez, rsc
from tests.support.fakes import START
from tests.support.players import bus
from tests.support.schemas import validated
from tests.support.scripted_server import HEAD, ScriptedServer, answer, held, sent, snapshot
from tests.support.serving import REPO, ServingProcess, serving_process
from tests.support.signals import RATE, rock

__all__ = ["bluez", "bus"]

WAIT_S = 20.0
UNAUTHORIZED = answer("401 Unauthorized", '{"type": "error", "code": "server", "message": "no", "hint": "no"}')


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """Return the address of a server that plays the demo."""
    with serving_process("--input", "demo") as server:
        yield server.address


@contextmanager
def following(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    # Tests that run under nohup ignore SIGHUP, and so would what they start.
    command = ["env", "--default-signal=HUP", sys.executable, "-m", "paces_live", "follow", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO) as process:
        try:
            yield process
        finally:
            process.kill()


def records(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert process.stdout
    return map(validated, process.stdout)


def written(process: "subprocess.Popen[str]") -> IO[str]:
    assert process.stdin
    return process.stdin


def failed(*arguments: str, token: str = "") -> tuple[int, str]:
    """Return the exit status and the error of a server that cannot be followed."""
    command = [sys.executable, "-m", "paces_live", "follow", *arguments]
    variables = {"PACES_LIVE_TOKEN": token} if token else {}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPO, env=os.environ | variables)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.returncode, done.stderr


@pytest.mark.slow
def test_json_has_the_events_of_the_server_with_a_target_of_our_own(demo: str) -> None:
    with following(demo, "--json", "--target", "84", "--tolerance", "3%") as process:
        lines = records(process)
        first = next(lines)
        assert (first["type"], first["input"], first["target"], first["tolerance"]) == ("start", "demo", 84.0, 0.03)
        reading = next(one for one in lines if one["type"] == "reading" and one["paces"])
        nearest = min((pace["spm"] for pace in reading["paces"]), key=lambda spm: abs(spm / 84.0 - 1.0))
        assert reading["nearest"]["spm"] == nearest
        assert reading["nearest"]["error"] == pytest.approx(nearest / 84.0 - 1.0, abs=1e-3)
        process.terminate()
        assert [one["type"] for one in lines][-1] == "end"
        assert process.wait(WAIT_S) == 0


@pytest.mark.slow
def test_lines_of_control_change_the_target_here_but_cannot_pause_the_server(demo: str) -> None:
    with following(demo, "--json") as process:
        lines = records(process)
        next(lines)
        written(process).write('{"pause": true}\n{"target": 172}\n')
        written(process).flush()
        answers = [next(one for one in lines if one["type"] in ("control", "error")) for _ in range(2)]
        assert [one["type"] for one in answers] == ["error", "control"]
        assert "cannot be paused" in answers[0]["message"]
        assert answers[1]["target"] == 172.0
        reading = next(one for one in lines if one["type"] == "reading" and one["nearest"])
        assert reading["nearest"]["error"] == pytest.approx(reading["nearest"]["spm"] / 172.0 - 1.0, abs=1e-3)


@pytest.mark.slow
def test_the_target_may_follow_a_sensor_of_our_own(demo: str, bluez: BlueZ) -> None:
    pod = bluez.sensor("Foot Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with following(demo, "--json", "--target", "sensor:pod") as process:
        for one in records(process):
            if one["type"] == "reading" and one["cadence"] == one["target"] == 172.0:
                break
            bluez.bus.do(pod.notify(rsc(172)))
        process.terminate()
        assert process.wait(WAIT_S) == 0


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(demo: str, signum: signal.Signals) -> None:
    with following(demo, "--plain") as process:
        assert process.stdout
        place = demo.partition("://")[2]
        assert process.stdout.readline() == f"listening to demo at {place}, target 165 spm ± 5 %\n"
        process.send_signal(signum)
        assert process.stdout.read().splitlines()[-1].endswith("end")
        assert process.wait(WAIT_S) == 0


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it_although_nothing_comes() -> None:
    with ScriptedServer(sent(HEAD, snapshot(start=START), then=held)) as server, following(server.address) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(5.0) == 0


@pytest.mark.slow
def test_a_server_that_does_not_answer_does_not_keep_it_from_ending() -> None:
    asked = threading.Event()

    def silent(connection: socket.socket) -> None:
        asked.set()
        held(connection)

    with ScriptedServer(silent) as server, following(server.address, "--plain") as process:
        assert asked.wait(WAIT_S)
        process.terminate()
        assert process.wait(3.0) == 0
        assert process.stdout
        assert process.stdout.read() == ""


@pytest.mark.slow
def test_a_server_that_is_killed_and_started_again_is_followed_on() -> None:
    server = ServingProcess("--input", "demo")
    try:
        with following(server.address, "--json") as process:
            lines = records(process)
            next(one for one in lines if one["type"] == "reading" and one["paces"])
            server.end(signal.SIGKILL)
            gone = next(one for one in lines if one["health"]["status"] != "ok")
            assert (gone["health"]["status"], gone["paces"]) == ("reconnecting", [])
            assert gone["health"]["message"].endswith("trying again in 3 s")
            server = ServingProcess("--input", "demo", port=server.port)
            rest = [next(lines)]
            while not (rest[-1]["type"] == "reading" and rest[-1]["health"]["status"] == "ok"):
                rest.append(next(lines))
            assert "start" in [one["type"] for one in rest]
            process.terminate()
            assert process.wait(WAIT_S) == 0
    finally:
        server.end()


@pytest.mark.slow
def test_the_stream_of_a_phone_is_followed_by_its_id_and_ends_with_it(demo: str) -> None:
    samples = (20_000 * np.clip(rock(120.0, 6.0), -1.0, 1.0)).astype("<i2")
    with connect(f"ws{demo.removeprefix('http')}/v1/audio", proxy=None) as phone:
        phone.send(json.dumps({"type": "audio-start", "rate": RATE, "width": 2, "channels": 1}))
        stream = json.loads(phone.recv())["stream"]
        with following(demo, "--json", "--stream", stream) as process:
            lines = records(process)
            first = next(lines)
            for part in np.array_split(samples, 60):
                phone.send(part.tobytes())
            phone.send(json.dumps({"type": "audio-stop"}))
            rest = list(lines)
            assert process.wait(WAIT_S) == 0
    assert (first["type"], first["stream"]) == ("start", stream)
    assert {one["stream"] for one in rest} == {stream}
    assert rest[-1] == {"type": "end", "t": 6.0, "error": None, "stream": stream}


def test_a_stream_that_does_not_exist_is_named(demo: str) -> None:
    status, said = failed(demo, "--stream", "nobody")
    assert status == 1
    assert "there is no stream 'nobody'" in said


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert failed(address) == (
        1,
        f"paces-live: {address} refuses connections: check the address, and whether paces-live serve runs there\n",
    )
    assert failed("ftp://pi") == (2, "paces-live: ftp://pi is not the address of a server: write http://HOST:PORT\n")
    status, said = failed("http://pi", "--token-file", str(tmp_path / "token"))
    assert status == 2
    assert "token: cannot be read: No such file or directory" in said
    (tmp_path / "token").write_text("\n", "utf-8")
    status, said = failed("http://pi", "--token-file", str(tmp_path / "token"))
    assert (status, "token" in said) == (2, True)
    status, said = failed("https://pi", "--ca", str(tmp_path / "ca.crt"))
    assert (status, "ca.crt: cannot be read" in said) == (2, True)


def test_the_token_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n", "utf-8")
    with ScriptedServer(UNAUTHORIZED) as server:
        for options, token in ((("--token-file", str(tmp_path / "token")), "x"), ((), "from-environment")):
            status, said = failed(server.address, *options, token=token)
            assert status == 1
            assert said.endswith("the token is wrong: use --token-file or PACES_LIVE_TOKEN\n")
            assert "from-" not in said
        assert failed(server.address)[1].endswith("it wants a token: use --token-file or PACES_LIVE_TOKEN\n")
    assert "authorization: bearer from-file\r\n" in server.requests[0]
    assert "authorization: bearer from-environment\r\n" in server.requests[1]


@pytest.mark.slow
def test_a_token_and_a_certificate_open_a_server_of_the_network(settings_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paces_live", "serve", "--host", "0.0.0.0", "--tls"]  # noqa: S104
    command += ["--port", "0", "--tls-port", "0", "--input", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPO) as serving:
        assert serving.stdout
        try:
            shown = serving.stdout.readline() + serving.stdout.readline()
            ports = dict(re.findall(r"^(https?)://[^/]*:(\d+)", shown, re.MULTILINE))
            kept = settings_file.parent / "token"
            token = kept.read_text("utf-8").strip()
            ca = tmp_path / "ca.crt"
            ca.write_bytes(httpx.get(f"http://127.0.0.1:{ports['http']}/ca.crt", trust_env=False).content)
            address = f"https://127.0.0.1:{ports['https']}"
            assert "its certificate is not trusted" in failed(address, token=token)[1]
            assert "it wants a token" in failed(address, "--ca", str(ca))[1]
            assert "the token is wrong" in failed(address, "--ca", str(ca), token="x" + token)[1]
            with following(
                address, "--ca", str(ca), "--json", "--token-file", str(settings_file.parent / "token")
            ) as one:
                assert next(records(one))["type"] == "start"
        finally:
            serving.kill()


@pytest.mark.slow
def test_the_screen_shows_it_and_its_keys_move_the_target(demo: str) -> None:
    here, there = pty.openpty()
    variables = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "paces_live", "follow", demo, "--target", "165"]
    process = subprocess.Popen(
        command, stdin=there, stdout=there, stderr=there, env=os.environ | variables, cwd=REPO, start_new_session=True
    )
    os.close(there)
    seen = ""

    def until(words: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + WAIT_S
        while words not in seen:
            assert time.monotonic() < deadline, seen
            if select.select([here], [], [], 0.1)[0]:
                seen += os.read(here, 65_536).decode(errors="replace")

    try:
        until("demo at 127.0.0.1")
        until("165 spm ± 5 %")
        assert "pause" not in seen
        os.write(here, b"\x1b[A")
        until("166 spm ± 5 %")
        os.write(here, b"q")
        until("\x1b[?1049l")
        # The rest has to be read, or the program cannot end.
        threading.Thread(target=lambda: [*iter(lambda: _read(here), b"")], daemon=True).start()
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait(WAIT_S)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""
