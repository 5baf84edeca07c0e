"""A private radio station: its sound, its titles, and the loss of its connection."""

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.errors import SourceError
from paces_live.sources import Block, RadioSource, reconnect
from tests.support.sources import message_of, open_source

av = pytest.importorskip("av", reason="the extra radio is not installed")

RATE = 22_050
INTERVAL = 4_000
"""Bytes of sound between two titles."""
SECONDS = 6.0


def tone(seconds: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 441 * np.arange(round(44_100 * seconds)) / 44_100)).astype(np.float32)


def mp3(seconds: float = SECONDS) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(seconds), 44_100, format="MP3")
    return file.getvalue()


@dataclass
class Station:
    """The content that the server sends, and the requests that it got.

    A connection gets the sound, after each `INTERVAL` bytes the next title, and with `stays` no end.
    """

    sound: bytes = field(default_factory=mp3)
    titles: tuple[bytes, ...] = ()
    stays: bool = False
    length: bool = False
    kind: str = "audio/mpeg"
    asked: list[dict[str, str]] = field(default_factory=list)
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    station: Station

    def do_GET(self) -> None:
        station = self.station
        station.asked.append({name.lower(): value for name, value in self.headers.items()})
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path.startswith("/list"):
            self._answer("audio/x-mpegurl" if self.path == "/list.m3u" else "audio/x-scpls")
            prefix = "#EXTM3U\n#EXTINF:-1,x\n" if self.path == "/list.m3u" else "[playlist]\nFile1="
            self.wfile.write(f"{prefix}{station.address}/\n".encode())
            return
        self._answer(station.kind)
        titles = list(station.titles)
        for start in range(0, len(station.sound), INTERVAL):
            part = station.sound[start : start + INTERVAL]
            self.wfile.write(part)
            if station.titles and len(part) == INTERVAL:
                title = titles.pop(0) if titles else b""
                self.wfile.write(bytes([-(-len(title) // 16)]) + title.ljust(-(-len(title) // 16) * 16, b"\0"))
        self.wfile.flush()
        if station.stays:
            station.closing.wait(20.0)

    def _answer(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if self.station.titles:
            self.send_header("icy-metaint", str(INTERVAL))
        if self.station.length:
            self.send_header("Content-Length", str(len(self.station.sound)))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def station(monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(reconnect, "BACKOFF_S", (0.05, 0.1))
    private = Station()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"station": private}))
    private.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield private
    private.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_stream_gives_sound_and_tracks(station: Station) -> None:
    station.titles = (b"", "StreamTitle='Äpfel – it's fine';StreamUrl='x';".encode(), b"", b"StreamTitle='Caf\xe9';")
    station.stays = True
    source = open_source(station.address + "/live?key=secret", sample_rate=RATE)
    assert source.name == "radio:127.0.0.1/live"
    assert isinstance(source, RadioSource)
    blocks = source.blocks()
    heard = np.empty(0, np.float32)
    titles = []
    for block in blocks:
        heard = np.concatenate([heard, block.samples])
        title = block.track.title if block.track else None
        titles += [title] if title not in titles else []
        assert block.condition is None
        if len(heard) > 4 * RATE:
            break
    blocks.close()
    assert station.asked[0]["icy-metadata"] == "1"
    assert titles[0] is None
    assert titles[-2:] == ["Äpfel – it's fine", "Café"]
    middle = heard[RATE : 4 * RATE]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) / 3 == pytest.approx(441, abs=0.5)


@pytest.mark.slow
def test_a_silent_station_gives_empty_blocks_and_can_be_closed(station: Station) -> None:
    station.stays = True
    blocks = RadioSource(station.address, RATE).blocks()
    deadline = time.monotonic() + 10.0
    while len(next(blocks).samples):
        assert time.monotonic() < deadline
    blocks.close()
    assert time.monotonic() < deadline


def test_a_lost_station_is_reconnected(station: Station) -> None:
    source = RadioSource(station.address, RATE)
    blocks = source.blocks()
    before, conditions = heard_until(blocks, dropped=True)
    assert conditions == ["radio is gone, trying again in 0.05 s"]
    assert before == pytest.approx(SECONDS * RATE, abs=0.2 * RATE)
    blocks.close()
    assert len(station.asked) == 2


def heard_until(blocks: Iterator[Block], *, dropped: bool) -> tuple[int, list[str]]:
    """Return how many samples came before the first block that lost some, and the conditions until then."""
    count, conditions = 0, []
    for block in blocks:
        if (message := message_of(block)) and message not in conditions:
            conditions.append(message)
        if block.dropped and dropped:
            assert block.condition is None
            return count, conditions
        count += len(block.samples)
    pytest.fail("the station ended")


def test_a_file_on_a_server_ends(station: Station) -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(2.0), 44_100, format="WAV")
    station.sound, station.kind, station.length = file.getvalue(), "audio/wav", True
    blocks = list(RadioSource(station.address + "/song.wav", RATE).blocks())
    assert sum(len(block.samples) for block in blocks) == 2 * RATE
    assert len(station.asked) == 1


@pytest.mark.parametrize("path", ["/list.m3u", "/list.pls"])
def test_a_playlist_leads_to_its_stream(station: Station, path: str) -> None:
    station.stays = True
    blocks = RadioSource(station.address + path, RATE).blocks()
    assert len(next(block for block in blocks if len(block.samples)).samples)
    blocks.close()
    assert len(station.asked) == 2


@pytest.mark.parametrize(
    ("path", "sound", "message"),
    [
        ("/missing", b"", r"radio:127.0.0.1/missing cannot be read \(.*404.*\): check the address and the network"),
        ("/", b"<html>This is no music.</html>" * 100, "is not audio, or damaged from the start"),
    ],
)
def test_an_address_without_a_station_is_one_line(station: Station, path: str, sound: bytes, message: str) -> None:
    station.sound = sound
    with pytest.raises(SourceError, match=message) as error:
        next(RadioSource(station.address + path, RATE).blocks())
    assert "\n" not in str(error.value)


def test_an_unreachable_server_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(SourceError, match=r"Connection refused.*check the address") as error:
        next(RadioSource("http://127.0.0.1:1/", RATE).blocks())
    assert "\n" not in str(error.value)


def encode(path: Path, codec: str) -> None:
    """Write a tone with FFmpeg."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(SECONDS)[None], format="fltp", layout="mono")
        frame.sample_rate = 44_100
        context = stream.codec_context
        context.open()
        resampler = av.AudioResampler(context.format.name, "mono", 48_000, frame_size=context.frame_size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
