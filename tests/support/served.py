"""An ASGI app behind a real web server on this machine."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def served(app: Any, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **options: Any) -> Iterator[int]:
    """Serve an app as `paces-live serve` does, in a thread; give the port."""
    if tls:
        options["ssl_context_factory"] = lambda *_: tls
    config = uvicorn.Config(
        app,
        loop="asyncio",
        ws="websockets-sansio",
        ws_max_size=65536,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
        **options,
    )
    server = uvicorn.Server(config)
    with socket.create_server((host, 0), backlog=2048) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def raw(port: int, data: bytes, *, wait_s: float = 5.0) -> bytes:
    """Send bytes to a server, and return what it answers until it closes or says nothing more."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as connection:
        connection.sendall(data)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes, or says nothing for as long as the socket waits."""
    answer = b""
    try:
        while data := connection.recv(65536):
            answer += data
    except (TimeoutError, ConnectionResetError):
        pass
    return answer
