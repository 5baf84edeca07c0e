"""Headers of audio files as FFmpeg needs them: without sizes that were left open, and without a tag before them.

A recorder writes sizes when it ends. If it writes into a pipe, or breaks down, they stay zero or as large as can be.
FFmpeg knows this of some formats, and refuses others.
"""

import re
from collections.abc import Iterator
from typing import Literal

_OPEN_32, _OPEN_64 = 0x7FFF_FF00, 0x3FFF_FFFF_FFFF_FF00
"""Sizes that no file has, and that overflow nowhere: such a file is read to its end."""
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_KNOWN = re.compile(
    rb"RIFF|RF64|BW64|FORM|OggS|fLaC|caff|wvpk|MAC |TTA1|\.snd|riff\x2e\x91|\x30\x26\xb2\x75|\x1a\x45\xdf\xa3|....ftyp"
    rb"|\xff[\xf0\xf1\xf8\xf9]",
    re.DOTALL,
)


def tag_size(head: bytes) -> int:
    r"""Return the bytes of the ID3v2 tag that a file begins with, zero if there is none.

    Examples
    --------
    >>> tag_size(b"ID3\4\0\0\0\0\2\1"), tag_size(b"fLaC")
    (267, 0)
    """
    if len(head) < 10 or not head.startswith(b"ID3") or any(byte > 0x7F for byte in head[6:10]):
        return 0
    size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    has_footer = bool(head[5] & 0x10)
    return 10 + size + 10 * has_footer


def without_size(head: bytes) -> bytes:
    r"""Return the beginning of a file without the size of its ID3v2 tag, which is longer than the file.

    Examples
    --------
    >>> tag_size(without_size(b"ID3\4\0\0\x7f\x7f\x7f\x7f"))
    10
    """
    return head[:6] + bytes(4) + head[10:]


def is_known(head: bytes) -> bool:
    r"""Return whether a file that begins so is recognised without the tag before it; an MP3 may not be.

    Examples
    --------
    >>> is_known(b"fLaC\0\0\0\x22"), is_known(b"\xff\xfb\x90\0")
    (True, False)
    """
    return _KNOWN.match(head) is not None


def fixed(head: bytes) -> bytes:
    r"""Return the beginning of a file with sizes that are open in the way that FFmpeg knows.

    Examples
    --------
    >>> fixed(b".snd\0\0\0\x18\0\0\0\0")
    b'.snd\x00\x00\x00\x18\xff\xff\xff\xff'
    """
    out = bytearray(head)
    match head[:4]:
        case b".snd":
            out[8:12] = head[8:12] if any(head[8:12]) else b"\xff" * 4
        case b"RF64" | b"BW64":
            if head[12:16] == b"ds64" and not 0 < int.from_bytes(head[28:36], "little") <= _OPEN_64:
                out[20:44] = _OPEN_64.to_bytes(8, "little") * 2 + bytes(8)  # of the file, of the sound; no frames
        case b"FORM" if head[8:11] == b"AIF":
            _fix_aiff(out)
        case b"riff":
            _fix_w64(out)
    return bytes(out)


def _fix_aiff(out: bytearray) -> None:
    head = bytes(out)
    for at, _ in _chunks(head, b"COMM", first=12, order="big", width=4, even=2):
        if head[at + 10 : at + 14] == b"\xff" * 4:
            out[at + 10 : at + 14] = bytes(4)
    for at, size in _chunks(head, b"SSND", first=12, order="big", width=4, even=2):
        if size <= 8:  # what comes before the sound
            out[at + 4 : at + 8] = _OPEN_32.to_bytes(4, "big")
        if int.from_bytes(head[4:8], "big") <= at:
            out[4:8] = _OPEN_32.to_bytes(4, "big")


def _fix_w64(out: bytearray) -> None:
    head = bytes(out)
    for at, size in _chunks(head, _W64_DATA, first=40, order="little", width=8, even=8, counts_itself=True):
        if not 24 < size <= _OPEN_64:
            out[at + 16 : at + 24] = _OPEN_64.to_bytes(8, "little")
    if not 40 < int.from_bytes(head[16:24], "little") <= _OPEN_64:
        out[16:24] = _OPEN_64.to_bytes(8, "little")


def _chunks(
    head: bytes,
    name: bytes,
    *,
    first: int,
    order: Literal["little", "big"],
    width: int,
    even: int = 1,
    counts_itself: bool = False,
) -> Iterator[tuple[int, int]]:
    """Yield where each chunk of a name begins, and its size, which has `width` bytes.

    The first chunk begins at `first`, and each other one at a multiple of `even`. In some formats a size counts the
    name and itself.
    """
    at, start = first, len(name) + width
    while at + start <= len(head):
        size = int.from_bytes(head[at + len(name) : at + start], order)
        if head.startswith(name, at):
            yield at, size
        length = max(start, size if counts_itself else start + size)
        at += length + -length % even
