"""Whether the token, by which the client of an open connection came in, still holds."""

from collections.abc import Callable

from paces_live.errors import AccessError
from paces_live.server.access.asgi import App, Message, Receive, Scope, Send
from paces_live.server.access.token import Token

LOOK_S = 1.0
"""Time between two looks at the token, seconds: thousands of streams need not look each time."""
_ENDS: dict[str, Message] = {
    "websocket.send": {"type": "websocket.close", "code": 1008, "reason": "the token has changed"},
    "http.response.body": {"type": "http.response.body", "body": b""},
}


class _TokenChangedError(OSError):
    """Ends an app that goes on sending; for a framework, the client has gone away."""


class TokenWatch:
    """Runs apps until the token changes.

    Parameters
    ----------
    token : Token, optional
    clock : callable
        Returns the time, seconds.
    """

    def __init__(self, token: Token | None, clock: Callable[[], float]) -> None:
        self._token = token
        self._clock = clock
        self._looked = 0.0
        self._seen: str | None = None

    async def run(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Run an app, whose client has just come in; end the connection if it sends when the token has changed."""
        if self._token is None:
            await app(scope, receive, send)
            return
        entered, ended = self._look(self._token), False

        async def sending(message: Message) -> None:
            nonlocal ended
            goes_on = message["type"] == "websocket.send" or message.get("more_body")
            if goes_on and entered != self._now():
                ended = True
                await send(_ENDS[message["type"]])
                raise _TokenChangedError("the token has changed")
            await send(message)

        try:
            await app(scope, receive, sending)
        except Exception:
            # Frameworks turn our error into one of theirs.
            if not ended:
                raise

    def _now(self) -> str | None:
        """Return the token as it was at most `LOOK_S` ago; None if it cannot be read."""
        if self._token and self._clock() - self._looked >= LOOK_S:
            self._look(self._token)
        return self._seen

    def _look(self, token: Token) -> str | None:
        try:
            self._seen = token.value
        except AccessError:
            self._seen = None
        self._looked = self._clock()
        return self._seen
