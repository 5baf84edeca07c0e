"""Connections whose waits have limits and can be stopped, and that know how SHOUTcast servers begin."""

import functools
import io
import re
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
_STATUS = re.compile(rb"(?:HTTP/\S*|(ICY))\s", re.IGNORECASE)
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*(:.*)", re.DOTALL)


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
        self.fp = self._head = _Head(self._wire)

    def begin(self) -> None:
        """Read the headers."""
        super().begin()
        self._head.is_read = True
        self._wire.headers_are_read()


class _Head(io.BufferedReader):
    """Bytes whose first lines are a status and headers, as servers write them.

    ``ICY 200 OK``, as SHOUTcast servers begin, becomes what it means: HTTP/1.0. A line that is no header is left out:
    `http.client` would take it for the end of the headers.

    Attributes
    ----------
    is_read : bool
        Whether what comes is no longer the head.
    """

    def __init__(self, wire: "_Wire") -> None:
        super().__init__(wire)
        self.is_read = False
        self._begun = False

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line."""
        while True:
            line = super().readline(size)
            begun, self._begun = self._begun, True
            if self.is_read or not line.strip() or line[:1] in b" \t":
                return line
            if status := _STATUS.match(line):
                return b"HTTP/1.0" + line[3:] if status[1] else b"HTTP" + line[4:]
            if header := _HEADER.match(line):
                # Within a line, a carriage return would begin another one.
                return header[1] + header[2].rstrip(b"\r\n").replace(b"\r", b" ") + b"\r\n"
            if not begun:
                return line


class _Wire(io.RawIOBase):
    """The bytes of a socket."""

    def __init__(self, sock: socket.socket, file: Any, stopping: threading.Event) -> None:
        self._socket = sock
        self._file = file  # keeps the socket open
        self._stopping = stopping
        self._until: float | None = time.monotonic() + TIMEOUT_S

    def headers_are_read(self) -> None:
        """Limit the time without data from now on, no longer the whole time."""
        self._until = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes; none at the end, or if the source should stop."""
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

    def close(self) -> None:
        """Let the socket go."""
        self._file.close()
        super().close()
