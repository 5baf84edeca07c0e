"""What the server answers about the library of its machine."""

import asyncio
import gzip
import os
from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paces_live.collection.items import Item
from paces_live.errors import ServerError, SourceError
from paces_live.library.search import Found
from paces_live.match import Listener
from paces_live.render.json_lines import dumps
from paces_live.server.access.refusal import require_control
from paces_live.server.control import Inputs
from paces_live.server.library import SharedLibrary, playlist_text
from paces_live.text import shown_path

NAME = "run.m3u8"
"""Name of a playlist that a browser downloads."""


def library_routes(
    library: SharedLibrary | None, inputs: Inputs | None, listener: Callable[[Mapping[str, str]], Listener]
) -> list[Route]:
    """Return the routes of a library.

    Parameters
    ----------
    library : SharedLibrary, optional
    inputs : Inputs, optional
        What may play its songs.
    listener : callable
        Returns the listener that query parameters stand for.

    Examples
    --------
    >>> [route.path for route in library_routes(None, None, lambda parameters: Listener())]
    ['/v1/library', '/v1/library/playlist', '/v1/library/play']
    """

    def allowed(request: Request) -> SharedLibrary:
        require_control(request.scope)
        if library is None:
            raise ServerError("this server has no library", hint="run it on one machine", code="server.no_library")
        return library

    async def overview(request: Request) -> Response:
        packed = await allowed(request).overview(listener(request.query_params).tolerance)
        headers = {"cache-control": "no-store", "vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            packed = await asyncio.to_thread(gzip.decompress, packed)
        return Response(packed, media_type="application/json", headers=headers)

    async def playlist(request: Request) -> Response:
        songs = await allowed(request).songs(request.query_params, listener(request.query_params))
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{NAME}"'}
        text = playlist_text(songs).encode(errors="replace")
        return Response(text, media_type="audio/x-mpegurl", headers=headers)

    def heard_here() -> Inputs:
        if inputs is None:
            raise ServerError("this server has no input", hint="start it with --input", code="server.no_input")
        return inputs

    def state(songs: Sequence[Found] = ()) -> Response:
        record = {
            "type": "play",
            "allowed": bool(inputs and inputs.plays),
            "playing": bool(inputs and inputs.playing),
            "songs": len(songs),
            "seconds": sum((one.duration for one in songs), 0.0),
        }
        return Response(dumps(record), media_type="application/json", headers={"cache-control": "no-store"})

    async def playing(request: Request) -> Response:
        allowed(request)
        return state()

    async def play(request: Request) -> Response:
        shared, here = allowed(request), heard_here()
        here.require_player()
        songs = await shared.songs(request.query_params, listener(request.query_params))
        # It asks the disk and the sound server, which may take a second.
        return state(await asyncio.to_thread(_play, songs, here))

    async def stop(request: Request) -> Response:
        allowed(request)
        heard_here().stop()
        return state()

    async def by_method(request: Request) -> Response:
        return await {"POST": play, "DELETE": stop}.get(request.method, playing)(request)

    return [
        Route("/v1/library", overview),
        Route("/v1/library/playlist", playlist),
        # With a route for each method, an answer of 405 would allow only that of the first.
        Route("/v1/library/play", by_method, methods=["GET", "POST", "DELETE"]),
    ]


def _play(songs: Sequence[Found], inputs: Inputs) -> list[Found]:
    """Play those songs whose files are there, and return them."""
    # `Path.is_file` raises an error for a folder that may not be read.
    there = [one for one in songs if os.path.isfile(one.path)]  # noqa: PTH113
    if songs and not there:
        message = f"{shown_path(songs[0].path)}: no such file, and the others are not there either"
        raise SourceError(message, hint="check that its disk is mounted", code="source.not_found")
    inputs.play([Item(one.path, one.title, one.artist) for one in there])
    return there
