"""What is no HTTP and no WebSocket, or too much of it: the server goes on, and answers others meanwhile."""

import base64
import os
import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.server.access.app import Server, guarded
from tests.support.served import raw, received

HALF_OPEN = 600
"""Connections that never say what they want."""
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
UPGRADE = b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"


@pytest.fixture(scope="module", params=["h11", "httptools"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with a token, with each of the parsers that uvicorn has."""
    with guarded(tmp_path_factory.mktemp("token"), http=request.param) as running:
        yield running


def well(server: Server) -> bool:
    """Return whether the server serves a client that behaves, by HTTP and by WebSocket."""
    with server.follow(headers=server.bearer) as connection:
        connection.recv(5)
        connection.send(b"12345678")
        return connection.recv(5) == "8" and server.ask("/v1/streams", headers=server.bearer).status_code == 200


def authorization(server: Server) -> bytes:
    return f"Authorization: {server.bearer['Authorization']}\r\n".encode()


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(20_000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"paces-live=a.1.b; " * 100_000 + b"\r\n\r\n",
    ],
    ids=range(12),
)
def test_what_is_no_request_gets_no_answer_of_the_app(server: Server, request_: bytes) -> None:
    server.app.scopes.clear()
    answer = b""
    with suppress(BrokenPipeError, ConnectionResetError):
        answer = raw(server.port, request_, wait_s=0.5)
    assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 421", b"HTTP/1.1 431")
    assert server.app.scopes == []
    assert well(server)


def test_a_huge_body_without_the_token_is_refused_before_it_has_come(server: Server) -> None:
    head = b"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n"
    assert raw(server.port, head + bytes(100_000), wait_s=0.5).startswith(b"HTTP/1.1 401 ")
    assert well(server)


@pytest.mark.parametrize(
    "handshake",
    [
        UPGRADE + VERSION,
        UPGRADE + KEY,
        UPGRADE + KEY + b"Sec-WebSocket-Version: 12\r\n",
        UPGRADE + VERSION + b"Sec-WebSocket-Key: short\r\n",
        UPGRADE + VERSION + KEY + KEY,
        UPGRADE + VERSION + KEY + b"Sec-WebSocket-Protocol: ,,=,\r\n",
        UPGRADE + VERSION + KEY + b"X: " + b"a" * 60_000 + b"\r\n",
        UPGRADE + VERSION + KEY + b"".join(b"X-%d: a\r\n" % n for n in range(1000)),
    ],
    ids=range(8),
)
def test_a_broken_handshake_is_refused(server: Server, handshake: bytes) -> None:
    server.app.scopes.clear()
    request = b"GET /v1/audio HTTP/1.1\r\n" + authorization(server) + handshake + b"\r\n"
    answer = raw(server.port, request, wait_s=0.5)
    assert answer[:10] in (b"", b"HTTP/1.1 4")
    assert server.app.scopes == []
    assert well(server)


def open_socket(server: Server) -> socket.socket:
    """Open a WebSocket, and return its socket after the handshake and the first message."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    key = b"Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)) + b"\r\n"
    connection.sendall(b"GET /v1/audio HTTP/1.1\r\n" + authorization(server) + UPGRADE + VERSION + key + b"\r\n")
    answer = b""
    while b"}" not in answer:
        answer += connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return connection


def frame(first: int, payload: bytes, *, masked: bool = True, length: bytes | None = None) -> bytes:
    """Return a frame; `length` replaces the bytes of its length."""
    size = bytes([len(payload)]) if length is None else length
    size = bytes([size[0] | (0x80 if masked else 0)]) + size[1:]
    return bytes([first]) + size + (bytes(4) if masked else b"") + payload


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(0x82, b"1234", masked=False), 1002),
        (frame(0x83, b"1234"), 1002),
        (frame(0x8B, b"1234"), 1002),
        (frame(0xF2, b"1234"), 1002),
        (frame(0x80, b"1234"), 1002),
        (frame(0x09, b"1234"), 1002),
        (frame(0x89, bytes(126), length=b"\x7e\x00\x7e"), 1002),
        (frame(0x02, b"12") + frame(0x82, b"34"), 1002),
        (frame(0x88, b"\x00"), 1002),
        (frame(0x88, struct.pack("!H", 1006)), 1002),
        (frame(0x81, b"\xff\xfe"), 1007),
        (frame(0x82, b"", length=b"\x7f" + struct.pack("!Q", 65_537)), 1009),
        (frame(0x82, b"", length=b"\x7f" + struct.pack("!Q", 2**62)), 1009),
        (frame(0x02, bytes(65_000), length=b"\x7e" + struct.pack("!H", 65_000)) + frame(0x00, bytes(125)) * 5, 1009),
    ],
    ids=range(14),
)
def test_a_broken_or_huge_frame_closes_the_connection(server: Server, data: bytes, code: int) -> None:
    with open_socket(server) as connection:
        connection.sendall(data)
        answer = received(connection)
    closing = answer.index(b"\x88")
    assert struct.unpack_from("!H", answer, closing + 2) == (code,)
    assert well(server)


def test_a_connection_that_is_cut_in_the_middle_of_a_frame_harms_nobody(server: Server) -> None:
    for _ in range(20):
        with open_socket(server) as connection:
            connection.sendall(frame(0x82, b"", length=b"\x7e\x10\x00")[:3])
    assert well(server)


def possible() -> int:
    """Return how many connections this process can have at both ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * HALF_OPEN + 500), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(HALF_OPEN, (soft - 200) // 2)


@pytest.mark.slow
def test_half_open_connections_keep_nobody_else_waiting(tmp_path: Path) -> None:
    with guarded(tmp_path) as server, ExitStack() as stack:
        beginnings = (b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"POST /v1/session HTTP/1.1\r\nHost:")
        for number in range(possible()):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            connection.sendall(beginnings[number % len(beginnings)])
        waits = []
        for _ in range(20):
            began = time.monotonic()
            assert well(server)
            waits.append(time.monotonic() - began)
        assert sorted(waits)[10] < 1.0
        assert len(server.app.scopes) == 40
