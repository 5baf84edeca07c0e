"""A server that says what a test wants: closes, waits, lost connections and readings that no music gives on demand.

It serves the real page under the headers of the real server. What the real server does itself is tested with it.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

import paces_live
from paces_live.events import Health, Pace, Reading, Song, SongPace, Start, Track
from paces_live.match import Listener
from paces_live.render.json_lines import event_record
from tests.support.schemas import validated

PAGE = Path(paces_live.__file__).parent / "server" / "page"
Message = dict[str, Any]
TRACK = Track(title="Corner Shop Soul")


def reading(t: float = 30.0, *spm: float, track: Track = TRACK, **changes: Any) -> Message:
    """Return a reading with paces at `spm`, as someone with a target of 165 gets it, and `changes` to it."""
    health = Health(level_dbfs=-23.4, dropped_s=0.0, load=0.01)
    paces = tuple(Pace(value, 0.97) for value in spm)
    beat = spm[0] if spm else None
    record = event_record(Reading(t, 1, "settled", paces, health, track=track, beat=beat), Listener())
    record["health"] |= changes.pop("health", {})
    return record | changes


def song(number: int, start: float, end: float, *spm: float, title: str = "Kitchen Waltz", **changes: Any) -> Message:
    """Return a song that has ended, and `changes` to it."""
    paces = tuple(SongPace(value, probability=0.97, share=0.9) for value in spm)
    return event_record(Song(number, start, end, paces, Track(title=title)), Listener()) | changes


def _check(message: Message) -> None:
    """Check that the real server or a real client could have sent `message`."""
    validated(json.dumps(message), None if "type" in message else "aim")


class PageServer:
    """What the server is to say, and what it got.

    Attributes
    ----------
    token : str or None
        The token that it asks for.
    full_s : int or None
        Seconds after which a client may come again; None if there is room.
    absent : bool
        Whether the machine has no input of its own.
    library : dict
        The overview of its library.
    playing : bool
        Whether it plays songs of it.
    queries : list of str
        What it was asked to play.
    snapshot : dict
        The first message to a follower.
    welcome : dict
        Changes to the answer to a hello.
    received : list
        Messages and samples that clients sent, in order.
    opened : list of float
        Times at which somebody tried to open a WebSocket, as `time.monotonic` gives them.
    """

    def __init__(self) -> None:
        self.token: str | None = None
        self.full_s: int | None = None
        self.absent = False
        self.share = "readings"
        self.https_port: int | None = None
        self.welcome: Message = {}
        self.received: list[Message | bytes] = []
        self.opened: list[float] = []
        self.queries: list[str] = []
        self.input = "demo"
        self.library: Message = {}
        self.playing = False
        self.url = ""
        self._open: set[WebSocket] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        start = event_record(Start("0.1.0", "demo", "sha256:4bc55100561c", "ai-edge-litert 2.3.0"), Listener())
        stream = {"id": "main", "input": "demo", "state": "open", "listeners": 1, "target": 165.0, "tolerance": 0.05}
        self.snapshot: Message = {
            "type": "snapshot",
            "stream": stream,
            "start": start,
            "reading": None,
            "songs": [],
            "resumed": False,
        }

    @property
    def messages(self) -> list[Message]:
        """What clients sent as JSON."""
        return [message for message in self.received if isinstance(message, dict)]

    def say(self, *messages: Message, later_version: bool = False) -> None:
        """Send `messages` to everybody who is connected; those of a `later_version` may be anything."""
        for message in messages:
            if not later_version:
                _check(message)
            self._run(*(socket.send_json(message) for socket in self._open))

    def close(self, code: int, reason: str = "") -> None:
        """Close every connection."""
        self._run(*(socket.close(code, reason) for socket in list(self._open)))

    @contextmanager
    def serve(self) -> Iterator["PageServer"]:
        """Listen on a free port while the block runs."""
        config = uvicorn.Config(self._app(), port=0, log_level="error", ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(server)), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self.close(1001)
            server.should_exit = server.force_exit = True
            thread.join()

    async def _serve(self, server: uvicorn.Server) -> None:
        self._loop = asyncio.get_running_loop()
        await server.serve()

    def _run(self, *sends: Any) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*sends, return_exceptions=True)

        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(all_of_them(), self._loop).result(10)

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", lambda _: FileResponse(PAGE / "index.html")),
                Route("/library", lambda _: FileResponse(PAGE / "library.html")),
                Mount("/page", StaticFiles(directory=PAGE)),
                Route("/v1/health", self._health),
                Route("/v1/session", self._session, methods=["GET", "POST"]),
                Route("/v1/streams/main", self._stream),
                Route("/v1/library", self._library),
                Route("/v1/library/play", self._play, methods=["GET", "POST", "DELETE"]),
                Route("/v1/input", self._input, methods=["GET", "PUT"]),
                WebSocketRoute("/v1/streams/main", self._follow),
                WebSocketRoute("/v1/audio", self._audio),
            ],
            middleware=[Middleware(Headers)],
        )

    def _allowed(self, cookies: dict[str, str]) -> bool:
        return self.token is None or cookies.get("token") == self.token

    async def _health(self, _: Request) -> Response:
        full = self.full_s is not None
        record = {"type": "health", "status": "ok", "version": "0.1.0", "schema": 2, "https_port": self.https_port}
        return JSONResponse(record | {"full": full})

    async def _session(self, request: Request) -> Response:
        if request.method == "POST":
            body = await request.json()
            self.received.append(body)
            if body["token"] != self.token:
                return JSONResponse({}, 401)
            response = JSONResponse({"type": "session", "share": self.share})
            response.set_cookie("token", body["token"], httponly=True, samesite="strict")
            return response
        if not self._allowed(request.cookies):
            return JSONResponse({}, 401)
        return JSONResponse({"type": "session", "share": self.share})

    async def _stream(self, request: Request) -> Response:
        if not self._allowed(request.cookies):
            return JSONResponse({}, 401)
        if self.full_s is not None:
            return JSONResponse({}, 503, {"Retry-After": str(self.full_s)})
        return JSONResponse({}, 404) if self.absent else JSONResponse(self.snapshot["stream"])

    async def _library(self, request: Request) -> Response:
        return JSONResponse(self.library) if self._allowed(request.cookies) else JSONResponse({}, 401)

    async def _play(self, request: Request) -> Response:
        self.playing = request.method == "POST" or (request.method == "GET" and self.playing)
        begins = request.method == "POST"
        if begins:
            self.queries.append(str(request.url.query))
        counts = {"songs": 2 * begins, "seconds": 400.0 * begins}
        return JSONResponse({"type": "play", "allowed": True, "playing": self.playing, **counts})

    async def _input(self, request: Request) -> Response:
        if request.method == "PUT":
            self.input = (await request.json())["input"]
        inputs = [{"spec": "demo", "name": "the demo"}, {"spec": "mic:USB", "name": "USB"}]
        return JSONResponse({"input": self.input, "inputs": inputs})

    async def _follow(self, socket: WebSocket) -> None:
        self.opened.append(time.monotonic())
        if self.full_s is not None or self.absent or not self._allowed(socket.cookies):
            await socket.close()  # Before it is accepted, this is a refusal, whose status a page does not see.
            return
        await socket.accept()
        _check(self.snapshot)
        await self._listen(socket, self.snapshot)

    async def _audio(self, socket: WebSocket) -> None:
        self.opened.append(time.monotonic())
        await socket.accept()
        hello = await socket.receive_json()
        self.received.append(hello)
        _check(hello)
        answer = {"type": "welcome", "stream": "phone", "session": "secret", "resumed": False, "received": 0}
        limits = {"heartbeat_ms": 10000, "reattach_s": 15.0, "frame_bytes": 65536}
        first = [answer | limits | self.welcome]
        if not self.welcome.get("resumed"):
            first.append(self.snapshot["start"] | {"input": "phone", "stream": "phone"})
        await self._listen(socket, *first)

    async def _listen(self, socket: WebSocket, *first: Message) -> None:
        # Connected before the page knows: what a test says as soon as the page shows so must reach it.
        self._open.add(socket)
        try:
            for one in first:
                await socket.send_json(one)
            while (message := await socket.receive())["type"] == "websocket.receive":
                text = message.get("text")
                self.received.append(json.loads(text) if text else message["bytes"])
                if text:
                    _check(self.messages[-1])
                if text and self.messages[-1].get("type") == "audio-stop":
                    await socket.close(1000)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._open.discard(socket)


class Headers:
    """The security headers of the real server: a page that needs more than this does not work there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"content-security-policy", b"default-src 'self'"))
                message["headers"].append((b"x-content-type-options", b"nosniff"))
            await send(message)

        await self.app(scope, receive, with_headers)
