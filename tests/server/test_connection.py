"""Connections that ask for nothing, too much, or too slowly are closed, and others are served meanwhile."""

import socket
import time
from contextlib import ExitStack, suppress

import pytest

from paces_live.server import connection
from tests.support.servers import Served, eventually, serving


def is_closed(client: socket.socket) -> bool:
    client.settimeout(5.0)
    with suppress(ConnectionResetError):
        while client.recv(4096):
            pass
    return True


@pytest.mark.parametrize("beginning", [b"", b"GET /v1/health HTTP/1.1\r\nHost: loc", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_request_that_never_comes_is_not_waited_for(beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_S", 0.2)
    with serving() as served, served.raw() as slow:
        slow.sendall(beginning)
        assert is_closed(slow)


def test_one_byte_after_another_does_not_extend_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_S", 0.3)
    with serving() as served, served.raw() as slow:
        began = time.monotonic()
        with suppress(ConnectionError):
            for byte in b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 400:
                slow.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - began < 3.0  # of nine


def test_a_second_request_on_a_connection_has_the_same_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_S", 0.2)
    with serving() as served, served.raw() as slow:
        slow.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(4096).startswith(b"HTTP/1.1 200")
        slow.sendall(b"GET /v1/hea")
        assert is_closed(slow)


def test_a_head_without_an_end_is_not_kept() -> None:
    with serving() as served, served.raw() as client:
        sent = 0
        with suppress(ConnectionError):
            while sent < 100_000_000:
                sent += client.send(b"GET / HTTP/1.1\r\n" if not sent else b"X-Long: " + b"x" * 4000 + b"\r\n")
        assert sent < 100_000_000
        assert served.get("/v1/health").status_code == 200


@pytest.mark.parametrize(
    "noise", [b"\0" * 100, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HELO x\r\n\r\n", b"GET /\r\n\r\n"]
)
def test_what_is_no_http_is_refused(noise: bytes) -> None:
    with serving() as served, served.raw() as client:
        client.sendall(noise)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(4096)[:12] in (b"HTTP/1.1 400", b"")
        assert served.get("/v1/health").status_code == 200


@pytest.mark.slow
def test_ten_thousand_half_open_connections_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # As many as this machine lets one process have, in rounds that each exceed the limit of the server.
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 200)
    monkeypatch.setattr(connection, "REQUEST_S", 1.0)
    with serving() as served:
        opened = 0
        while opened < 10_000:
            with ExitStack() as stack:
                for _ in range(400):
                    client = stack.enter_context(served.raw())
                    client.sendall(b"GET / HTTP/1.1\r\n")
                opened += 400
                eventually(lambda: connections(served) <= 200)
        eventually(lambda: served.get("/v1/health").status_code == 200)


def connections(served: Served) -> int:
    """Return how many connections to the server are open, by the table of the system."""
    local = f":{served.port:04X} "
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - no file
        return sum(local in line[:21] and line.split()[3] == "01" for line in table)
