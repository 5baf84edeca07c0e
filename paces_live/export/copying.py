"""The copying of songs, which may be interrupted at any moment."""

import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from paces_live.collection.listed import Listed
from paces_live.collection.written import write_playlist
from paces_live.errors import ExportError
from paces_live.export.copies import Copy
from paces_live.export.folder import PART, PLAYLIST, Folder
from paces_live.export.mp3 import convert
from paces_live.export.record import Written, record_lines

__all__ = ["Copying"]

SAVED_EVERY_S = 10.0
"""Time after which the playlist is written again while songs are copied, seconds."""


class Copying:
    """Copies songs, and keeps the playlist beside them true; a context manager. It may end at any moment.

    The playlist lists what is there, and its record has everything that is about to be written, so that the next export
    knows what is its own.

    Parameters
    ----------
    folder : Folder
    wanted : sequence of Copy
        Those that there is room for, see `copies`.
    left : collection of str
        Names of what earlier exports left, see `left_over`.
    removes : bool
        Whether that is removed before anything is copied.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        folder: Folder,
        wanted: Sequence[Copy],
        left: Collection[str],
        *,
        removes: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._wanted = wanted
        self._left = {name: folder.written[name] for name in left}
        self._removes = removes
        self._clock = clock
        self._there = {one.name: one.written for one in wanted if one.how == "keep"}
        self._saved_at = clock()

    def __enter__(self) -> Self:
        self._local = tempfile.TemporaryDirectory(prefix="paces-live-")
        try:
            self._save(planned=True)
            self._folder.remove(PART)
            if self._removes:
                for name in self._left:
                    self._folder.remove(name)
                self._left = {}
        except BaseException:
            self._local.cleanup()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._local, suppress(ExportError) if kind else nullcontext():
            self._save()

    def do(self, one: Copy) -> tuple[Copy, float]:
        """Make a copy; return it with its real size, and how many seconds of it are damaged: only converting shows it.

        Raises
        ------
        SourceError
            The song cannot be read. The others can still be copied.
        ExportError
            The folder cannot be written to.
        """
        if one.how == "keep":
            return one, 0.0
        song, source, damaged = one.song, one.song.path, 0.0
        if one.how == "convert":
            source = Path(self._local.name) / "converted.mp3"
            tags = {"title": song.title, "artist": song.artist, "album": song.album}
            damaged = convert(song.path, source, {name: text for name, text in tags.items() if text})
        size = self._folder.put(one.name, source)
        self._there[one.name] = Written(one.source, size)
        if self._clock() - self._saved_at >= SAVED_EVERY_S:
            self._save(planned=True)
        return replace(one, size=size), damaged

    def _save(self, *, planned: bool = False) -> None:
        """Write the playlist, unless it is there as it should be; its record may have what is still to be written."""
        there = [one for one in self._wanted if one.name in self._there]
        record = {one.name: self._there.get(one.name, one.written) for one in (self._wanted if planned else there)}
        local = Path(self._local.name) / PLAYLIST
        songs = [
            Listed(
                local.with_name(one.name),
                -1.0 if one.song.duration is None else one.song.duration,
                one.song.title,
                one.song.artist,
            )
            for one in there
        ]
        write_playlist(local, songs)
        with local.open("a", encoding="utf-8") as file:
            file.write(record_lines(self._left | record))
        if self._folder.read(PLAYLIST) != local.read_bytes():
            self._folder.put(PLAYLIST, local)
        self._saved_at = self._clock()
