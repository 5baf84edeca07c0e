"""The command as people start it: a process, signals, ports, and errors in one line."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.servers import eventually


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `paces-live serve` on a free port; give the process and its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "paces_live", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"https?://\S+", process.stdout.readline())
            assert found, process.stderr and process.stderr.read()
            yield process, found[0].rstrip("/")
        finally:
            process.kill()


def get(address: str, path: str) -> httpx.Response:
    return httpx.get(address + path, trust_env=False, timeout=10.0)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_command_serves_the_demo_and_ends_cleanly(number: int) -> None:
    with started("--input", "demo") as (process, address):
        eventually(lambda: get(address, "/v1/streams").json()["streams"][0]["input"] == "demo")
        assert "<title>" in get(address, "/").text
        process.send_signal(number)
        assert process.wait(10.0) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_the_service_manager_hears_when_it_is_ready(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(10.0)
        with started("--input", "none", NOTIFY_SOCKET=path) as (process, address):
            assert manager.recv(100).startswith(b"READY=1")
            assert get(address, "/v1/health").status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(10.0) == 0


@pytest.mark.slow
def test_an_upload_does_not_keep_the_server_from_ending() -> None:
    silence = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0data\xff\xff\xff\x7f"
    with started("--input", "none") as (process, address), ThreadPoolExecutor() as pool:
        body = silence + bytes(90_000_000)
        sent = pool.submit(httpx.post, f"{address}/v1/analyze", content=body, trust_env=False, timeout=30.0)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5.0) == 0
        assert sent.result().status_code in (200, 503)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("options", "status", "reason"),
    [
        (["--input", "missing.wav"], 1, "missing.wav: no such file: check the name"),
        (["--input", "-"], 2, "serve does not read standard input"),
        (["--input", "none", "--mqtt", "mqtt://localhost"], 2, "--mqtt needs an input"),
        (["--input", "none", "--mqtt-password-file", "x"], 2, "--mqtt-password-file needs --mqtt"),
        (["--input", "none", "--mdns"], 2, "nobody else reaches this address"),
        (["--input", "none", "--key", "x"], 2, "--key needs --cert"),
        (["--input", "none", "--share", "all"], 2, "share 'all' is unknown: choose readings or control"),
        (["--allow-play"], 2, "--allow-play needs --share control and an input: add --share control"),
        (["--allow-play", "--share", "control", "--input", "none"], 2, "choose one, such as --input mic"),
        (["--input", "none", "--port", "70000"], 2, "port 70000 is out of range"),
        (["--input", "none", "--model", "/"], 1, "cannot read /"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(options: list[str], status: int, reason: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "paces_live", "serve", *(options if "--port" in options else ["--port", "0", *options])],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == status, ran.stderr
    assert reason in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [sys.executable, "-m", "paces_live", "serve", "--input", "none", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ran.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in ran.stderr
    assert "choose another --port or --host" in ran.stderr
