"""The ASGI application: what each address does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

import paces_live
from paces_live import schema
from paces_live.errors import PacesError, ServerError, SourceError, UsageError
from paces_live.events import SCHEMA
from paces_live.match import Listener
from paces_live.render.json_lines import dumps, file_line
from paces_live.server import messages
from paces_live.server.access.refusal import RefusedError, require_control
from paces_live.server.backend import Backend
from paces_live.server.control import Inputs, heard
from paces_live.server.guest import Guest
from paces_live.server.library import SharedLibrary
from paces_live.server.library_routes import library_routes
from paces_live.server.metrics import CONTENT_TYPE
from paces_live.server.sse import HEARTBEAT_S, EventResponse
from paces_live.server.websocket import AGAIN_S, follow, send_audio, served

if TYPE_CHECKING:
    from paces_live.server.access.certificate import Certificate

BODY_S = 10.0
"""Time that a small body may take, seconds."""
FOLDER = Path(__file__).parent
PAGE = FOLDER / "page"
_STATUS = {
    "server.no_stream": 404,
    "server.no_input": 404,
    "server.no_library": 404,
    "library.missing": 404,
    "library.no_match": 404,
    "server.full": 503,
    "server.too_large": 413,
    "server.idle": 408,
}
"""HTTP status of the errors that have one of their own; others are the client's fault."""
_PHRASES = {404: "there is nothing at this address", 405: "this address does not take that method"}

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(
    backend: Backend,
    inputs: Inputs | None = None,
    library: SharedLibrary | None = None,
    *,
    https_port: int | None = None,
    certificate: "Certificate | None" = None,
) -> Starlette:
    """Return the application of a backend; its lifespan runs the backend.

    Parameters
    ----------
    backend : Backend
    inputs : Inputs, optional
        The inputs of this machine, if it has one that can be changed.
    library : SharedLibrary, optional
        That of this machine.
    https_port : int, optional
        Where the page is served over https, too.
    certificate : Certificate, optional
        Whose authority phones may come to trust.
    """
    return _App(backend, inputs, library, https_port, certificate).starlette()


