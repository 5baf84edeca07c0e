"""Tracks from a real MPD, and its addresses."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import soundfile

from paces_live.events import Track
from paces_live.now_playing.providers import watcher_of
from tests.support.players import Mpd, free_port, label, mpd_daemon, until

__all__ = ["mpd_daemon"]


def test_mpd_reports_what_it_plays(mpd_daemon: Mpd) -> None:
    with mpd_daemon.client() as client, watcher_of(f"mpd:{mpd_daemon.socket}") as watcher:
        client.play(0)
        until(lambda: label(watcher) == "The Steps - One")
        assert watcher.track is not None
        assert watcher.track.genre == "Jazz"
        client.next()
        until(lambda: label(watcher) == "The Steps - Two")
        client.next()
        until(lambda: label(watcher) == "Nameless tune")
        client.pause(1)
        until(lambda: label(watcher) is None)
        client.pause(0)
        until(lambda: label(watcher) == "Nameless tune")
        client.kill()
        until(lambda: label(watcher) is None and watcher.condition is not None)


class Station(ThreadingHTTPServer):
    """A station that announces its own name, and what it plays once `plays` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StationHandler)
        self.plays = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}/stream.mp3"


class StationHandler(BaseHTTPRequestHandler):
    server: Station

    def do_GET(self) -> None:
        file = io.BytesIO()
        soundfile.write(file, 0.1 * np.sin(np.arange(44_100) / 9.0), 44_100, format="MP3")
        sound = file.getvalue()
        self.send_response(200)
        for name, value in (("Content-Type", "audio/mpeg"), ("icy-name", "Radio X"), ("icy-metaint", str(len(sound)))):
            self.send_header(name, value)
        self.end_headers()
        for number, name in enumerate([*3 * ["Radio X"], *5 * ["The Steps - One"]]):
            if number == 3:
                self.server.plays.wait(20.0)
            title = f"StreamTitle='{name}';".encode()
            blocks = -(-len(title) // 16)
            self.wfile.write(sound + bytes([blocks]) + title.ljust(16 * blocks, b"\0"))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def station() -> Iterator[Station]:
    with Station() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.plays.set()
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_the_name_of_a_station_is_no_title(mpd_daemon: Mpd, station: Station) -> None:
    with mpd_daemon.client() as client, watcher_of(f"mpd:{mpd_daemon.socket}") as watcher:
        client.clear()
        client.add(station.address)
        client.play(0)
        until(lambda: client.currentsong().get("title") == "Radio X")
        assert client.currentsong()["name"] == "Radio X"
        station.plays.set()
        # Not even for a moment is its name the track.
        until(lambda: watcher.track is not None)
        assert watcher.track == Track(title="The Steps - One", location=station.address)
        client.stop()


def test_an_mpd_that_does_not_answer_is_a_condition() -> None:
    pytest.importorskip("mpd")
    port = free_port()
    with watcher_of(f"mpd:localhost:{port}") as watcher:
        until(lambda: watcher.condition is not None)
        assert watcher.condition is not None
        assert watcher.condition.message == (
            f"no track: MPD at localhost:{port} does not answer (Connection refused), trying again every 5 s"
        )


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("", {}, ("localhost", 6600, None)),
        ("", {"MPD_HOST": "p@ss@box", "MPD_PORT": "6601"}, ("box", 6601, "p@ss")),
        ("box", {"MPD_HOST": "secret@other"}, ("box", 6600, None)),
        ("box:6602", {"MPD_PORT": "6601"}, ("box", 6602, None)),
        ("[::1]:6602", {}, ("::1", 6602, None)),
        ("[::1]", {}, ("::1", 6600, None)),
        ("/run/mpd/socket", {}, ("/run/mpd/socket", 6600, None)),
    ],
)
def test_addresses_of_mpd(
    text: str, environment: dict[str, str], expected: tuple[str, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mpd")
    from paces_live.now_playing.mpd import Address

    for name in ("MPD_HOST", "MPD_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    address = Address.parse(text)
    assert (address.host, address.port, address.password) == expected
