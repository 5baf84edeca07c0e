"""The interface between web servers and apps, as this room uses it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers(scope: Scope, name: str) -> list[str]:
    """Return the values of all headers with a name in lower case.

    Examples
    --------
    >>> headers({"headers": [(b"host", b"localhost"), (b"accept", b"*/*")]}, "host")
    ['localhost']
    """
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted]


def route(scope: Scope) -> str:
    """Return the path below the one at which the app is mounted.

    Examples
    --------
    >>> route({"path": "/paces/v1/health", "root_path": "/paces"})
    '/v1/health'
    """
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")


def secure(scope: Scope) -> bool:
    """Return whether the connection is encrypted.

    Examples
    --------
    >>> secure({"scheme": "wss"})
    True
    """
    return scope.get("scheme") in ("https", "wss")


async def respond(send: Send, status: int, body: str, **fields: str) -> None:
    """Send a whole answer of JSON; `fields` are headers, with _ for -."""
    data = body.encode()
    lines = {"content_type": "application/json", "content_length": str(len(data)), **fields}
    if not data:
        del lines["content_type"]
    listed = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": data})
