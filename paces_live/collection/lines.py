"""The lines of a playlist: their text, and their bytes as names of files."""

import re
from codecs import BOM_UTF8
from dataclasses import dataclass

from paces_live.text import decoded, utf16

# Not str.splitlines: U+0085, U+2028, form feeds and vertical tabs occur within titles.
_END = r"\r\n|\r|\n"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a playlist.

    Attributes
    ----------
    number : int
        1, 2, 3, ...
    text : str
        Decoded, without spaces around it.
    raw : str
        Its bytes as Python has those of file names: in UTF-8, with surrogates for bytes that are none.
    """

    number: int
    text: str
    raw: str


def lines(data: bytes) -> list[Line]:
    r"""Return the lines of a playlist that hold something; a line ends at CR, LF or CRLF alone.

    Examples
    --------
    >>> [(line.number, line.text) for line in lines("One\u2028Two\r\n\r\n Café".encode("utf-16"))]
    [(1, 'One\u2028Two'), (3, 'Café')]
    >>> lines(b"caf\xe9.wav")[0].raw
    'caf\udce9.wav'
    """
    data = as_bytes(data)
    raws = re.split(_END.encode(), data)
    texts = re.split(_END, decoded(data))
    if len(texts) != len(raws):
        texts = [decoded(raw) for raw in raws]
    found = []
    for number, (text, raw) in enumerate(zip(texts, raws, strict=True), start=1):
        # A mark within the text: someone has joined two lists.
        if words := text.lstrip("\ufeff").strip(" \t"):
            found.append(Line(number, words, raw.removeprefix(BOM_UTF8).decode(errors="surrogateescape")))
    return found


def as_bytes(data: bytes) -> bytes:
    """Return text in UTF-16 as UTF-8, without a byte order mark; other text as it is.

    Examples
    --------
    >>> as_bytes("Mixes".encode("utf-16-le"))
    b'Mixes'
    """
    if encoding := utf16(data):
        # A byte alone at the end is no character: a tool has added a line end to a file that it took for ASCII.
        data = data[: len(data) // 2 * 2].decode(encoding, errors="replace").encode()
    return data.removeprefix(BOM_UTF8)