class _App:
    def __init__(
        self,
        backend: Backend,
        inputs: Inputs | None,
        library: SharedLibrary | None,
        https_port: int | None,
        certificate: "Certificate | None",
    ) -> None:
        self._backend = backend
        self._inputs = inputs
        self._library = library
        self._https_port = https_port
        self._certificate = certificate

    def starlette(self) -> Starlette:
        routes = [
            *library_routes(self._library, self._inputs, self._listener),
            Route("/v1/health", self.health),
            Route("/v1/streams", self.streams),
            Route("/v1/streams/{id}", self.stream),
            Route("/v1/streams/{id}/events", self.events),
            Route("/v1/analyze", self.analyze, methods=["POST"]),
            Route("/v1/history", self.history),
            Route("/v1/input", self.input, methods=["GET", "PUT"]),
            Route("/v1/schema/{name}.json", self.schema),
            Route("/v1/openapi.json", self.document("openapi")),
            Route("/v1/asyncapi.json", self.document("asyncapi")),
            Route("/metrics", self.metrics),
            WebSocketRoute("/v1/streams/{id}", self.follow),
            WebSocketRoute("/v1/audio", self.audio),
            Route("/ca.crt", self.authority),
            Route("/ca.mobileconfig", self.authority),
            Route("/", self.page("index")),
            Route("/library", self.page("library")),
            Mount("/page", StaticFiles(directory=PAGE)),
        ]
        handlers: Mapping[Any, Any] = {PacesError: _failed, HTTPException: _refused, ClientDisconnect: _gone}
        return Starlette(routes=routes, exception_handlers=handlers, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        metrics, backend = self._backend.metrics, self._backend
        metrics.watch("listeners", "Connections that follow a stream", lambda: backend.listeners)
        metrics.watch("streams", "Streams that clients send", lambda: backend.contributed)
        metrics.watch("lag_seconds", "Time for which the open input has given nothing", lambda: backend.lag_s)
        async with backend.running():
            yield

    async def health(self, _request: Request) -> Response:
        record = {
            "type": "health",
            "status": "failing" if self._backend.failing else "ok",
            "full": self._backend.full,
            "version": paces_live.__version__,
            "schema": SCHEMA,
            "https_port": self._https_port,
        }
        return _json(record)

    async def streams(self, request: Request) -> Response:
        listener = self._listener(request.query_params)
        return _json({"streams": [stream.description(listener) for stream in self._backend.public_streams()]})

    async def stream(self, request: Request) -> Response:
        listener = self._listener(request.query_params)
        return _json(self._backend.stream(request.path_params["id"]).description(listener))

    async def events(self, request: Request) -> EventResponse:
        listener = self._listener(request.query_params)
        stream = self._backend.stream(request.path_params["id"])
        self._backend.check_room_to_follow()
        return EventResponse(stream.subscribe(listener, HEARTBEAT_S), request.headers.get("last-event-id", ""))

    async def analyze(self, request: Request) -> Response:
        listener = self._listener(request.query_params)
        name = Path(request.query_params.get("name", "upload")).name or "upload"
        result = await self._backend.uploads.paces(request.stream(), name, listener)
        return Response(file_line(result, listener), media_type="application/json")

    async def history(self, request: Request) -> Response:
        require_control(request.scope)
        return _json({"songs": await heard(request.query_params)})

    async def input(self, request: Request) -> Response:
        inputs = self._own_inputs()
        if request.method == "PUT":
            require_control(request.scope)
            inputs.change(messages.parse(await _text(request)))
        return _json(await inputs.record())

    async def schema(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in schema.names():
            raise HTTPException(404)
        return _json(schema.load(name))

    def document(self, name: str) -> Endpoint:
        async def document(_request: Request) -> Response:
            record = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
            record["info"]["version"] = paces_live.__version__
            return _json(record)

        return document

    async def metrics(self, _request: Request) -> Response:
        return Response(self._backend.metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def authority(self, request: Request) -> Response:
        if self._certificate is None:
            raise HTTPException(404)
        authority = self._certificate.authority
        if request.url.path == "/ca.crt":
            return Response(authority.crt(), media_type="application/x-x509-ca-cert")
        return Response(authority.mobileconfig(), media_type="application/x-apple-aspen-config")

    def page(self, name: str) -> Endpoint:
        async def page(_request: Request) -> Response:
            return FileResponse(PAGE / f"{name}.html")

        return page

    async def follow(self, socket: WebSocket) -> None:
        await socket.accept()
        await served(socket, self._follow(socket))

    async def _follow(self, socket: WebSocket) -> int:
        return await follow(socket, self._backend, self._listener(socket.query_params))

    async def audio(self, socket: WebSocket) -> None:
        await socket.accept()
        await served(socket, send_audio(socket, self._backend))

    def _listener(self, parameters: Mapping[str, str]) -> Listener:
        """Return a listener with the target and the tolerance in a query, or else those of the server."""
        wanted = {}
        for key in ("target", "tolerance"):
            if key in parameters:
                try:
                    wanted[key] = float(parameters[key])
                except ValueError:
                    raise UsageError(
                        f"{key} {parameters[key][:20]!r} is not a number",
                        hint=f"such as {key}=170",
                        code=f"usage.{key}",
                    ) from None
        listener = Guest(self._backend.listener)
        if wanted:
            messages.aim(listener, wanted)
        return listener

    def _own_inputs(self) -> Inputs:
        if self._inputs is None:
            raise ServerError("this server has no input", hint="start it with --input", code="server.no_input")
        return self._inputs


async def _text(request: Request) -> str:
    """Return the body of a small request."""
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > messages.TEXT_BYTES:
                    raise ServerError("the body is too large", hint="send less", code="server.too_large")
    except TimeoutError:
        raise ServerError("the body did not come", hint="send it at once", code="server.idle") from None
    return body.decode("utf-8", "replace")


def _json(record: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        dumps(record), status, media_type="application/json", headers={"cache-control": "no-store", **(headers or {})}
    )


def _error(request: Request, error: PacesError, status: int) -> Response:
    headers = {"retry-after": str(AGAIN_S)} if status == 503 else {}
    return Response(
        messages.error_message(error, request.url.path), status, media_type="application/json", headers=headers
    )


async def _failed(request: Request, error: PacesError) -> Response:
    if isinstance(error, RefusedError):
        return _error(request, error, error.status)
    status = 400 if isinstance(error, UsageError) else 422 if isinstance(error, SourceError) else 500
    return _error(request, error, _STATUS.get(error.code, status))


async def _refused(request: Request, error: HTTPException) -> Response:
    phrase = _PHRASES.get(error.status_code, error.detail)
    answer = _error(request, ServerError(phrase, hint="see /v1/openapi.json"), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)
