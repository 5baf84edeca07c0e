"""Files with an ID3 tag: in front of the sound, or in a chunk of a WAV or AIFF file."""

import shutil
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from paces_live.library.tagging.chunks import find_chunk, with_chunk
from paces_live.library.tagging.fields import COPIED_AT_ONCE, NAMES, FileTags, Values
from paces_live.library.tagging.id3 import Id3, read_id3

Edit = tuple[int, int, bytes]
"""Start and end of bytes, and what comes into their place."""


class Id3InFront(FileTags):
    """An MP3 or another file whose first bytes are the tag.

    Attributes
    ----------
    is_new : bool
        Whether there was none. What an ID3v1 says is then in the new one, because some programs read only one of them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            found = read_id3(file)
        self.is_new = found is None
        self._tag = found or _of_id3v1(path)

    def values(self, name: str) -> Values:
        """Return the values of a field."""
        return self._tag.texts(name)

    def others(self) -> list[bytes]:
        """Return the bytes of all other frames."""
        return self._tag.others(NAMES)

    def write(self, target: BinaryIO, fields: Mapping[str, Values]) -> None:
        """Write the file with another tag."""
        tag = self._tag.changed({name: tuple(map(str, values)) for name, values in fields.items()})
        with self._path.open("rb") as source:
            _copy(source, target, self._edits(source, tag.render()))

    def _edits(self, _source: BinaryIO, data: bytes) -> list[Edit]:
        return [(0, self._tag.size, data)]


class Id3Chunk(Id3InFront):
    """A WAV or AIFF file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            place = find_chunk(file)
            file.seek(place.start + 8)
            self._tag = (read_id3(file) if place.end > place.start else None) or Id3()

    def _edits(self, source: BinaryIO, data: bytes) -> list[Edit]:
        return with_chunk(find_chunk(source), data)


def _of_id3v1(path: Path) -> Id3:
    """Return a new tag with what an ID3v1 says, in the same bytes: nobody knows their code page."""
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        old = ID3(path, translate=False, v2_version=3)
    except ID3NoHeaderError:
        return Id3()
    new = BytesIO()
    old.save(new, v1=0, v2_version=3, padding=lambda _: 0)
    new.seek(0)
    tag = read_id3(new)
    assert tag
    return Id3(frames=tag.frames)


def _copy(source: BinaryIO, target: BinaryIO, edits: Iterable[Edit]) -> None:
    """Copy a file with other bytes in some places, which are given from the first to the last."""
    at = 0
    for start, end, data in edits:
        source.seek(at)
        while at < start and (part := source.read(min(COPIED_AT_ONCE, start - at))):
            target.write(part)
            at += len(part)
        target.write(data)
        at = end
    source.seek(at)
    shutil.copyfileobj(source, target, COPIED_AT_ONCE)
