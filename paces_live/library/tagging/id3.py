"""ID3v2 tags as bytes: a field is changed, and every other frame stays as it is, byte by byte.

A library that reads frames and writes them again loses some: those that it does not know or that come twice, and
those of another version. The formats: https://id3.org/id3v2.3.0, and the same with 2.4.0 and 00.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

Texts = tuple[str, ...]
"""Values of a field; none if there is no such field."""

_CODECS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
"""What the first byte of a text stands for."""
_UNSYNC, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
"""Flags of a tag: its false syncs are broken up, it has a second header, it has a footer."""
_LONGEST = 1 << 28


class Frame(NamedTuple):
    """A frame: its name, the second byte of its flags, what is in it, and all its bytes in the file."""

    name: bytes
    flags: int
    data: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Id3:
    r"""An ID3v2 tag.

    Attributes
    ----------
    version : int
        2, 3 or 4: that of ID3v2.3 is 3.
    flags : int
    frames : tuple of Frame
    rest : bytes
        What comes after the frames and is no padding: a damaged tag keeps it.
    size : int
        Bytes in the file, with header, padding and footer.

    Examples
    --------
    >>> tag = Id3().changed({"PACES": ("82.1; 164.2",)})
    >>> tag.texts("PACES"), tag.render()
    (('82.1; 164.2',), b'ID3\x03\x00\x00\x00\x00\x00\x1cTXXX\x00\x00\x00\x12\x00\x00\x00PACES\x0082.1; 164.2')
    >>> tag.changed({"PACES": ()}).render()
    b''
    """

    version: int = 3
    flags: int = 0
    frames: tuple[Frame, ...] = ()
    rest: bytes = b""
    size: int = 0

    def texts(self, name: str) -> Texts:
        """Return the values of ``PACES`` or ``BPM``."""
        return tuple(text for frame in self.frames for text in self._found(frame, name) or ())

    def others(self, names: Iterable[str]) -> list[bytes]:
        """Return the bytes of all frames but those of the fields `names`."""
        return [frame.raw for frame in self._without(names)]

    def changed(self, fields: Mapping[str, Texts]) -> "Id3":
        """Return the tag with other values of some fields."""
        kept = self._without(fields)
        new = [self._frame(name, texts) for name, texts in fields.items() if texts]
        return Id3(self.version, self.flags, (*kept, *new), self.rest, self.size)

    def render(self) -> bytes:
        """Return the bytes of the tag, of the same size if there is room; nothing if there is nothing in it."""
        body = b"".join(frame.raw for frame in self.frames) + self.rest
        if not body:
            return b""
        body = body.ljust(self.size - 10, b"\0")
        if len(body) >= _LONGEST:
            raise ValueError("the tag is full")
        # A checksum in the second header would be wrong, and a footer must not come after padding.
        flags = self.flags & ~_EXTENDED & ~_FOOTER
        if self.version < 4:
            flags &= ~_UNSYNC
        return b"ID3" + bytes([self.version, 0, flags]) + _synchsafe(len(body)) + body

    def _without(self, names: Iterable[str]) -> list[Frame]:
        ours = set(names)
        return [frame for frame in self.frames if all(self._found(frame, name) is None for name in ours)]

    def _found(self, frame: Frame, name: str) -> Texts | None:
        """Return the texts in a frame; None if it is not that of the field `name`."""
        free = name == "PACES"
        if frame.name != _NAMES[name][self.version == 2] or (data := self._plain(frame)) is None:
            return None
        if not data or data[0] >= len(_CODECS):
            return None
        words = data[1:].decode(_CODECS[data[0]], "replace").rstrip("\0").split("\0")
        # Each text may have a byte order mark of its own.
        words = [word.lstrip("\ufeff") for word in words]
        if free and words[0].casefold() != name.casefold():
            return None
        return tuple(words[free:])

    def _plain(self, frame: Frame) -> bytes | None:
        """Return what is in a frame as it is without flags; None if it is compressed or encrypted."""
        if self.version == 4:
            if frame.flags & 0x0C:
                return None
            data = frame.data[(frame.flags >> 6 & 1) + 4 * (frame.flags & 1) :]
            return _resynchronised(data) if frame.flags & 2 or self.flags & _UNSYNC else data
        return None if frame.flags & 0xC0 else frame.data[frame.flags >> 5 & 1 :]

    def _frame(self, name: str, texts: Texts) -> Frame:
        """Return the frame of a field; Latin-1 if that has all characters, because every program reads it."""
        text = "\0".join((name, *texts) if name == "PACES" else texts)
        coding = 0 if _is_latin(text) else 3 if self.version == 4 else 1
        marked = "\0\ufeff".join(text.split("\0")) if coding == 1 else text
        data = bytes([coding]) + marked.encode(_CODECS[coding])
        label, size = _NAMES[name][self.version == 2], len(data)
        if self.version == 2:
            return Frame(label, 0, data, label + size.to_bytes(3, "big") + data)
        length = _synchsafe(size) if self.version == 4 else size.to_bytes(4, "big")
        return Frame(label, 0, data, label + length + bytes(2) + data)


_NAMES = {"PACES": (b"TXXX", b"TXX"), "BPM": (b"TBPM", b"TBP")}
"""Frames of the fields, and what ID3v2.2 calls them."""


def read_id3(file: BinaryIO) -> Id3 | None:
    """Return the ID3v2 tag that begins where `file` is; None if there is none.

    Raises
    ------
    ValueError
        It is damaged, or of a version that does not exist.

    Examples
    --------
    >>> from io import BytesIO
    >>> read_id3(BytesIO(Id3().changed({"BPM": ("82",)}).render())).texts("BPM")
    ('82',)
    >>> read_id3(BytesIO(b"RIFF")) is None
    True
    """
    header = file.read(10)
    if not header.startswith(b"ID3") or len(header) < 10:
        return None
    version, flags, size = header[3], header[5], _number(header[6:])
    if not 2 <= version <= 4 or size is None or (version == 2 and flags & _EXTENDED):
        raise ValueError("the header of its ID3 tag is damaged")
    body = file.read(size)
    if len(body) < size:
        raise ValueError("its ID3 tag is cut off")
    size += 20 if version == 4 and flags & _FOOTER else 10
    if version < 4 and flags & _UNSYNC:
        body = _resynchronised(body)
    at = _after_second_header(body, version) if flags & _EXTENDED else 0
    frames = tuple(_frames(body, at, version))
    rest = body[at + sum(len(frame.raw) for frame in frames) :]
    return Id3(version, flags, frames, rest if rest.strip(b"\0") else b"", size)


def _after_second_header(body: bytes, version: int) -> int:
    """Return where the frames begin in a tag that says it has a second header."""
    # Some programs set the flag without writing one: https://github.com/quodlibet/quodlibet/issues/126
    if re.match(rb"[A-Z][A-Z0-9]{3}", body):
        return 0
    length = _number(body[:4]) if version == 4 else 4 + int.from_bytes(body[:4], "big")
    if not length or length > len(body):
        raise ValueError("the second header of its ID3 tag is damaged")
    return length


def _frames(body: bytes, at: int, version: int) -> Iterator[Frame]:
    """Yield the frames of a tag, until padding or something else comes."""
    letters, head = (3, 6) if version == 2 else (4, 10)
    while _is_name(body[at : at + letters]) and at + head <= len(body):
        size = body[at + letters : at + (6 if version == 2 else 8)]
        ends = [at + head + int.from_bytes(size, "big")]
        # iTunes wrote sizes of ID3v2.4 as those of ID3v2.3.
        if version == 4 and (number := _number(size)) is not None:
            ends = [at + head + number, *ends]
        ends = [end for end in ends if end <= len(body)]
        if not ends:
            return
        end = next((end for end in ends if _may_end(body, end, letters)), ends[0])
        flags = 0 if version == 2 else body[at + 9]
        yield Frame(body[at : at + letters], flags, body[at + head : end], body[at:end])
        at = end


def _may_end(body: bytes, at: int, letters: int) -> bool:
    """Return whether a frame may end at `at`: a name, padding or nothing follows."""
    following = body[at : at + letters]
    return not following.strip(b"\0") or _is_name(following)


def _is_name(name: bytes) -> bool:
    # Some programs write the names of ID3v2.2 into later tags.
    return re.fullmatch(rb"[A-Z][A-Z0-9]{2}[A-Z0-9 \0]?", name) is not None


def _is_latin(text: str) -> bool:
    return all(character <= "\xff" for character in text)


def _resynchronised(data: bytes) -> bytes:
    """Return what was there before a zero byte was put after each 255."""
    return data.replace(b"\xff\0", b"\xff")


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _number(data: bytes) -> int | None:
    """Return the number in bytes of which only seven bits count; None if it is another one."""
    if len(data) < 4 or max(data) > 0x7F:
        return None
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]
