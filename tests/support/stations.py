"""Servers of stations on this machine, which misbehave as real ones do, and what a source hears of them."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paces_live.events import Track
from paces_live.sources import RadioSource
from tests.support.encoded import mp3
from tests.support.sources import message_of

RATE = 22_050
"""Sample rate of what is heard, Hz."""
SECONDS = 3.0
"""Length of the sound of a station, seconds."""
AUDIO = "Content-Type: audio/mpeg"


def tone(frequency: float = 441.0, seconds: float = SECONDS, rate: int = 44_100) -> NDArray[np.float32]:
    """Return a sine of full scale 0.3."""
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def sound(frequency: float = 441.0, seconds: float = SECONDS) -> bytes:
    """Return a sine as a station sends it."""
    return mp3(tone(frequency, seconds), 44_100)


def frequency(samples: NDArray[np.float32]) -> float:
    """Return the strongest frequency in the middle of `samples`, Hz."""
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    return float(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle))))) * RATE / len(middle))


@dataclass
class Request:
    """What a client asked for."""

    path: str
    headers: dict[str, str]


class Connection:
    """A connection of a client, as an answer uses it."""

    def __init__(self, raw: socket.socket, request: Request, closing: threading.Event) -> None:
        self.request = request
        self.closing = closing
        self._raw = raw

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._raw.sendall(data)

    def head(self, *headers: str, status: str = "HTTP/1.0 200 OK") -> None:
        """Send the beginning of a response."""
        self.send("".join(f"{line}\r\n" for line in (status, *headers, "")).encode())

    def hold(self) -> None:
        """Keep the connection open and say nothing, until the test ends."""
        self.closing.wait(20.0)


Answer = Callable[[Connection], None]


def plays(data: bytes, *headers: str, status: str = "HTTP/1.0 200 OK", holds: bool = True) -> Answer:
    """Return an answer that sends `data`, and keeps the connection open if it `holds`."""

    def answer(connection: Connection) -> None:
        connection.head(*headers, status=status)
        connection.send(data)
        if holds:
            connection.hold()

    return answer


def gives(data: bytes | str, kind: str = "text/plain") -> Answer:
    """Return an answer that sends a whole file."""
    content = data.encode() if isinstance(data, str) else data
    return plays(content, f"Content-Type: {kind}", f"Content-Length: {len(content)}", holds=False)


def guarded(answer: Answer, authorization: str = "Basic bWU6c2FmZQ==") -> Answer:
    """Return an answer that wants a password: me, safe."""

    def checked(connection: Connection) -> None:
        if connection.request.headers.get("authorization") == authorization:
            answer(connection)
            return
        headers = ('WWW-Authenticate: Basic realm="x"', "Content-Length: 0")
        plays(b"", *headers, status="HTTP/1.1 401 Unauthorized", holds=False)(connection)

    return checked


def leads_to(location: str, status: str = "HTTP/1.1 302 Found") -> Answer:
    """Return an answer that sends the client elsewhere."""
    return plays(b"", f"Location: {location}", "Content-Length: 0", status=status, holds=False)


def with_titles(data: bytes, interval: int, *fields: bytes) -> bytes:
    """Return sound with fields between its bytes: each after the next `interval` bytes, then none."""
    parts, left = [], list(fields)
    for start in range(0, len(data), interval):
        part = data[start : start + interval]
        parts.append(part)
        if len(part) == interval:
            words = left.pop(0) if left else b""
            units = -(-len(words) // 16)
            parts += [bytes([units]), words.ljust(16 * units, b"\0")]
    return b"".join(parts)


@dataclass
class Server:
    """A server; `answers` has what it does for each path, any other is not found."""

    port: int
    host: str = "127.0.0.1"
    scheme: str = "http"
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str, user: str = "") -> str:
        """Return the address of `path`."""
        return f"{self.scheme}://{user and user + '@'}{self.host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for."""
        return [request.path for request in self.requests]


@contextmanager
def serving(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Give a server that runs meanwhile."""
    closing = threading.Event()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        server = Server(listening.getsockname()[1], f"[{host}]" if ":" in host else host, "https" if tls else "http")
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                raw, _ = listening.accept()
                if closing.is_set():
                    raw.close()
                    return
                threads.append(threading.Thread(target=talk, args=(raw,)))
                threads[-1].start()

        def talk(raw: socket.socket) -> None:
            with suppress(OSError), tls.wrap_socket(raw, server_side=True) if tls else raw as connected:
                request = _request(connected)
                server.requests.append(request)
                missing = plays(b"", "Content-Length: 0", status="HTTP/1.1 404 Not Found", holds=False)
                path = request.path.partition("?")[0]
                server.answers.get(path, missing)(Connection(connected, request, closing))

        threads.append(threading.Thread(target=accept))
        threads[0].start()
        try:
            yield server
        finally:
            closing.set()
            socket.create_connection((host, server.port)).close()
            for thread in threads:
                thread.join()


def _request(raw: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data and (chunk := raw.recv(4096)):
        data += chunk
    first, *lines = data.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
    return Request(first.split(" ")[1] if " " in first else "", headers)


@dataclass
class Heard:
    """What came of a source: samples, its tracks and the messages of its conditions, each once."""

    samples: NDArray[np.float32]
    tracks: list[Track | None]
    messages: list[str]

    @property
    def seconds(self) -> float:
        """How much sound it is."""
        return len(self.samples) / RATE

    @property
    def captions(self) -> list[str | None]:
        """The captions of its tracks."""
        return [None if track is None else track.caption for track in self.tracks]


def hear(address: str, seconds: float = 2.0, *, within: float = 15.0) -> Heard:
    """Hear `seconds` of sound at an address, or all if there is less."""
    heard = Heard(np.empty(0, np.float32), [], [])
    blocks = RadioSource(address, RATE).blocks()
    deadline = time.monotonic() + within
    for block in blocks:
        assert time.monotonic() < deadline, f"only {heard.seconds:.1f} s of sound came"
        heard.samples = np.concatenate([heard.samples, block.samples])
        if len(block.samples) and block.track not in heard.tracks[-1:]:
            heard.tracks.append(block.track)
        if (message := message_of(block)) and message not in heard.messages:
            heard.messages.append(message)
        if heard.seconds >= seconds:
            break
    blocks.close()
    return heard
