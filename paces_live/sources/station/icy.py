"""Sound with titles between its bytes: the ICY protocol of SHOUTcast and Icecast."""

from typing import TYPE_CHECKING

from paces_live.events import Track
from paces_live.sources.decoder import Decoder
from paces_live.sources.station.titles import caption, has_fields, stream_title
from paces_live.text import decoded

if TYPE_CHECKING:
    from paces_live.sources.station.http import Body

LONGEST_INTERVAL = 1 << 24
"""Most bytes between two titles; more are a mistake."""
QUICK_START = {"formatprobesize": "16384", "analyzeduration": "500000"}
"""Options of FFmpeg: bytes by which it judges the format, and microseconds by which it judges the streams.

By default it wants eight times as much of a stream that is joined in the middle of a frame: 8 s at 128 kbit/s.
"""
_MARK = b"StreamTitle="


class IcyStream:
    """The sound of a response without its titles; a response without titles as it is.

    A server may not keep to the interval that it states. Bytes that cannot be a title are sound; then the next title
    is found by its name.

    Parameters
    ----------
    body : Body
        `close` closes it.

    Attributes
    ----------
    track : Track or None
        What plays.
    has_titles : bool
        Whether the station says what plays, even if that is nothing.
    """

    def __init__(self, body: "Body") -> None:
        self.track: Track | None = None
        self.has_titles = False
        self._body = body
        # Headers come as Latin-1.
        self._station = decoded(body.headers.get("icy-name", "").encode("latin-1", "replace"))
        self._interval = _interval(body.headers.get("icy-metaint", ""))
        self._left = self._interval
        self._lost = False

    @property
    def error(self) -> Exception | None:
        """Why no more came."""
        return self._body.error

    @property
    def is_complete(self) -> bool:
        """Whether this was a file, which has an end."""
        return self._body.is_complete

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes of sound as soon as there are some; none at the end."""
        if not self._interval:
            return self._body.read(size)
        if not self._left:
            self._left = self._interval
            self._take_title()
        if self._lost:
            return self._before_title(self._body.read(size))
        chunk = self._body.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk

    def decoder(self, *, name: str) -> Decoder:
        """Return the decoder of the sound; `name` is what error messages call it."""
        return Decoder(self, name=name, options=QUICK_START)

    def close(self) -> None:
        """Close the connection."""
        self._body.close()

    def _take_title(self) -> None:
        """Read what is between the bytes: a length in units of 16, and fields such as ``StreamTitle='…';``."""
        length = self._body.read_whole(1)
        fields = self._body.read_whole(16 * length[0]) if length else b""
        self._lost = not has_fields(fields)
        if self._lost:
            self._body.unread(length + fields)
            return
        words = stream_title(fields)
        if words is not None:
            self.has_titles = True
            self.track = Track(title=title) if (title := caption(words, self._station)) else None

    def _before_title(self, chunk: bytes) -> bytes:
        """Return the sound of a chunk up to the next title, if it holds one; its length is in the byte before it."""
        at = chunk.find(_MARK, 1)
        if at < 0:
            return chunk
        self._body.unread(chunk[at - 1 :])
        self._lost, self._left = False, 0
        return chunk[: at - 1] or self.read(len(chunk))


def _interval(header: str) -> int:
    """Return the bytes of sound between two titles; 0 without titles."""
    # A proxy may join a header that came twice.
    digits = header.partition(",")[0].strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 10
    return int(digits) if is_number and int(digits) <= LONGEST_INTERVAL else 0
