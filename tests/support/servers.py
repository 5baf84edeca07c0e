"""Real servers on 127.0.0.1, each in a thread of this process."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from paces_live.analysis.classifier import Classifier
from paces_live.inputs import Input
from paces_live.match import Listener
from paces_live.server.app import create_app
from paces_live.server.backend import Backend, Limits, Own
from paces_live.server.control import Inputs
from paces_live.server.library import SharedLibrary
from paces_live.server.serve import Port, Server, listen_on
from paces_live.session import SessionConfig, Source
from tests.support.schemas import validated
from tests.support.sessions import only

PATIENCE_S = 20.0


@dataclass
class Served:
    """A server that runs."""

    port: int
    backend: Backend

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.address + path, timeout=PATIENCE_S, trust_env=False, **options)

    def websocket(self, path: str, **options: Any) -> ClientConnection:
        address = f"ws://127.0.0.1:{self.port}{path}"
        client: ClientConnection = connect(address, proxy=None, compression=None, max_queue=None, **options)
        return client

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)


@contextmanager
def serving(
    source: Source | Callable[[], Source] | None = None,
    classifier: Classifier | None = None,
    *,
    limits: Limits | None = None,
    endless: bool = False,
    share: str = "readings",
    inputs: Inputs | None = None,
    library: SharedLibrary | None = None,
) -> Iterator[Served]:
    """Serve `source` as the machine's input, judged by a classifier that finds 84 and 168 compatible."""
    own = None if source is None else Own(lambda: Input(_source(source)), endless=endless)
    backend = Backend(classifier or only(84.0, 168.0), Listener(), own, config=SessionConfig(), limits=limits)
    app = create_app(backend, inputs, library)

    async def shared(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["share"] = share
        await app(scope, receive, send)

    listening = listen_on("127.0.0.1", 0)
    server = Server(shared, [Port(listening)], on_stop=backend.close)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        served = Served(listening.getsockname()[1], backend)
        eventually(lambda: served.get("/v1/health").status_code == 200)
        yield served
    finally:
        server.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def _source(given: Source | Callable[[], Source]) -> Source:
    return given() if callable(given) else given


def eventually(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + patience_s
    while True:
        with suppress(httpx.TransportError):
            if condition():
                return
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.01)


def messages(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the messages in the lines of server-sent events, each validated, with their ids as ``id``."""
    number = ""
    for line in lines:
        if line.startswith("id: "):
            number = line[4:]
        elif line.startswith("data: "):
            yield validated(line[6:]) | {"id": number}


def hello(**options: Any) -> str:
    """Return the hello of a sender."""
    return json.dumps({"type": "audio-start", "rate": 48_000, "width": 2, "channels": 1} | options)


def received(socket: ClientConnection, kind: str = "") -> dict[str, Any]:
    """Return the next message, or the next one of a type, after validating all."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        record = validated(str(socket.recv(max(0.0, deadline - time.monotonic()))))
        if kind in ("", record["type"]):
            return record
