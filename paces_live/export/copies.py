"""What is to be copied into a folder, under which names and how, and what is left there of earlier exports."""

import filecmp
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from paces_live.collection.folder import real_path
from paces_live.collection.items import Unreadable
from paces_live.errors import ExportError, SourceError, cannot_open
from paces_live.export.folder import Folder
from paces_live.export.mp3 import converted_size, is_mp3
from paces_live.export.names import file_name
from paces_live.export.record import Written
from paces_live.export.sizes import size_words
from paces_live.export.song import Song
from paces_live.text import shown_path

__all__ = ["Copy", "How", "check_room", "copies", "left_over"]

How = Literal["copy", "convert", "keep", "omit"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A song and its copy.

    Attributes
    ----------
    song : Song
    name : str
        Name of the copy.
    source : int
        Size of the file of the song, bytes.
    size : int
        Size of the copy, bytes; before it is converted, the most that it may have.
    how : str
        ``copy``, ``convert`` (to MP3), ``keep`` (it is there already) or ``omit`` (there is no room for it).
    """

    song: Song
    name: str
    source: int
    size: int
    how: How

    @property
    def written(self) -> Written:
        """What the record says about it; a size that is not known before is 0."""
        return Written(self.source, 0 if self.how == "convert" else self.size)


def copies(
    songs: Sequence[Song | Unreadable], folder: Folder, *, mp3: bool = False, most: int | None = None
) -> Iterator[Copy | Unreadable]:
    """Yield the copy that each song becomes, or why it becomes none; nothing is written.

    Parameters
    ----------
    songs : sequence of Song or Unreadable
        In the order in which they are to be played. What is unreadable has a number, too, so that the names stay the
        same when it can be read again.
    folder : Folder
    mp3 : bool
        Whether everything becomes MP3.
    most : int, optional
        Size that all copies together may have, bytes. What comes after the first that has no room is omitted, so that
        a plan ends earlier and has no hole.
    """
    total = 0
    for number, song in enumerate(songs, 1):
        one = song if isinstance(song, Unreadable) else _copy(number, len(songs), song, folder, mp3=mp3)
        if isinstance(one, Copy):
            total += _most(one)
            if most is not None and total > most:
                # Once it does not fit, nothing after it does.
                one, most = replace(one, how="omit"), 0
        yield one


def _copy(number: int, count: int, song: Song, folder: Folder, *, mp3: bool) -> Copy | Unreadable:
    suffix = song.path.suffix
    try:
        status = song.path.stat()
        if not stat.S_ISREG(status.st_mode):
            # A named pipe would wait for a writer.
            error = SourceError(f"{shown_path(song.path)}: is not a regular file", hint="copy music in files")
            return Unreadable(song.path, error)
        source, converts = status.st_size, mp3 and not is_mp3(song.path)
    except (OSError, ValueError) as error:
        name = folder.name(file_name(number, count, song, ".mp3" if mp3 else suffix))
        known, there = folder.written.get(name), folder.size(name)
        if known and known.size == there:
            # Its disk is elsewhere; the copy is not.
            return Copy(song, name, known.source, there, "keep")
        return Unreadable(song.path, cannot_open(shown_path(song.path), error, hint="check that its disk is connected"))
    name = folder.name(file_name(number, count, song, ".mp3" if converts else suffix))
    known, there = folder.written.get(name), folder.size(name)
    if real_path(song.path.parent) == real_path(folder.path) and song.path.name != name:
        hint = "choose another folder"
        return Unreadable(song.path, SourceError(f"{shown_path(song.path)}: is in the folder itself", hint=hint))
    if there is not None and known is None and not converts and there == source and _is_same(song.path, folder, name):
        # An interrupted export on a device that lost its record.
        return Copy(song, name, source, there, "keep")
    if there is not None and known is not None and (known == Written(source, there) if converts else there == source):
        return Copy(song, name, source, there, "keep")
    if there is not None and known is None:
        hint = "move it away, or choose another folder"
        return Unreadable(song.path, ExportError(f"{shown_path(folder.path / name)}: is not from an export", hint=hint))
    size = converted_size(song.duration) if converts and song.duration else source
    return Copy(song, name, source, size, "convert" if converts else "copy")


def _is_same(path: Path, folder: Folder, name: str) -> bool:
    """Return whether a file that no record knows is a copy of a song."""
    try:
        return filecmp.cmp(path, folder.path / name, shallow=False)
    except OSError:
        return False


def _most(one: Copy) -> int:
    """Return the most that a copy may have, the same before and after it is converted: songs must not come and go."""
    converted = one.how == "keep" and one.size != one.source
    return max(one.size, converted_size(one.song.duration)) if converted and one.song.duration else one.size


def left_over(chosen: Iterable[Copy | Unreadable], folder: Folder) -> dict[str, int]:
    """Return names and sizes of what earlier exports wrote into a folder, and is still there, but not in this one."""
    wanted = [one for one in chosen if isinstance(one, Copy)]
    names = {one.name for one in wanted if one.how != "omit"}
    sources = {real_path(one.song.path) for one in wanted}
    found = {}
    for name, written in folder.written.items():
        if name in names or real_path(folder.path / name) in sources:
            continue
        size = folder.size(name)
        # Something larger is not what was written there.
        if size is not None and (size <= written.size or not written.size):
            found[name] = size
    return found


def check_room(chosen: Iterable[Copy | Unreadable], folder: Folder, removed: Iterable[int] = ()) -> None:
    """Raise `ExportError` if copies do not fit into a folder, from which files of these sizes are removed before."""
    free = folder.free()
    if free is None:
        return
    room, block = free
    wanted = [one for one in chosen if isinstance(one, Copy) and one.how != "omit"]
    new = [one for one in wanted if one.how != "keep"]
    if not new:
        return
    # Each file takes whole blocks, and the directory and the playlist take some. A file is replaced once the new one is
    # there, so that the largest is there twice.
    replaced = [one for one in new if folder.size(one.name)]
    need = sum(one.size + 2 * block for one in new) + max((one.size for one in replaced), default=block)
    missing = need - room - sum(removed) - sum(folder.size(one.name) or 0 for one in replaced)
    if missing > 0:
        most = sum(one.size for one in wanted) - missing
        hint = f"make room, or give --max-size {most // 1_000_000}M" if most >= 1_000_000 else "make room"
        raise ExportError(
            f"{shown_path(folder.path)}: has {size_words(room)} free, and the songs need {size_words(need)}",
            hint=hint,
            code="export.full",
        )
