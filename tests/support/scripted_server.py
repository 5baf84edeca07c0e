"""A server that does to each connection what a script says: what no real server would do."""

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from paces_live.events import Event
from paces_live.match import Listener
from paces_live.render.json_lines import event_line
from tests.support.schemas import validated

Script = Callable[[socket.socket], None]
"""What happens to a connection after its request was read; it is closed afterwards."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class ScriptedServer:
    """Takes one connection after another, each with the next of its scripts; the last one holds for all that follow.

    Parameters
    ----------
    *scripts : callable
    tls : ssl.SSLContext, optional
        With its certificate.

    Attributes
    ----------
    requests : list of str
        The heads of the requests, in lower case.
    """

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._scripts = list(scripts)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.requests: list[str] = []

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._socket, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5.0)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                with suppress(OSError):
                    if self._tls:
                        connection = self._tls.wrap_socket(connection, server_side=True)
                        self._open.append(connection)
                    head = b""
                    # As any server does, it answers at once what is no HTTP, such as a greeting of TLS.
                    while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):
                        if not (data := connection.recv(65536)):
                            break
                        head += data
                    self.requests.append(head.decode(errors="replace").lower())
                    script(connection)
                connection.close()


def sent(*parts: bytes, then: Script = lambda _: None) -> Script:
    """Return the script that sends `parts`, and then does `then`."""

    def script(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        then(connection)

    return script


def held(connection: socket.socket) -> None:
    """Send nothing more until the other side leaves."""
    while connection.recv(65536):
        pass


def answer(status: str, body: str = "", *headers: str) -> Script:
    """Return the script that answers with a status such as ``404 Not Found``."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers, "", body]
    return sent("\r\n".join(lines).encode())


def message(record: dict[str, Any] | Event, id: str = "") -> bytes:  # noqa: A002 - what the protocol calls it
    """Return a record or an event as a message."""
    line = json.dumps(record) if isinstance(record, dict) else event_line(record, Listener(), rejected=True)
    return (f"id: {id}\n" * bool(id) + f"data: {line}\n\n").encode()


def snapshot(
    *songs: Event,
    start: Event | None = None,
    reading: Event | None = None,
    resumed: bool = False,
    state: str = "open",
    id: str = "a-1",  # noqa: A002 - what the protocol calls it
) -> bytes:
    """Return the first message of a connection."""

    def plain(one: Event | None) -> Any:
        return one and json.loads(event_line(one, Listener(), rejected=True))

    stream = {"id": "main", "input": "mic", "state": state, "listeners": 1, "target": 165.0, "tolerance": 0.05}
    record = {"type": "snapshot", "stream": stream, "start": plain(start), "reading": plain(reading)}
    record |= {"songs": [plain(one) for one in songs], "resumed": resumed}
    return message(validated(json.dumps(record)), id)
