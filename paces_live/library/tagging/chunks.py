"""Where the ID3 tag of a WAV or AIFF file is: in a chunk of its own."""

import os
import struct
from typing import BinaryIO, NamedTuple

_NAMES = (b"id3 ", b"ID3 ")
_MOST_CHUNKS = 10_000
"""Chunks that are looked at: enough for any file, and an end for a damaged one."""
_LARGEST = 0xFFFFFFFF


class Place(NamedTuple):
    """Where a tag is in a file, or is to be.

    Attributes
    ----------
    start, end : int
        Where its chunk begins and ends. They are the same if there is none yet: the end of all chunks.
    name : bytes
        The name of the chunk.
    order : str
        Order of the bytes of a size, as `struct` writes it.
    size : int
        Size of all chunks, as the header of the file says.
    """

    start: int
    end: int
    name: bytes
    order: str
    size: int


def find_chunk(file: BinaryIO) -> Place:
    """Return where the ID3 tag is; `file` is then where the tag itself begins, if there is one.

    Raises
    ------
    ValueError
        It is no WAV or AIFF file, or the sizes in it do not fit together.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    match (head := file.read(12))[:4], head[8:]:
        case b"RIFF", b"WAVE":
            order, name = "<", b"id3 "
        case b"FORM", b"AIFF" | b"AIFC":
            order, name = ">", b"ID3 "
        case _:
            raise ValueError("it is no WAV or AIFF file")
    (size,) = struct.unpack(f"{order}I", head[4:8])
    at, last = 12, 8 + size
    if last > length:
        raise ValueError("it is cut off, or its header has no size")
    for _ in range(_MOST_CHUNKS):
        # A last chunk of odd length may lack the byte that makes it even.
        if at >= last:
            return Place(last, last, name, order, size)
        file.seek(at)
        kind, content = struct.unpack(f"{order}4sI", file.read(8).ljust(8, b"\0"))
        following = at + 8 + content + content % 2
        if following > last + content % 2:
            raise ValueError("a chunk is longer than the file")
        if kind in _NAMES:
            return Place(at, min(following, last), kind, order, size)
        at = following
    raise ValueError("it has too many chunks")


def with_chunk(place: Place, tag: bytes) -> list[tuple[int, int, bytes]]:
    r"""Return what puts another tag there: starts and ends of bytes, and what comes into their place.

    Examples
    --------
    >>> with_chunk(Place(44, 44, b"id3 ", "<", 36), b"ID3")
    [(4, 8, b'0\x00\x00\x00'), (44, 44, b'id3 \x03\x00\x00\x00ID3\x00')]
    """
    chunk = place.name + struct.pack(f"{place.order}I", len(tag)) + tag + bytes(len(tag) % 2) if tag else b""
    if place.start % 2:
        chunk = bytes(1) + chunk
    size = place.size + len(chunk) - (place.end - place.start)
    if size > _LARGEST:
        raise ValueError("it is too large for a tag")
    return [(4, 8, struct.pack(f"{place.order}I", size)), (place.start, place.end, chunk)]
