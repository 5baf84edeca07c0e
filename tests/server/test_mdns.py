"""Announcing on the loopback interface, by both responders; a browser of another library hears it."""

import asyncio
import functools
import gc
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from paces_live import __version__
from paces_live.errors import ServerError
from paces_live.server import mdns
from paces_live.server.mdns import SERVICE, announced, instance, records
from tests.docs.documents import ROOT
from tests.support.homes import soon
from tests.support.players import Bus, bus, end

__all__ = ["bus"]

LOOPBACK = ["127.0.0.1"]
GYM = f"Gym. Upstairs {os.getpid()}"
"""A name of this run: others on the machine would hear each other."""
TYPE = f"{SERVICE}.local."
AVAHI = """\
[server]
host-name=paces-test
allow-interfaces=lo
use-ipv6=no
[publish]
publish-workstation=no
"""


class Browser:
    """The services of our type on the loopback interface, as they come and go."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, dict[str, str], list[str]]] = {}
        self.gone: list[str] = []


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    browser, tasks = Browser(), set()

    async def resolve(zeroconf: Zeroconf, name: str) -> None:
        info = AsyncServiceInfo(TYPE, name)
        if await info.async_request(zeroconf, 3000):
            text = {key.decode(): (value or b"").decode() for key, value in info.properties.items()}
            browser.found[info.get_name()] = info.port or 0, text, info.parsed_addresses()

    def changed(zeroconf: Zeroconf, name: str, state_change: ServiceStateChange, **_: object) -> None:
        if not name.startswith(GYM):
            return
        if state_change is ServiceStateChange.Removed:
            browser.gone.append(name.removesuffix(f".{TYPE}"))
        else:
            task = asyncio.ensure_future(resolve(zeroconf, name))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async with AsyncZeroconf(interfaces=LOOPBACK) as own:
        listening = AsyncServiceBrowser(own.zeroconf, TYPE, handlers=[changed])
        try:
            yield browser
        finally:
            await listening.async_cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(autouse=True)
def on_loopback(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Let no packet leave this machine, and let no daemon of it be found."""
    asynchronous = pytest.importorskip("zeroconf.asyncio", reason="zeroconf is not installed")
    confined = functools.partial(asynchronous.AsyncZeroconf, interfaces=LOOPBACK)
    monkeypatch.setattr(asynchronous, "AsyncZeroconf", confined)
    monkeypatch.setattr(mdns, "_addresses", lambda: LOOPBACK)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    caplog.set_level(logging.INFO, "paces_live")


def test_the_records_say_how_to_connect() -> None:
    assert records(tls=False, auth="none") == {
        "txtvers": "1",
        "path": "/",
        "v": "1",
        "tls": "0",
        "auth": "none",
        "version": __version__,
    }
    assert (records(tls=True, auth="token")["tls"], records(tls=True, auth="token")["auth"]) == ("1", "token")


@pytest.mark.parametrize(
    ("name", "label"), [("Gym", "Gym"), ("a\x1b\nb", "a b"), ("", "paces-live"), ("é" * 40, "é" * 31)]
)
def test_a_name_is_a_label_of_dns(name: str, label: str) -> None:
    assert instance(name) == label


@pytest.mark.slow
async def test_zeroconf_announces_and_says_good_bye(caplog: pytest.LogCaptureFixture) -> None:
    async with browsing() as browser:
        async with announced(8765, name=GYM, tls=True, auth="token"):
            await soon(lambda: GYM in browser.found)
            assert browser.found == {GYM: (8765, records(tls=True, auth="token"), LOOPBACK)}
            assert browser.gone == []
        # Its records would live for 75 minutes.
        await soon(lambda: browser.gone == [GYM])
    assert f"announced as {GYM} by zeroconf" in caplog.text


# zeroconf leaves its sockets to the garbage collector if the network is not there.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning")
async def test_a_server_goes_on_if_nothing_can_announce_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import zeroconf.asyncio

    # A network for documents, at which no machine is.
    away = functools.partial(zeroconf.asyncio.AsyncZeroconf, interfaces=["198.51.100.1"])
    monkeypatch.setattr(zeroconf.asyncio, "AsyncZeroconf", away)
    async with announced(8765, name=GYM, tls=False, auth="none"):
        assert "not announced" in caplog.text
    gc.collect()


async def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with pytest.raises(ServerError, match="pip install zeroconf"):
        async with announced(8765, name=GYM, tls=False, auth="none"):
            pass


