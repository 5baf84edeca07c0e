"""Reports to a service manager, through a real socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paces_live.errors import UsageError
from paces_live.system.sd_notify import Notifier, Watchdog

ROOT = Path(__file__).parents[2]


class Manager:
    """The manager's end."""

    def __init__(self, address: str) -> None:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.settimeout(30.0)
        self.channel.bind("\0" + address[1:] if address.startswith("@") else address)
        self.address = address

    def received(self, count: int) -> list[str]:
        """Return the next `count` messages."""
        return [self.channel.recv(4096).decode() for _ in range(count)]

    def has_more(self) -> bool:
        self.channel.setblocking(False)
        try:
            self.channel.recv(4096)
        except BlockingIOError:
            return False
        return True


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = f"@paces-live-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    made = Manager(address)
    yield made
    made.channel.close()


def watch(blocks: int, notifier: Notifier | None) -> None:
    """Let a watchdog see a number of blocks, one per second."""
    now = 100.0
    with Watchdog(notifier, clock=lambda: now) as watchdog:
        for _ in range(blocks):
            watchdog.alive()
            now += 1.0


def test_ready_with_the_first_block_then_signs_of_life_then_stopping(manager: Manager) -> None:
    watch(9, Notifier(manager.address, watchdog_s=16.0))
    # At 0, 4 and 8 s: a quarter of the limit is between them.
    assert manager.received(5) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    assert not manager.has_more()


def test_without_a_watchdog_there_are_no_signs_of_life(manager: Manager) -> None:
    watch(9, Notifier(manager.address))
    assert manager.received(2) == ["READY=1", "STOPPING=1"]
    assert not manager.has_more()


def test_a_source_that_gives_nothing_is_never_ready(manager: Manager) -> None:
    watch(0, Notifier(manager.address, 16.0))
    assert manager.received(1) == ["STOPPING=1"]


def test_a_missing_manager_is_no_error(tmp_path: Path) -> None:
    watch(3, Notifier(str(tmp_path / "gone")))
    watch(3, None)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"NOTIFY_SOCKET": ""}, None),
        ({"WATCHDOG_USEC": "1000000"}, None),
        ({"NOTIFY_SOCKET": "/run/n"}, Notifier("/run/n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "1500000"}, Notifier("@n", 1.5)),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "7"}, Notifier("/n", 1.5)),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "8"}, Notifier("/n")),
    ],
)
def test_the_environment_names_the_manager(environment: dict[str, str], expected: Notifier | None) -> None:
    assert Notifier.from_environment(environment, 7) == expected


@pytest.mark.parametrize(
    "environment",
    [{"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "@"}, {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "soon"}],
)
def test_values_that_systemd_never_sets_are_wrong_usage(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="unset it"):
        Notifier.from_environment(environment, 7)


@pytest.mark.slow
def test_listen_reports_to_its_manager_and_ends_cleanly(manager: Manager) -> None:
    """As a unit runs it: real time, ended by SIGTERM."""
    environment = os.environ | {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "800000"}
    command = [sys.executable, "-m", "paces_live", "demo", "--json"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert manager.received(3) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0
    assert '"type": "end"' in output.splitlines()[-1]
    messages = manager.received(1)
    while messages[-1] == "WATCHDOG=1":
        messages += manager.received(1)
    assert messages[-1] == "STOPPING=1"
