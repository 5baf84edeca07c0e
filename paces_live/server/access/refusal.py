"""How a client is turned away: an error with a status of HTTP."""

from paces_live.errors import AccessError
from paces_live.render.json_lines import error_line
from paces_live.server.access.asgi import Scope, Send, respond


class RefusedError(AccessError):
    """A client may not come in, or may not do this.

    Parameters
    ----------
    status : int
        The status of HTTP.
    message, hint, code : str
        As in every `PacesError`.
    **fields : str
        Headers of the answer, with _ for -.

    Examples
    --------
    >>> RefusedError(429, "too many requests", hint="wait", code="access.too_many", retry_after="3").status
    429
    """

    def __init__(self, status: int, message: str, *, hint: str, code: str, **fields: str) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status
        self.fields = fields

    async def answer(self, scope: Scope, send: Send) -> None:
        """Answer a request, or refuse the handshake of a WebSocket.

        A refused handshake is a 403 that says no more: uvicorn calls any other answer an error in its log. Browsers
        show no page an answer in any case. ``GET /v1/session`` says what is wrong.
        """
        if scope["type"] == "http":
            await respond(send, self.status, error_line(scope["path"], self), **self.fields)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": self.message})


def require_control(scope: Scope) -> None:
    """Raise a `RefusedError` with the status 403 unless this client may control the machine.

    Parameters
    ----------
    scope : mapping
        Of a request that came through the gate.

    Examples
    --------
    >>> require_control({"state": {"share": "readings"}})
    Traceback (most recent call last):
    ...
    paces_live.server.access.refusal.RefusedError: this server shares its readings only: start it with --share control
    """
    if scope.get("state", {}).get("share") != "control":
        raise RefusedError(
            403, "this server shares its readings only", hint="start it with --share control", code="access.share"
        )
