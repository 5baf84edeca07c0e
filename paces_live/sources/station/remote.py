"""A file on a server that is read from any place in it, as FFmpeg reads MP4 files whose index is at their end."""

import os
from typing import TYPE_CHECKING

from paces_live.errors import SourceError
from paces_live.events import Track

if TYPE_CHECKING:
    from paces_live.sources.station.http import Body, Client

_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
PARTIAL_CONTENT = 206
"""HTTP status of an answer that begins where it was asked to."""


def needs_seeking(body: "Body") -> bool:
    """Return whether this is an MP4 file, and the server gives any part of it."""
    is_mp4 = body.peek(8)[4:] in _BOXES
    return is_mp4 and bool(body.length) and body.headers.get("Accept-Ranges", "").strip().lower() == "bytes"


class RemoteFile:
    """A file on a server, whose parts are asked for as they are read.

    Parameters
    ----------
    client : Client
    body : Body
        The whole file; `close` closes it.
    name : str
        What error messages call it.

    Attributes
    ----------
    track : None
        Its tags name it.
    has_titles : bool
        False.
    error : Exception or None
        Why no more came.
    """

    track: Track | None = None
    has_titles = False

    def __init__(self, client: "Client", body: "Body", *, name: str) -> None:
        self.error: Exception | None = None
        self._client = client
        self._name = name
        self._address = body.address
        self._size = body.length or 0
        self._body = body
        self._body_at = self._at = 0

    @property
    def is_complete(self) -> bool:
        """Whether it was read without an error: it has an end."""
        return self.error is None

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes as soon as there are some; none at the end."""
        if self._at >= self._size or self.error is not None:
            return b""
        if self._at != self._body_at and not self._go_there():
            return b""
        chunk = self._body.read(size)
        self._at += len(chunk)
        self._body_at = self._at
        if not chunk:
            self.error = self._body.error or ConnectionError("it closed the connection")
        return chunk

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another byte of the file, and return which one it is."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Return which byte is next."""
        return self._at

    def close(self) -> None:
        """Close the connection."""
        self._body.close()

    def _go_there(self) -> bool:
        """Ask for the file from where we are; return whether it comes from there."""
        self._body.close()
        try:
            self._body = self._client.get(self._address, name=self._name, start=self._at)
        except SourceError as error:
            self.error = error
        else:
            if self._body.status != PARTIAL_CONTENT:
                self.error = SourceError(
                    f"{self._name} is given only as a whole", hint="download the file", code="source.unreadable"
                )
        self._body_at = self._at
        return self.error is None
