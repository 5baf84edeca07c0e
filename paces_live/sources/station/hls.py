"""HTTP live streaming: lists of short segments, of which a live one changes all the time (RFC 8216).

FFmpeg can read the lists itself. But it hides which segment could not be read and why, refuses segments by their
names, gives titles only once, and waits where nothing can stop it. It gets the segments as one stream instead.
"""

import time
from collections import deque
from io import BytesIO
from typing import TYPE_CHECKING

from paces_live.errors import SourceError
from paces_live.events import Track
from paces_live.sources.station.address import Address, parse_address
from paces_live.sources.station.media_playlist import MediaPlaylist, Part, Segment, read_media_playlist
from paces_live.sources.station.titles import caption
from paces_live.text import decoded

if TYPE_CHECKING:
    from paces_live.sources.station.http import Body, Client

FROM_END = 3
"""Segments before the end of a live list with which to begin: what RFC 8216, section 6.3.3, allows."""
PATIENCE_S = 10.0
"""Time without a new segment after which a stream is gone, seconds; three segments, if that is longer."""
BAD_SEGMENTS = 3
"""Segments after each other that cannot be read, after which a stream is gone."""
LIST_BYTES = 1 << 20
"""Most bytes of a list that are read."""
_ID3_HEAD = 10


class HlsStream:
    """The sound of one variant, as if its segments were one stream.

    A list that ends is heard from its beginning, a live one from its last segments.

    Parameters
    ----------
    client : Client
    address : Address
        Where the list of segments is.
    text : str
        The list.
    name : str
        What error messages call it.

    Attributes
    ----------
    track : Track or None
        What plays, by the ID3 tags before the segments or by attributes in the list.
    has_titles : bool
        Whether the stream says what plays.
    error : Exception or None
        Why no more came.
    is_complete : bool
        Whether all the segments of a list that ends were read.
    """

    def __init__(self, client: "Client", address: Address, text: str, *, name: str) -> None:
        self.track: Track | None = None
        self.has_titles = False
        self.error: Exception | None = None
        self.is_complete = False
        self._client = client
        self._address = address
        self._name = name
        self._body: Body | None = None
        self._header: Part | None = None
        self._bad = 0
        self._has_sound = False
        self._list = read_media_playlist(text)
        if self._list.is_encrypted:
            raise SourceError(f"{name} is encrypted", hint="choose another address", code="source.unreadable")
        self._loaded_at = self._changed_at = time.monotonic()
        self._due = deque(self._list.segments if self._list.is_complete else self._list.segments[-FROM_END:])
        self._next = self._list.segments[-1].number + 1 if self._list.segments else 0

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes as soon as there are some; none at the end."""
        while self.error is None and not self.is_complete and not self._client.stopping.is_set():
            if self._body is not None:
                if chunk := self._body.read(size):
                    return chunk
                self.close()
            try:
                self._go_on()
            except SourceError as error:
                self.error = error
        return b""

    def close(self) -> None:
        """Close the connection."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def _go_on(self) -> None:
        """Open the next segment, or wait for it."""
        if self._due:
            self._open(self._due.popleft())
        elif self._list.is_complete:
            self.is_complete = True
        else:
            self._reload()

    def _open(self, segment: Segment) -> None:
        try:
            if segment.header is not None and segment.header != self._header:
                self._body = self._part(segment.header)
                self._header = segment.header
                self._due.appendleft(segment)
                return
            self._body = self._part(segment.part)
        except SourceError:
            self._bad += 1
            if self._bad == BAD_SEGMENTS or not (self._has_sound or self._due):
                raise
            return
        self._bad, self._has_sound = 0, True
        self._take_titles(self._body, segment)

    def _part(self, part: Part) -> "Body":
        address = self._resolved(part.location)
        return self._client.get(address, name=self._name, start=part.start, end=part.end)

    def _resolved(self, location: str) -> Address:
        try:
            return parse_address(location, base=self._address.url)
        except ValueError:
            raise SourceError(f"{self._name} lists a segment that is not at an address") from None

    def _take_titles(self, body: "Body", segment: Segment) -> None:
        """Take the ID3 tag, which is no sound, off the segment, and the title from it or from the list."""
        title = artist = None
        head = body.peek(_ID3_HEAD)
        if head.startswith(b"ID3") and len(head) == _ID3_HEAD:
            size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            title, artist = _id3_names(body.read_whole(_ID3_HEAD + size))
        if title is None and '="' in segment.title:
            title = segment.title
        if title is not None:
            self.has_titles = True
            title = caption(title)
            self.track = None if title is None else Track(title=title, artist=artist)

    def _reload(self) -> None:
        """Wait until the list is due again, and read what is new in it."""
        is_news = self._changed_at == self._loaded_at
        pause = self._list.longest_s if is_news else self._list.longest_s / 2
        if self._client.stopping.wait(max(0.0, self._loaded_at + pause - time.monotonic())):
            return
        self._loaded_at = time.monotonic()
        try:
            body = self._client.get(self._address, name=self._name)
            try:
                self._list = read_media_playlist(decoded(body.read_whole(LIST_BYTES)))
            finally:
                body.close()
        except SourceError:
            if self._loaded_at - self._changed_at > max(PATIENCE_S, 3 * self._list.longest_s):
                raise
            return
        self._take_new(self._list)

    def _take_new(self, listed: MediaPlaylist) -> None:
        segments = listed.segments
        if segments and segments[-1].number < self._next - len(segments):
            self._next = segments[0].number  # the server began to count again
        new = [segment for segment in segments if segment.number >= self._next]
        if new and new[0].number > self._next:
            raise SourceError(f"{self._name} is ahead: segments were missed", hint="check the network")
        if new:
            self._changed_at, self._next = self._loaded_at, new[-1].number + 1
            self._due.extend(new)
        elif self._loaded_at - self._changed_at > max(PATIENCE_S, 3 * listed.longest_s):
            raise SourceError(f"{self._name} has no new segment", hint="check that the station is on air")


def _id3_names(tag: bytes) -> tuple[str | None, str | None]:
    """Return title and artist of an ID3 tag, as far as it has them."""
    # Deferred: it takes 40 ms, and few stations need it.
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    try:
        frames = ID3(BytesIO(tag))
    except MutagenError:
        return None, None
    title, artist = (str(frames[name]) if name in frames else None for name in ("TIT2", "TPE1"))
    return title, artist or None
