"""The gate in front of the app: nothing reaches the app, and no WebSocket is accepted, before it is known who asks.

In this order: how often the address asks, the path, the host and the page that asks, and then the token.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from paces_live.errors import AccessError, UsageError
from paces_live.server.access import origins, response_headers, session_cookie, session_route
from paces_live.server.access.addresses import own_hosts
from paces_live.server.access.asgi import App, Message, Receive, Scope, Send, headers, respond, route
from paces_live.server.access.limits import Limiter, Limits, client
from paces_live.server.access.refusal import RefusedError
from paces_live.server.access.token import Token
from paces_live.server.access.token_watch import TokenWatch

Share = Literal["readings", "control"]

HEALTH = "/v1/health"
"""Every page may read this, so that an app from elsewhere can ask its user whether it may use this network."""
PUBLIC = frozenset(
    {"/", "/library", HEALTH, "/v1/schema/", "/v1/openapi.json", "/v1/asyncapi.json", "/ca.crt", "/ca.mobileconfig"}
)
"""What everybody may get; a path that ends with a slash stands for all below it, except `/` itself."""
SUBPROTOCOL = "paces-live"
_BEARER = "bearer."
_SECRET = (b"authorization", b"cookie", b"sec-websocket-protocol")
"""Headers that the app does not get, so that it cannot write them into a log."""
HEAD_BYTES = 1 << 15
"""Size of the largest headers that are looked at, bytes; not every web server has a limit."""
LONGEST_ADDRESS = 2048
"""Characters of the longest address that is taken."""
_UNCLEAR = re.compile(r"//|[\\\x00-\x1f\x7f]")
"""What no path of ours has, and what others take for a folder or an end."""


@dataclass(frozen=True)
class Policy:
    """Who gets in.

    Parameters
    ----------
    token : Token, optional
        Without one, everybody gets in who reaches the server: only for addresses of this machine.
    hosts : set of str
        The names and addresses of the server, as `own_hosts` and `allowed_host` give them.
    origins : set of str
        The pages from elsewhere that may use the server, as `allowed_origin` gives them.
    share : str
        What those who get in may do: see the ``readings``, or also ``control`` the machine.
    ports : set of int
        The ports of the server's own pages; the port at which a request arrives is one of them.
    public : set of str
        The paths that need no token; one that ends with a slash stands for all below it.
    limits : Limits

    Raises
    ------
    UsageError
        The origin ``null`` is allowed without a token: every page can have it.

    Examples
    --------
    >>> Policy(public=PUBLIC | {"/static/"}).share
    'readings'
    """

    token: Token | None = None
    hosts: frozenset[str] = field(default_factory=own_hosts)
    origins: frozenset[str] = frozenset()
    share: Share = "readings"
    ports: frozenset[int] = frozenset()
    public: frozenset[str] = PUBLIC
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.token is None and "null" in self.origins:
            raise UsageError(
                "without a token, the origin null would let in every page",
                hint="leave out --allow-origin null",
                code="usage.allow_origin",
            )


class Gate:
    """The middleware that lets in whom a policy lets in. It answers ``/v1/session`` itself.

    An app behind it finds the share of the client in ``scope["state"]["share"]``, unless the path is public.

    Parameters
    ----------
    app : callable
        An ASGI app.
    policy : Policy
    clock : callable
        Returns the time, seconds.
    """

    def __init__(self, app: App, policy: Policy, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._policy = policy
        self._limiter = Limiter(policy.limits, clock)
        self._watch = TokenWatch(policy.token, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection in, or turn it away."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = response_headers.Answer(scope, send)
        try:
            with self._limiter.connection(client(scope)):
                await self._enter(scope, receive, answer)
        except AccessError as error:
            if answer.started:
                raise
            await (error if isinstance(error, RefusedError) else _no_token()).answer(scope, answer.send)

    async def _enter(self, scope: Scope, receive: Receive, answer: response_headers.Answer) -> None:
        policy = self._policy
        self._limiter.request(client(scope))
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES:
            raise RefusedError(431, "the headers are too big", hint="send fewer cookies", code="access.body")
        self._check_path(scope)
        answer.host = origins.check_host(scope, policy.hosts)
        path, reads = route(scope), scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if reads and path == HEALTH:
            answer.origin = "*"
        else:
            answer.origin = origins.check_origin(scope, policy.hosts, policy.ports, policy.origins)
        answer.private = not (reads and _below(path, policy.public))
        if answer.origin and response_headers.is_preflight(scope):
            await respond(answer.send, 204, "", **response_headers.preflight_fields(scope))
        elif path == session_route.PATH and scope["type"] == "http":
            await session_route.answer(
                scope,
                receive,
                answer.send,
                token=policy.token,
                share=policy.share,
                admit=lambda given: self._admit(scope, given),
            )
        elif answer.private:
            self._admit(scope, None)
            send = _with_subprotocol(scope, answer.send)
            await self._watch.run(self._app, _stripped(scope, policy.share), receive, send)
        else:
            await self._app(_stripped(scope, None), receive, answer.send)

    def _check_path(self, scope: Scope) -> None:
        """Refuse an address that is long or has the token in it, and a path that others could understand otherwise."""
        path, query = str(scope["path"]), scope.get("query_string", b"").decode("latin-1")
        token = self._policy.token
        if len(path) + len(query) > LONGEST_ADDRESS:
            _hide_address(scope)
            raise RefusedError(414, "this address is too long", hint="see /v1/openapi.json", code="access.path")
        if token and token.value in path + unquote(query):
            _hide_address(scope)
            raise RefusedError(
                400,
                "the token does not belong into an address",
                hint="send it in the header Authorization",
                code="access.path",
            )
        if not path.startswith("/") or {"..", "."} & {*path.split("/")} or _UNCLEAR.search(path):
            raise RefusedError(400, "this path is not clear", hint="leave out . and ..", code="access.path")

    def _admit(self, scope: Scope, given: str | None) -> None:
        """Raise a `RefusedError` unless `given`, or else what the request has, is the token or stands for it."""
        token, address = self._policy.token, client(scope)
        if token is None:
            return
        given = _bearer(scope) if given is None else given
        if given is not None:
            self._limiter.check_guesses(address)
            if token.matches(given):
                return
            self._limiter.wrong_token(address)
        # Nobody guesses the signature of a cookie, and a page with an old one asks often: it does not count.
        elif session_cookie.present(scope, token.value, time.time()):
            return
        raise RefusedError(
            401,
            "the token is missing" if given is None else "the token is wrong",
            hint="its owner sees it with paces-live token show",
            code="access.token",
            www_authenticate="Bearer",
        )


def _hide_address(scope: Scope) -> None:
    """Remove the address from the scope, which is that of the web server: it writes it into its log when we answer."""
    scope["path"], scope["raw_path"], scope["query_string"] = "/", b"/", b""


def _below(path: str, public: frozenset[str]) -> bool:
    """Return whether `path` is public."""
    return path in public or any(one != "/" and one.endswith("/") and path.startswith(one) for one in public)


def _bearer(scope: Scope) -> str | None:
    """Return the token that a request has, if it has one; other kinds of `Authorization` are meant for others."""
    for line in headers(scope, "authorization"):
        kind, _, value = line.partition(" ")
        if kind.lower() == "bearer":
            return value.strip()
    for one in scope.get("subprotocols", ()):
        if one.startswith(_BEARER):
            return str(one.removeprefix(_BEARER))
    return None


def _stripped(scope: Scope, share: Share | None) -> Scope:
    """Return the scope that the app gets: with the share of its client, without the secrets."""
    state: dict[str, Any] = {**scope.get("state", {})}
    if share:
        state["share"] = share
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in _SECRET]
    stripped = {**scope, "state": state, "headers": kept}
    if "subprotocols" in scope:
        stripped["subprotocols"] = [one for one in scope["subprotocols"] if not one.startswith(_BEARER)]
    return stripped


def _with_subprotocol(scope: Scope, send: Send) -> Send:
    """Return a `send` that accepts our subprotocol if it is offered: browsers take no for a failure."""
    if SUBPROTOCOL not in scope.get("subprotocols", ()):
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "websocket.accept":
            message = {**message, "subprotocol": message.get("subprotocol") or SUBPROTOCOL}
        await send(message)

    return sending


def _no_token() -> RefusedError:
    """Return the answer if the file of the token is wrong. Why is for the owner, and not for everyone."""
    return RefusedError(
        503,
        "the token of this server cannot be read",
        hint="its owner sees why with paces-live token show",
        code="access.token",
    )
