"""What FFmpeg fetches itself: HTTP live streaming, and files in which it has to seek."""

from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import paces_live
from paces_live.events import Track
from paces_live.sources.decoder import Decoder
from paces_live.sources.station.address import Address

if TYPE_CHECKING:
    from paces_live.sources.station.http import Body, Client

OPTIONS = {
    # What a server sends must not open files of this machine.
    "protocol_whitelist": "http,https,tcp,tls,crypto,httpproxy",
    "user_agent": f"paces-live/{paces_live.__version__}",
}
"""Options of FFmpeg."""
HLS_OPTIONS = {
    # Segments have any suffix, or none, and FFmpeg would refuse them by it.
    "allowed_extensions": "ALL",
    "allowed_segment_extensions": "ALL",
    "extension_picky": "0",
    "seg_max_retry": "2",
}
"""Options of FFmpeg's demuxer of HLS."""
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})


class DirectStream:
    """A stream that FFmpeg fetches itself.

    Parameters
    ----------
    body : Body
        What the server sent; the decoder closes it, and asks again.
    client : Client
        Knows the password.
    hls : str, optional
        The list of segments, if it is one; else this is a file.

    Attributes
    ----------
    track : None
    has_titles : bool
        Whether the tags of the sound are not to be asked: FFmpeg knows only the first title of a list of segments.
    error : None
        FFmpeg reports errors itself.
    is_complete : bool
        Whether it has an end.
    """

    track: Track | None = None
    error: Exception | None = None

    def __init__(self, body: "Body", client: "Client", *, hls: str | None = None) -> None:
        self.is_complete = hls is None or "#EXT-X-ENDLIST" in hls.upper()
        self.has_titles = hls is not None
        self._body = body
        self._url = _with_password(body.address, client.authorization(body.address))

    def decoder(self, *, name: str) -> Decoder:
        """Return the decoder of the stream; `name` is what error messages call it."""
        # Deferred: with TLS it takes 50 ms, which other sources need not wait for.
        from paces_live.sources.station.wire import TIMEOUT_S

        self._body.close()
        container, more = ("hls", HLS_OPTIONS) if self.has_titles else (None, {})
        return Decoder(self._url, name=name, container=container, options=OPTIONS | more, timeout=TIMEOUT_S)

    def close(self) -> None:
        """Do nothing: the decoder has the connections."""


def needs_seeking(body: "Body") -> bool:
    """Return whether this is an MP4 file, and the server gives any part of it."""
    is_mp4 = body.peek(8)[4:] in _MP4_BOXES
    return is_mp4 and bool(body.length) and body.headers.get("Accept-Ranges", "").strip().lower() == "bytes"


def _with_password(address: Address, authorization: str | None) -> str:
    """Return a URL with user and password in it: in a header, they would reach the servers of segments elsewhere."""
    if authorization is None:
        return address.url
    user, _, password = b64decode(authorization.removeprefix("Basic ")).partition(b":")
    parts = urlsplit(address.url)
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))
