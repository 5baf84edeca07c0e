"""The library of this machine, for those with whom everything is shared: its page and its playlists."""

import asyncio
import gzip
import io
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from paces_live.collection.listed import Listed
from paces_live.collection.written import m3u_text
from paces_live.errors import UsageError
from paces_live.library import corrections
from paces_live.library.overview import overview
from paces_live.library.plan import Part, parse_duration, parse_ramp
from paces_live.library.playlist import choose_songs
from paces_live.library.query import parse_query
from paces_live.library.search import Found
from paces_live.library.store import default_path, open_library
from paces_live.match import DEFAULT_TARGET, Listener
from paces_live.render.overview import overview_json

__all__ = ["SharedLibrary", "playlist_text"]

FRESH_S = 5.0
"""Time for which an overview is shown again though a scan goes on, seconds: it changes the library all the time."""
KEPT = 4
"""Overviews that are kept, each for another tolerance."""
LEVEL = 3
"""Of the compression: more takes longer than a home network saves."""
DURATION = "45m"
"""Length of a playlist unless another is wanted."""
LONGEST_S = 6 * 3600.0
"""Longest playlist, seconds: a longer one keeps the server busy for long."""


class _Made(NamedTuple):
    """An overview, compressed; when it was made, by the clock and by the stamps of the files that it shows."""

    packed: bytes
    at: float
    seen: tuple[object, ...]


class SharedLibrary:
    """The library, which is opened for each request, because a scan may make another one. Requests wait for each other.

    Parameters
    ----------
    path : path, optional
        Its file; without it, that of this user.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._one_at_a_time = asyncio.Lock()
        self._made: dict[float, _Made] = {}

    async def overview(self, tolerance: float) -> bytes:
        """Return what is in the library: the document of `overview_json`, compressed by gzip.

        Raises
        ------
        LibraryError
            There is no library, or it cannot be read.
        """
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._current, tolerance)

    async def songs(self, parameters: Mapping[str, str], listener: Listener) -> list[Found]:
        """Return songs for a run.

        Parameters
        ----------
        parameters : mapping
            ``duration``, ``ramp`` and ``query``, as `paces-live playlist` takes them; all may be missing.
        listener : Listener
            Whose target and tolerance hold.

        Raises
        ------
        LibraryError
            No song fits, there is no library, or it cannot be read.
        UsageError
            A parameter is wrong.
        """
        query = parse_query(parameters.get("query", ""), listener.tolerance)
        parts = _parts(parameters, listener)

        def choose() -> list[Found]:
            with open_library(self._path) as library:
                return choose_songs(library, query, parts, listener.tolerance, random.Random()).songs

        async with self._one_at_a_time:
            return await asyncio.to_thread(choose)

    def _current(self, tolerance: float) -> bytes:
        file = self._path or default_path()
        files = (file, corrections.default_path())
        seen = tuple(_stamp(one.with_name(f"{one.name}{end}")) for one in files for end in ("", "-wal"))
        made = self._made.pop(tolerance, None)
        if made is None or (seen != made.seen and time.monotonic() - made.at >= FRESH_S):
            packed = io.BytesIO()
            with (
                open_library(self._path) as library,
                overview(library, tolerance) as found,
                gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=LEVEL) as file_object,
            ):
                for piece in overview_json(found):
                    file_object.write(piece.encode(errors="replace"))
            made = _Made(packed.getvalue(), time.monotonic(), seen)
        # The first is the one that nobody has asked for the longest.
        self._made[tolerance] = made
        if len(self._made) > KEPT:
            del self._made[next(iter(self._made))]
        return made.packed


def playlist_text(songs: Sequence[Found]) -> str:
    """Return a playlist of songs, by their paths on this machine."""
    return m3u_text(Listed(one.path, one.duration, one.title, one.artist, one.album) for one in songs)


def _parts(parameters: Mapping[str, str], listener: Listener) -> list[Part]:
    seconds = parse_duration(parameters.get("duration") or DURATION)
    if seconds > LONGEST_S:
        raise UsageError("duration: it is too long", hint="choose at most 6 hours", code="usage.duration")
    if parameters.get("ramp"):
        return [Part(seconds, *parse_ramp(parameters["ramp"]))]
    target = listener.target or DEFAULT_TARGET
    return [Part(seconds, target, target)]


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
