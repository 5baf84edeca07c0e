"""Text of unknown origin: bytes in unknown code pages, and names and titles that may hold anything."""

import os
from pathlib import Path
from urllib.parse import quote_from_bytes

LONGEST_LINE = 200
"""Most characters of a title, an artist or an album; anything longer is not one."""
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def decoded(data: bytes) -> str:
    r"""Return text in UTF-8, in UTF-16 with a byte order mark, or else in the most likely code page.

    Examples
    --------
    >>> decoded("Café".encode()), decoded("Café".encode("cp1252")), decoded(b"\xff\xfeA\x00")
    ('Café', 'Café', 'A')
    """
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def one_line(text: str) -> str:
    r"""Return `text` as one short line of printable characters: it must not move the cursor of a terminal.

    Examples
    --------
    >>> one_line("So\x1b[2J  What\n")
    'So [2J What'
    """
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:LONGEST_LINE].rstrip()


def shown_path(path: str | Path) -> str:
    r"""Return a path as people see it: bytes that are no UTF-8, and what is not printable, become U+FFFD.

    Examples
    --------
    >>> shown_path(os.fsdecode(b"caf\xe9.wav")), shown_path("a\nb.wav")
    ('caf�.wav', 'a�b.wav')
    """
    return "".join(character if character.isprintable() else "\ufffd" for character in str(path))


def json_path(path: str | Path) -> str:
    r"""Return a path as programs get it: unchanged, or as a ``file:`` URI if its bytes are no UTF-8.

    Examples
    --------
    >>> json_path("/music/café.wav"), json_path(os.fsdecode(b"/music/caf\xe9.wav"))
    ('/music/café.wav', 'file:///music/caf%E9.wav')
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "file://" + quote_from_bytes(os.fsencode(Path(path).absolute()))
    return str(path)
