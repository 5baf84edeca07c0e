"""Connections whose waits have limits and can be stopped, and that know how SHOUTcast servers begin."""

import functools
import io
import select
import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any

TIMEOUT_S = 10.0
"""Time without data after which a server is gone, and time that all headers may take, seconds."""
POLL_S = 0.2
"""Time after which a wait for data notices that it should end, seconds."""


class Plain(urllib.request.HTTPHandler):
    """Connects by HTTP."""

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__()
        self._stopping = stopping

    def http_open(self, request: urllib.request.Request) -> HTTPResponse:
        """Return the response to `request`."""
        return self.do_open(_connection(HTTPConnection, self._stopping), request)


class Secure(urllib.request.HTTPSHandler):
    """Connects by HTTPS."""

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__()
        self._stopping = stopping

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        """Return the response to `request`."""
        return self.do_open(_connection(HTTPSConnection, self._stopping), request)


def _connection(kind: type[HTTPConnection], stopping: threading.Event) -> Callable[..., HTTPConnection]:
    """Return a function that makes a connection whose responses are ours."""

    def connection(host: str, **options: Any) -> HTTPConnection:
        made = kind(host, **options)
        made.response_class = functools.partial(_Response, stopping)  # type: ignore[assignment]
        return made

    return connection


class _Response(HTTPResponse):
    """A response whose waits have limits and can be stopped."""

    def __init__(self, stopping: threading.Event, sock: socket.socket, **options: Any) -> None:
        super().__init__(sock, **options)
        self._wire = _Wire(sock, self.fp, stopping)
        self.fp = io.BufferedReader(self._wire)

    def begin(self) -> None:
        """Read the headers."""
        super().begin()
        self._wire.headers_are_read()


class _Wire(io.RawIOBase):
    """The bytes of a socket; ``ICY 200 OK``, as SHOUTcast servers begin, becomes what it means: HTTP/1.0."""

    def __init__(self, sock: socket.socket, file: Any, stopping: threading.Event) -> None:
        self._socket = sock
        self._file = file  # keeps the socket open
        self._stopping = stopping
        self._until: float | None = time.monotonic() + TIMEOUT_S
        self._is_new = True

    def headers_are_read(self) -> None:
        """Limit the time without data from now on, no longer the whole time."""
        self._until = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes; none at the end, or if the source should stop."""
        if self._is_new:
            start = self._start()
            # The buffer that reads this is larger by far.
            buffer[: len(start)] = start
            return len(start)
        return self._received(buffer)

    def close(self) -> None:
        """Let the socket go."""
        self._file.close()
        super().close()

    def _start(self) -> bytes:
        start, byte = b"", bytearray(1)
        while start == b"ICY "[: len(start)] and len(start) < 4 and self._received(byte):
            start += byte
        self._is_new = False
        return b"HTTP/1.0 " if start == b"ICY " else start

    def _received(self, buffer: Any) -> int:
        until = time.monotonic() + TIMEOUT_S if self._until is None else self._until
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while not self._stopping.is_set():
            # What TLS has decoded already does not make the socket readable.
            is_ready = getattr(self._socket, "pending", int)() or poll.poll(POLL_S * 1000)
            if time.monotonic() > until:
                raise TimeoutError
            if is_ready:
                return self._socket.recv_into(buffer)
        return 0
