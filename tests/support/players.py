"""Players for tests of titles: a private D-Bus with fake ones on it, and a real Music Player Daemon.

Nothing of the user's session is touched.
"""

import asyncio
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from paces_live.now_playing.watcher import Watcher

READY_S = 20.0
MPRIS = "org.mpris.MediaPlayer2"
MPRIS_PATH = "/org/mpris/MediaPlayer2"
BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
MPD = """\
bind_to_address "{folder}/mpd"
audio_output {{
    type "null"
    name "nowhere"
}}
"""


def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + READY_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("it did not come")
        time.sleep(0.01)


def label(watcher: Watcher) -> str | None:
    """Return the label of the track that `watcher` reports."""
    return watcher.track.caption if watcher.track else None


def end(process: "subprocess.Popen[Any]") -> None:
    """End a daemon of ours."""
    process.terminate()
    process.wait(READY_S)


class Bus:
    """A private bus, and an event loop in its own thread for the players on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.connections: list[Any] = []
        self.address = f"unix:path={folder}/bus"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        (folder / "bus.conf").write_text(BUS.format(folder=folder), "utf-8")
        self.start()

    def start(self) -> None:
        """Start the daemon."""
        command = ["dbus-daemon", f"--config-file={self._folder / 'bus.conf'}", "--nofork", "--nopidfile"]
        self._daemon = subprocess.Popen([*command, "--print-address"], stdout=subprocess.PIPE, text=True)
        assert self._daemon.stdout
        # It says so when it listens.
        assert self._daemon.stdout.readline().startswith(self.address)

    def stop(self) -> None:
        """End the daemon, and the players' connections before."""
        for connection in self.connections:
            self.call(connection.disconnect)
        self.connections.clear()
        end(self._daemon)
        assert self._daemon.stdout
        self._daemon.stdout.close()

    def close(self) -> None:
        """End everything."""
        if self._daemon.poll() is None:
            self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, what: Callable[..., Any], *values: Any) -> None:
        """Call `what` on the players' loop."""

        async def called() -> None:
            what(*values)

        self.do(called())

    def connect(self, name: str, path: str, interface: Any) -> Any:
        """Put a player on the bus, at a connection of its own that has the name; return the connection."""
        return self.do(self._connect(name, path, interface))

    def signal(self, connection: Any, path: str, member: str, signature: str, body: list[Any]) -> None:
        """Let a player send a signal of the properties interface."""
        from dbus_fast import Message

        message = Message.new_signal(path, "org.freedesktop.DBus.Properties", member, signature, body)
        self.call(connection.send, message)

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run `what` on the players' loop; return what it returns."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(READY_S)

    async def _connect(self, name: str, path: str, interface: Any) -> Any:
        from dbus_fast.aio import MessageBus

        connection = await MessageBus(bus_address=self.address).connect()
        connection.export(path, interface)
        await connection.request_name(name)
        self.connections.append(connection)
        return connection


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """Run a private bus, which is both the session's and the system's for one test."""
    pytest.importorskip("dbus_fast", reason="dbus-fast is not installed")
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed: apt install dbus")
    # Not pytest's tmp_path: the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="paces-") as name:
        private = Bus(Path(name))
        for variable in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"):
            monkeypatch.setenv(variable, private.address)
        try:
            yield private
        finally:
            private.close()


Fields = dict[str, str | list[str] | int]


def mpris_player(state: str, **track: str | list[str] | int) -> Any:
    """Return an MPRIS player for a bus, which `change` (state, track) changes.

    A field without a namespace is one of ``xesam``.
    """
    return _player(("org.mpris.MediaPlayer2.Player", "PlaybackStatus", "Metadata"), "xesam:", state, track)


def bluetooth_player(state: str, **track: str | list[str] | int) -> Any:
    """Return the player of a phone, as BlueZ puts it on a bus, which `change` (state, track) changes."""
    return _player(("org.bluez.MediaPlayer1", "Status", "Track"), "", state, track)


def _player(names: tuple[str, str, str], prefix: str, state: str, track: Fields) -> Any:
    """Return a player with the interface, and the two properties, of these names."""
    from dbus_fast import Variant
    from dbus_fast.annotations import DBusDict, DBusStr
    from dbus_fast.constants import PropertyAccess
    from dbus_fast.service import ServiceInterface, dbus_property

    signatures = {str: "s", list: "as", int: "x"}

    def described(fields: Fields) -> dict[str, Variant]:
        return {
            name if ":" in name else f"{prefix}{name}": Variant(signatures[type(value)], value)
            for name, value in fields.items()
        }

    class Player(ServiceInterface):
        def __init__(self) -> None:
            super().__init__(names[0])
            self.state, self.fields = state, described(track)

        @dbus_property(access=PropertyAccess.READ, name=names[1])
        def status(self) -> DBusStr:
            return self.state

        @dbus_property(access=PropertyAccess.READ, name=names[2])
        def track(self) -> DBusDict:
            return self.fields

        def change(self, state: str, track: Fields | None = None) -> None:
            """Change, and signal the change; without a track, keep the old one."""
            changed: dict[str, Any] = {names[1]: state}
            self.state = state
            if track is not None:
                self.fields = changed[names[2]] = described(track)
            self.emit_properties_changed(changed)

    return Player()


def tagged(path: Path, *, seconds: float = 30.0, **tags: str) -> Path:
    """Write a quiet FLAC file with `tags`."""
    rate = 8000
    soundfile.write(path, 0.01 * np.sin(np.arange(round(seconds * rate)) / 7.0), rate)
    file = FLAC(path)
    file.update(tags)
    file.save()
    return path


@dataclass(frozen=True)
class Mpd:
    """A running daemon: its socket, and its music, which is two songs with tags and one without."""

    socket: Path
    songs: tuple[str, str, str] = ("one.flac", "two.flac", "Nameless tune.flac")

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Give a connected client."""
        import mpd

        client = mpd.MPDClient()
        client.connect(str(self.socket))
        try:
            yield client
        finally:
            client.disconnect()


@pytest.fixture
def mpd_daemon() -> Iterator[Mpd]:
    """Run a Music Player Daemon of our own, which plays to nowhere."""
    pytest.importorskip("mpd", reason="python-mpd2 is not installed")
    if shutil.which("mpd") is None:
        pytest.skip("mpd is not installed: apt install mpd")
    with tempfile.TemporaryDirectory(prefix="paces-") as name:
        folder = Path(name)
        private = Mpd(folder / "mpd")
        tagged(folder / private.songs[0], artist="The Steps", title="One", genre="Jazz")
        tagged(folder / private.songs[1], artist="The Steps", title="Two")
        tagged(folder / private.songs[2])
        (folder / "mpd.conf").write_text(MPD.format(folder=name), "utf-8")
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(["mpd", "--no-daemon", str(folder / "mpd.conf")], stdout=log, stderr=log)
        try:
            until(lambda: private.socket.exists() or daemon.poll() is not None)
            if daemon.poll() is not None:
                pytest.fail(f"mpd did not start: {(folder / 'log').read_text()}")
            with private.client() as client:
                for song in private.songs:
                    client.add(f"file://{folder / song}")
            yield private
        finally:
            end(daemon)


def free_port() -> int:
    """Return a TCP port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
