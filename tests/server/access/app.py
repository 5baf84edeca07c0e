"""A small app that says what it is asked, and a server with a gate in front of it."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from paces_live.server.access.asgi import Receive, Scope, Send, respond
from paces_live.server.access.gate import PUBLIC, Gate, Policy
from paces_live.server.access.refusal import require_control
from paces_live.server.access.token import Token
from tests.support.served import served

_NOTHING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Asked:
    """The app: it answers with what it was asked, and remembers it."""

    scopes: list[Scope] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        seen = json.dumps({"path": scope["path"], "share": scope["state"].get("share")})
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": seen})
            while (message := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": message.get("text") or str(len(message["bytes"]))})
        elif scope["path"] == "/v1/streams/main/events":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for number in range(1000):
                await send({"type": "http.response.body", "body": f"id: {number}\n\n".encode(), "more_body": True})
                await asyncio.sleep(0.02)
        else:
            if scope["path"] == "/v1/history":
                require_control(scope)
            await respond(send, 200, seen, content_security_policy="default-src *")


@dataclass
class Server:
    """A server that runs."""

    port: int
    app: Asked
    token: Token | None

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a program that has the token."""
        assert self.token
        return {"Authorization": f"Bearer {self.token.value}"}

    def ask(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        """Send a request, with the headers of `options` only."""
        # What it would verify is https; without that, a request need not read the certificates of the world.
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, verify=_NOTHING) as client:
            return client.request(method, path, **options)

    @contextmanager
    def follow(
        self, path: str = "/v1/streams/main", headers: Any = None, subprotocols: Any = None
    ) -> Iterator[ClientConnection]:
        """Open a WebSocket."""
        address = f"ws://127.0.0.1:{self.port}{path}"
        with connect(
            address, additional_headers=headers, subprotocols=subprotocols, open_timeout=5, proxy=None
        ) as connection:
            yield connection


@contextmanager
def guarded(folder: Path | None, *, http: str = "h11", **policy: Any) -> Iterator[Server]:
    """Run a server with a token in `folder`, or without one; `http` is the parser of uvicorn."""
    token = Token.kept(folder / "token") if folder else None
    app = Asked()
    with served(Gate(app, Policy(token=token, public=PUBLIC | {"/static/"}, **policy)), http=http) as port:
        yield Server(port, app, token)
