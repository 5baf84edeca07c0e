"""Ogg files and streams with several links: each begins a stream of its own, maybe of another codec, rate or title.

FFmpeg plays on over links that are alike and stops at others, so it gets one link after the other (RFC 3533).
"""

import re
from typing import Protocol

MAGIC = b"OggS"
READ_BYTES = 1 << 16
_PAGE = re.compile(rb"OggS\x00([\x00-\x07])")
_PAGE_START = 6
"""Bytes that `_PAGE` matches."""
_FIRST_PAGE = 2
"""Flag of a page that begins a logical stream; all those of a link come before its other pages."""


class Readable(Protocol):
    """What has bytes to read."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


class OggLinks:
    r"""Reads one link of an Ogg stream, and the next when it is asked to.

    Parameters
    ----------
    file : object with a method `read`

    Examples
    --------
    >>> import io
    >>> first, data = b"OggS\x00\x02..head", b"OggS\x00\x00..data"
    >>> links = OggLinks(io.BytesIO(first + data + first + data))
    >>> len(b"".join(iter(lambda: links.read(100), b""))), links.go_on()
    (24, True)
    >>> len(b"".join(iter(lambda: links.read(100), b""))), links.go_on()
    (24, False)
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._ahead = b""
        self._has_more = True
        self._beyond_first = False
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes of the link, none at its end."""
        while self._has_more and len(self._ahead) <= _PAGE_START:
            chunk = self._file.read(READ_BYTES)
            self._has_more = bool(chunk)
            self._ahead += chunk
        # A page may begin in the last bytes; what follows shows it.
        given = self._ahead[: min(size, len(self._ahead) - (_PAGE_START if self._has_more else 0))]
        for page in _PAGE.finditer(self._ahead, 0, len(given) + _PAGE_START):
            if page.start() >= len(given):
                break
            is_first = page[1][0] & _FIRST_PAGE
            if is_first and self._beyond_first:
                given = given[: page.start()]
                break
            self._beyond_first = self._beyond_first or not is_first
        self._ahead = self._ahead[len(given) :]
        self._ended = not given
        return given

    def go_on(self) -> bool:
        """Go on to the next link; return whether there is one."""
        while not self._ended:
            self.read(READ_BYTES)
        self._beyond_first = self._ended = False
        return bool(self._ahead)
