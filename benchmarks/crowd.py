"""Many clients of a server in one process: senders of audio on WebSockets, and listeners to server-sent events.

It speaks the protocols on plain sockets, with messages that are made once, because a client library would take more of
the two cores than the server that is measured.
"""

import base64
import json
import os
import re
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from paces_live.demo import excerpt
from paces_live.sources import FileSource

RATE = 44_100
"""Sample rate of what is sent, Hz."""
FRAME_S = 0.1
"""Length of a message of audio, seconds."""
_TIME = re.compile(rb'"type": "reading", "t": ([0-9.]+)')
_DROPPED = re.compile(rb'"dropped_s": ([0-9.]+)')


@dataclass
class Counts:
    """What a crowd has seen.

    Attributes
    ----------
    latencies : list of float
        Time from the last sample of a reading to its arrival, seconds, one for each reading and client.
    refused : int
        Clients that got no answer, or were sent away.
    dropped_s : float
        Audio that the server reports as lost, seconds, of all streams.
    late_s : float
        How late the crowd itself has sent at worst, seconds: if it is large, the machine measures itself.
    """

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    dropped_s: float = 0.0
    late_s: float = 0.0


def audio_messages() -> list[bytes]:
    """Return the bundled excerpt as binary messages of a client, to be sent again and again."""
    samples = np.concatenate([block.samples for block in FileSource(excerpt(), RATE, fast=True).blocks()])
    pcm = (samples.clip(-1.0, 1.0) * 32767).astype("<i2")
    size = round(FRAME_S * RATE)
    whole = len(pcm) - len(pcm) % size
    return [_masked(0x82, pcm[at : at + size].tobytes()) for at in range(0, whole, size)]


def _masked(opcode: int, payload: bytes) -> bytes:
    """Return a WebSocket message of a client; its mask is zero, so that the payload stays as it is."""
    size = len(payload)
    head = struct.pack("!BB", opcode, 0x80 | size) if size < 126 else struct.pack("!BBH", opcode, 0x80 | 126, size)
    return head + bytes(4) + payload


class Sender:
    """A client that sends audio; `begun` is when its first sample was taken."""

    def __init__(self, port: int) -> None:
        self.begun = 0.0
        self._rest = b""
        self.sent = 0
        self.socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /v1/audio HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.socket.recv(4096):
            pass
        hello = {"type": "audio-start", "rate": RATE, "width": 2, "channels": 1, "target": 165}
        self.socket.sendall(_masked(0x81, json.dumps(hello).encode()))

    @property
    def due(self) -> float:
        """When the next message is complete."""
        return self.begun + (self.sent + 1) * FRAME_S

    def frames(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages of the server that `data` completes; answer pings."""
        self._rest += data
        while len(self._rest) >= 4:
            size, head = self._rest[1], 2
            if size == 126:
                size, head = int.from_bytes(self._rest[2:4]), 4
            if len(self._rest) < head + size:
                return
            opcode, payload = self._rest[0], self._rest[head : head + size]
            self._rest = self._rest[head + size :]
            if opcode == 0x89:
                self.socket.sendall(_masked(0x8A, payload))
            else:
                yield payload


class Crowd:
    """Clients of a server, and what they see.

    Parameters
    ----------
    port : int
        Of the server, on this machine.
    senders, listeners : int
        How many; the listeners follow the stream of the first sender.
    """

    def __init__(self, port: int, senders: int, listeners: int = 0) -> None:
        self.counts = Counts()
        self._messages = audio_messages()
        self._selector = selectors.DefaultSelector()
        self._senders = [Sender(port) for _ in range(senders)]
        for sender in self._senders:
            sender.socket.setblocking(False)
            self._selector.register(sender.socket, selectors.EVENT_READ, sender)
        self._listeners = [self._listener(port) for _ in range(listeners)]
        begin = time.monotonic()
        for number, sender in enumerate(self._senders):
            # As in life, their seconds begin at different moments.
            sender.begun = begin + number / senders

    def _listener(self, port: int) -> socket.socket:
        first = self._senders[0]
        if not hasattr(self, "_stream"):
            first.socket.setblocking(True)
            answer = b""
            while not (found := re.search(rb'"welcome", "stream": "([^"]+)"', answer)):
                answer += first.socket.recv(4096)
            first.socket.setblocking(False)
            self._stream = found[1].decode()
        listener = socket.create_connection(("127.0.0.1", port))
        listener.sendall(f"GET /v1/streams/{self._stream}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, first)
        return listener

    def run(self, seconds: float, *, heard_by: str = "senders") -> None:
        """Send and listen for a time; readings that reach the senders count, or else the listeners."""
        counted = {"senders": self._is_sender, "listeners": self._is_listener}[heard_by]
        end = time.monotonic() + seconds
        for now in self._ticks(end):
            for sender in self._senders:
                while sender.due <= now:
                    self.counts.late_s = max(self.counts.late_s, now - sender.due)
                    self._send(sender)
            for key, _ in self._selector.select(0.0):
                self._take(key.fileobj, key.data, counts=counted(key))  # type: ignore[arg-type]

    def _ticks(self, end: float) -> Iterator[float]:
        while (now := time.monotonic()) < end:
            yield now
            time.sleep(0.001)

    def _is_sender(self, key: selectors.SelectorKey) -> bool:
        return key.fileobj is key.data.socket

    def _is_listener(self, key: selectors.SelectorKey) -> bool:
        return key.fileobj is not key.data.socket

    def _send(self, sender: Sender) -> None:
        message = self._messages[sender.sent % len(self._messages)]
        sender.sent += 1
        try:
            sender.socket.setblocking(True)
            sender.socket.sendall(message)
            sender.socket.setblocking(False)
        except OSError:
            self.counts.refused += 1

    def _take(self, client: socket.socket, sender: Sender, *, counts: bool) -> None:
        try:
            data = client.recv(65536)
        except OSError:
            data = b""
        arrived = time.monotonic()
        if not data:
            self.counts.refused += 1
            self._selector.unregister(client)
            return
        if client is sender.socket:
            data = b"".join(sender.frames(data))
        if not counts:
            return
        for found in _TIME.finditer(data):
            self.counts.latencies.append(arrived - (sender.begun + float(found[1])))
        for found in _DROPPED.finditer(data):
            self.counts.dropped_s = max(self.counts.dropped_s, float(found[1]))

    def close(self) -> None:
        """Leave without a word, as phones do."""
        for one in [*(sender.socket for sender in self._senders), *self._listeners]:
            one.close()
        self._selector.close()
