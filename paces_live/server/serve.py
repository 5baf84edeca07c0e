"""Runs the application on one or two ports: uvicorn, with our limits, until it is asked to stop."""

import asyncio
import logging
import resource
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from paces_live.errors import ServerError, reason
from paces_live.server.connection import Connection
from paces_live.server.websocket import FRAME_BYTES

_log = logging.getLogger(__name__)

SOCKETS = 8192
"""Sockets and files that may be open."""
BACKLOG = 2048
"""Connections that may wait to be accepted."""
GOODBYE_S = 3
"""Time that clients have to take what waits for them when the server stops, whole seconds."""
LAST_MESSAGE_S = 0.2
"""Time in which those who follow a stream get what waits for them when the server stops, seconds."""
TICK_S = 1.0
"""Time between two updates of the date in answers, seconds."""
START_S = 0.01
"""Time between two looks whether the servers have started, seconds."""
PING_S = 20.0
"""Time between pings on a WebSocket, and the time to answer one, seconds."""


@dataclass(frozen=True, slots=True)
class Port:
    """A listening socket, and the TLS that is spoken on it, if any."""

    socket: socket.socket
    tls: ssl.SSLContext | None = None


def listen_on(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 is any that is free.

    Raises
    ------
    ServerError
        The address is not one of this machine, or the port is taken or forbidden.

    Examples
    --------
    >>> with listen_on("127.0.0.1", 0) as listening:
    ...     listening.getsockname()[0]
    '127.0.0.1'
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6 and host == "::":
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        raise ServerError(
            f"port {port} of {host} cannot be used: {reason(error)}",
            hint="choose another --port or --host, or --tls-port if it is that of https",
        ) from None
    return listening


class Server:
    """Serves an application until `stop`.

    Parameters
    ----------
    app : ASGI application
    ports : sequence of Port
        The lifespan of the application runs once, whatever their number.
    on_stop : callable
        Called first when the server stops, in the event loop: streams that never end have to be closed.
    """

    def __init__(self, app: Any, ports: Sequence[Port], on_stop: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._ports = ports
        self._on_stop = on_stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._stop_at_once = False

    def stop(self) -> None:
        """Stop soon, from any thread or a signal handler."""
        self._stop_at_once = True
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def run(self, beside: Callable[[], Awaitable[None]] | None = None) -> None:
        """Serve until `stop` is called; `beside` runs in the same event loop, and is cancelled at the end."""
        _allow_sockets()
        # uvloop takes a third of the time of asyncio's own loop. Not every system has a wheel of it.
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._run(beside))

    async def _run(self, beside: Callable[[], Awaitable[None]] | None) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        if self._stop_at_once:
            return
        servers = [_Uvicorn(self._config(port, first=port is self._ports[0])) for port in self._ports]
        serving = [
            asyncio.create_task(server.serve(sockets=[port.socket]))
            for server, port in zip(servers, self._ports, strict=True)
        ]
        others = [asyncio.create_task(_once_started(servers, beside))] if beside else []
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([stopping, *serving, *others], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._on_stop()
            for task in [stopping, *others]:
                task.cancel()
            # They say good-bye to whom they know.
            await asyncio.gather(*others, return_exceptions=True)
            # uvicorn would close the connections of those who have not had their last message.
            await asyncio.sleep(LAST_MESSAGE_S)
            # The application's lifespan belongs to the first: it ends last.
            for server, task in reversed(list(zip(servers, serving, strict=True))):
                server.stop()
                await task
        for task in others:
            if task.done() and not task.cancelled():
                task.result()

    def _config(self, port: Port, *, first: bool) -> uvicorn.Config:
        config = uvicorn.Config(
            self._app,
            http=Connection,
            ws="websockets-sansio",
            ws_max_size=FRAME_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            lifespan="on" if first else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=GOODBYE_S,
        )
        config.load()
        config.ssl = port.tls
        return config


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _allow_sockets() -> None:
    """Raise the number of sockets that this process may open, as far as the system lets it: a shell gives 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SOCKETS if hard == resource.RLIM_INFINITY else min(hard, SOCKETS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Uvicorn(uvicorn.Server):
    """A server that wakes once a second instead of ten times: a Pi with a microphone has better things to do."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Stop soon; in the event loop."""
        self.should_exit = True
        self._stopped.set()

    async def main_loop(self) -> None:
        """Keep the date of the answers up to date until `stop`."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._stopped.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command line."""
        yield


async def _once_started(servers: Sequence[uvicorn.Server], beside: Callable[[], Awaitable[None]]) -> None:
    """Run `beside` as soon as all `servers` take connections, and wait for ever after it."""
    while not all(server.started for server in servers):
        await asyncio.sleep(START_S)
    await beside()
    await asyncio.Event().wait()
