"""Headers that tell a browser what a page may do, and which pages may read an answer."""

from collections.abc import Iterable

from paces_live.server.access.asgi import Message, Scope, Send, headers, secure

_FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "microphone=(self), accelerometer=(self), gyroscope=(self), screen-wake-lock=(self), "
    "camera=(), display-capture=(), geolocation=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
}


def content_security_policy(scope: Scope, host: str) -> str:
    """Return what a page may load: only what comes from this server, and nothing that is written into the page itself.

    Parameters
    ----------
    scope : mapping
    host : str
        As the browser knows this server; with its port. Not every browser counts a WebSocket as a part of 'self'.

    Examples
    --------
    >>> content_security_policy({"scheme": "https"}, "pi.local:8766").split("; ")[2]
    "connect-src 'self' wss://pi.local:8766"
    """
    socket = f" {'wss' if secure(scope) else 'ws'}://{host}" if host else ""
    return (
        f"default-src 'self'; object-src 'none'; connect-src 'self'{socket}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class Answer:
    """The answer to a request: adds these headers, which replace those of the app. A WebSocket has none.

    Parameters
    ----------
    scope : mapping
    send : callable

    Attributes
    ----------
    host : str
        As in `content_security_policy`; nothing until it is known to be right.
    origin : str, optional
        The page from elsewhere that may read the answer; ``*`` for all.
    private : bool
        Whether the answer is only for those who have the token: then nobody keeps it, unless the app says otherwise.
    started : bool
        Whether something was sent.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self.host = ""
        self.origin: str | None = None
        self.private = True
        self.started = False
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        """Send a message of an app."""
        self.started = True
        if message["type"] == "http.response.start":
            message = {**message, "headers": self._with_ours(message.get("headers", ()))}
        await self._send(message)

    def _with_ours(self, theirs: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        ours = _FIXED | {"content-security-policy": content_security_policy(self._scope, self.host)}
        if secure(self._scope):
            # Browsers complain about it over http.
            ours["cross-origin-opener-policy"] = "same-origin"
        if self.origin:
            ours |= {"access-control-allow-origin": self.origin, "access-control-expose-headers": "retry-after"}
            ours["cross-origin-resource-policy"] = "cross-origin"
        kept = [(name, value) for name, value in theirs if name.decode("latin-1").lower() not in ours]
        if self.origin and self.origin != "*":
            kept.append((b"vary", b"origin"))
        if self.private and not any(name.lower() == b"cache-control" for name, _ in kept):
            kept.append((b"cache-control", b"no-store"))
        return kept + [(name.encode(), value.encode("latin-1")) for name, value in ours.items()]


def is_preflight(scope: Scope) -> bool:
    """Return whether a browser asks, before a request of a page from elsewhere, whether it may send it.

    Examples
    --------
    >>> is_preflight({"method": "OPTIONS", "headers": [(b"access-control-request-method", b"PUT")]})
    True
    """
    return scope.get("method") == "OPTIONS" and bool(headers(scope, "access-control-request-method"))


def preflight_fields(scope: Scope) -> dict[str, str]:
    """Return the headers of the answer to a preflight, with _ for -.

    Examples
    --------
    >>> preflight_fields({"headers": []})["access_control_allow_headers"]
    'authorization, content-type, last-event-id'
    """
    fields = {
        "access_control_allow_methods": "GET, POST, PUT, DELETE",
        "access_control_allow_headers": "authorization, content-type, last-event-id",
        "access_control_max_age": "600",
    }
    # Browsers ask this before a page of the internet reaches into the network of the house.
    if headers(scope, "access-control-request-private-network"):
        fields["access_control_allow_private_network"] = "true"
    return fields
