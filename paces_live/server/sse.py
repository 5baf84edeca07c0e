"""Server-sent events: a snapshot, then what happens; a comment if nothing does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from paces_live.server.stream import Subscription

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

RETRY_MS = 3000
"""Time after which a browser that lost its connection tries again, milliseconds."""
HEARTBEAT_S = 15.0
"""Longest time without a message, seconds; proxies cut a connection that is silent for 30 to 60."""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventResponse:
    """The answer of a request for events, as an ASGI application.

    Parameters
    ----------
    subscription : Subscription
        It is closed at the end.
    last_id : str
        The request's `Last-Event-ID`.
    """

    def __init__(self, subscription: Subscription, last_id: str = "") -> None:
        self._subscription = subscription
        self._last_id = last_id

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Send events until the client leaves, takes nothing for a while, or the stream is closed."""
        # What waits in the system for one who takes nothing would never go away by itself.
        self._subscription.on_stuck = scope.get("extensions", {}).get("paces_live.abort", self._subscription.close)
        watcher = asyncio.create_task(self._close_when_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async for text in self._texts():
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            watcher.cancel()
            self._subscription.close()

    async def _texts(self) -> AsyncIterator[str]:
        """Yield messages as the protocol of server-sent events writes them."""
        stream, listener = self._subscription.stream, self._subscription.listener
        number, line = stream.snapshot(listener, self._last_id)
        yield f"retry: {RETRY_MS}\n\nid: {stream.message_id(number)}\ndata: {line}\n\n"
        async for given in self._subscription:
            if given is None:
                yield ": nothing new\n\n"
            else:
                number, event = given
                yield f"id: {stream.message_id(number)}\ndata: {stream.line(number, event, listener)}\n\n"

    async def _close_when_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._subscription.close()
