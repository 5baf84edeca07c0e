"""``/v1/session``: a browser changes the token into a cookie, asks what it may do, and forgets the cookie."""

import asyncio
import json
import time
from collections.abc import Callable

from paces_live.server.access import session_cookie
from paces_live.server.access.asgi import Receive, Scope, Send, headers, respond
from paces_live.server.access.refusal import RefusedError
from paces_live.server.access.token import Token

PATH = "/v1/session"
BODY_BYTES = 4096
"""Size of the largest body: a token and its name are much shorter."""
BODY_S = 10.0
"""Time in which the body has to be there, seconds."""


async def answer(
    scope: Scope, receive: Receive, send: Send, *, token: Token | None, share: str, admit: Callable[[str | None], None]
) -> None:
    """Answer a request for the session.

    Parameters
    ----------
    scope : mapping
    receive, send : callable
    token : Token, optional
    share : str
    admit : callable
        Raises a `RefusedError` unless the token that it gets is right; with None, unless the request has one.

    Raises
    ------
    RefusedError
        The token is wrong, or the request is no such request.
    """
    record = json.dumps({"type": "session", "share": share})
    match scope["method"]:
        case "GET" | "HEAD":
            admit(None)
            await respond(send, 200, record)
        case "DELETE":
            await respond(send, 204, "", set_cookie=session_cookie.forget(scope))
        case "POST":
            given = _token(await _body(scope, receive))
            admit(given)
            if token is None:
                await respond(send, 200, record)
            else:
                # Not of the token as it is now: it may have changed since.
                await respond(send, 200, record, set_cookie=session_cookie.issue(scope, given, time.time()))
        case _:
            raise RefusedError(
                405, "no such method", hint="use GET, POST or DELETE", code="access.body", allow="GET, POST, DELETE"
            )


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Return the body of a request, if it is JSON and short and does not take long."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in headers(scope, "content-type")]
    # A form of a stranger's page could send any other type without asking first.
    if kinds != ["application/json"]:
        raise RefusedError(415, "the body is no JSON", hint="set Content-Type to application/json", code="access.body")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise RefusedError(400, "the body is not complete", hint="send all of it", code="access.body")
                body += message.get("body", b"")
                if len(body) > BODY_BYTES:
                    raise RefusedError(
                        413, "the body is too big", hint='send {"token": "…"}', code="access.body", connection="close"
                    )
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise RefusedError(
            408, "the body took too long", hint="send it again", code="access.body", connection="close"
        ) from None


def _token(body: bytes) -> str:
    try:
        given = json.loads(body)["token"]
    # Thousands of brackets are a RecursionError.
    except (ValueError, LookupError, TypeError, RecursionError):
        given = None
    if not isinstance(given, str):
        raise RefusedError(400, "the body has no token", hint='send {"token": "…"}', code="access.body")
    return given
