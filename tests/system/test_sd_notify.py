"""What a service manager is told, through a real socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paces_live.errors import UsageError
from paces_live.sources.block import Block
from paces_live.system.sd_notify import Notifier, NotifyingSource
from tests.support.fakes import FakeSource

ROOT = Path(__file__).parents[2]


class Manager:
    """The manager's end."""

    def __init__(self, address: str) -> None:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.settimeout(30.0)
        self.channel.bind("\0" + address[1:] if address.startswith("@") else address)
        self.address = address

    def told(self, count: int) -> list[str]:
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


class Counted:
    """A live source of `count` blocks; the clock goes on by a second with each."""

    name, live = "mic:test", True

    def __init__(self, count: int) -> None:
        self.count, self.now = count, 100.0

    def clock(self) -> float:
        return self.now

    def blocks(self) -> Iterator[Block]:
        for number in range(self.count):
            yield Block(np.zeros(number % 2, np.float32))
            self.now += 1.0


def test_ready_with_the_first_block_then_signs_of_life_then_stopping(manager: Manager) -> None:
    source = Counted(9)
    blocks = list(NotifyingSource(source, Notifier(manager.address, watchdog_s=16.0), source.clock).blocks())
    assert [len(block.samples) for block in blocks] == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    # At 0, 4 and 8 s: a quarter of the limit lies between them.
    assert manager.told(5) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    assert not manager.has_more()


def test_without_a_watchdog_there_are_no_signs_of_life(manager: Manager) -> None:
    list(NotifyingSource(Counted(9), Notifier(manager.address)).blocks())
    assert manager.told(2) == ["READY=1", "STOPPING=1"]
    assert not manager.has_more()


def test_a_source_that_gives_nothing_is_never_ready(manager: Manager) -> None:
    list(NotifyingSource(Counted(0), Notifier(manager.address, 16.0)).blocks())
    assert manager.told(1) == ["STOPPING=1"]


def test_a_manager_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    assert len(list(NotifyingSource(Counted(3), Notifier(str(tmp_path / "gone"))).blocks())) == 3


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
def test_the_environment_says_who_is_told(environment: dict[str, str], expected: Notifier | None) -> None:
    assert Notifier.from_environment(environment, 7) == expected


@pytest.mark.parametrize(
    "environment",
    [{"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "@"}, {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "soon"}],
)
def test_what_systemd_would_not_set_is_misuse(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="unset it"):
        Notifier.from_environment(environment, 7)


def test_what_the_source_says_is_passed_on() -> None:
    source = FakeSource()
    notifying = NotifyingSource(source, Notifier("/n"))
    assert (notifying.note, notifying.title) == (None, None)
    source.note, source.title = "gone", "A song"  # type: ignore[attr-defined]
    assert (notifying.note, notifying.title) == ("gone", "A song")


def test_listen_tells_its_manager_and_ends_cleanly_when_asked(manager: Manager) -> None:
    """As a unit runs it: real time, ended by SIGTERM."""
    environment = os.environ | {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "800000"}
    command = [sys.executable, "-m", "paces_live", "demo", "--json"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert manager.told(3) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0
    assert '"type": "end"' in output.splitlines()[-1]
    told = manager.told(1)
    while told[-1] == "WATCHDOG=1":
        told += manager.told(1)
    assert told[-1] == "STOPPING=1"