class Avahi:
    """An avahi-daemon of our own on a private bus, on the loopback interface alone."""

    def __init__(self, folder: Path, private: Bus) -> None:
        self._config = folder / "avahi.conf"
        self._config.write_text(AVAHI, "utf-8")
        self._environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": private.address}
        self._log = folder / "avahi.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it has its name."""
        command = ["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", str(self._config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log, env=self._environment)
        while "startup complete" not in self._log.read_text("utf-8"):
            if self._process.poll() is not None:
                pytest.fail(f"avahi-daemon did not start: {self._log.read_text('utf-8')}")

    def stop(self) -> None:
        if self._process:
            end(self._process)
            self._process = None


@pytest.fixture
def avahi(bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Avahi]:
    """Run an avahi-daemon, which only root may without a user of its own."""
    if shutil.which("avahi-daemon") is None:
        pytest.skip("avahi-daemon is not installed: apt install avahi-daemon")
    if os.geteuid() != 0:
        pytest.skip("only root can run a private avahi-daemon")
    if subprocess.run(["avahi-daemon", "--check"], check=False).returncode == 0:
        pytest.skip("an avahi-daemon runs on this machine, and there can be only one")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
    private = Avahi(tmp_path, bus)
    private.start()
    try:
        yield private
    finally:
        private.stop()


@pytest.mark.slow
async def test_avahi_announces_if_it_runs_and_says_good_bye(
    avahi: Avahi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert avahi
    async with browsing() as browser:
        with monkeypatch.context() as without:
            # One responder: nobody else is asked.
            without.setitem(sys.modules, "zeroconf", None)
            async with announced(8765, name=GYM, tls=False, auth="none"):
                await soon(lambda: GYM in browser.found)
        port, text, addresses = browser.found[GYM]
        assert (port, text, addresses[0]) == (8765, records(tls=False, auth="none"), *LOOPBACK)
        await soon(lambda: browser.gone == [GYM])
    assert f"announced as {GYM} through avahi-daemon" in caplog.text


@pytest.mark.slow
async def test_avahi_gives_another_name_to_the_second(avahi: Avahi) -> None:
    assert avahi
    async with (
        browsing() as browser,
        announced(8765, name=GYM, tls=False, auth="none"),
        announced(8766, name=GYM, tls=False, auth="none"),
    ):
        await soon(lambda: len(browser.found) == 2)
        assert {name: port for name, (port, _, _) in browser.found.items()} == {GYM: 8765, f"{GYM} #2": 8766}


@pytest.mark.slow
async def test_avahi_gives_another_name_if_another_machine_has_it(
    avahi: Avahi, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbus_fast import Message

    from paces_live.server import avahi as module

    assert avahi
    made: list[module._Announcement] = []
    real = module._Announcement
    monkeypatch.setattr(module, "_Announcement", lambda *values: made.append(real(*values)) or made[-1])  # type: ignore[func-returns-value]
    async with browsing() as browser, announced(8765, name=GYM, tls=False, auth="none"):
        await soon(lambda: GYM in browser.found)
        # A second machine is more than one machine can play, so we take the words of the daemon from its mouth.
        for group in ("/Client9/EntryGroup9", made[0]._group):
            collision = Message.new_signal(group, module._GROUP, "StateChanged", "is", [module._COLLISION, ""])
            made[0]._signals.put_nowait(collision)
        await soon(lambda: f"{GYM} #2" in browser.found)
        assert browser.gone == [GYM]


@pytest.mark.slow
async def test_avahi_that_starts_again_announces_again(avahi: Avahi, caplog: pytest.LogCaptureFixture) -> None:
    async with announced(8765, name=GYM, tls=False, auth="none"):
        avahi.stop()
        avahi.start()
        await soon(lambda: caplog.text.count(f"announced as {GYM}") == 2)
        async with browsing() as browser:
            await soon(lambda: GYM in browser.found)
        avahi.stop()
    # Nothing is left to say good-bye to.
    assert "avahi-daemon is gone" in caplog.text


def test_the_service_file_for_a_pi_says_the_same_as_the_server() -> None:
    root = ElementTree.parse(ROOT / "systemd" / "paces-live.avahi.service").getroot()  # noqa: S314 - our own
    service = root.find("service")
    assert service is not None
    assert service.findtext("type") == SERVICE
    text = dict(record.text.split("=", 1) for record in service.iter("txt-record") if record.text)
    known = records(tls=False, auth="token")
    # The version changes with the program, and the file does not.
    assert text == {key: value for key, value in known.items() if key != "version"}
