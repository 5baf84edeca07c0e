"""HTTP connections with limits: on time and on size until a request is complete, and on their number."""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_S = 10.0
"""Time that a client has to send the head of a request, seconds."""
HEAD_BYTES = 1 << 15
"""Size of the largest head of a request, bytes."""
MOST_CONNECTIONS = 4096
"""Connections at a time; more are closed at once."""
UNREAD_BYTES = 1 << 16
"""Bytes that the system keeps for a client that does not read; it would keep megabytes."""
UNREAD_S = 30
"""Time after which the system gives up a connection whose other side takes nothing, seconds."""


class Connection(HttpToolsProtocol):
    """A connection whose client has to say what it wants, shortly and soon."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * UNREAD_S)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._begin_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head_bytes > HEAD_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Begin a request; the application may break off its connection."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {"paces_live.abort": self.transport.abort}

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        self._in_time()
        super().on_headers_complete()

    def _begin_head(self) -> None:
        self._head_bytes = 0
        self._deadline = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
