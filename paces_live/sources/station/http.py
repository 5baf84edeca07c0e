"""Requests to servers of stations, with limits on the time that they take."""

import http.client
import threading
import urllib.request
import zlib
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError

import paces_live
from paces_live.errors import SourceError, reason
from paces_live.sources.station.address import Address, parse_address
from paces_live.sources.station.wire import TIMEOUT_S, Plain, Secure

REDIRECTS = 10
"""Most redirects after each other; more are a circle."""
CHECK = "check the address and the network"
_GZIP = b"\x1f\x8b\x08"
"""First bytes of what is packed."""
_GLANCE_BYTES = 1024
"""Bytes that show whether it can be unpacked."""


class Body:
    """The bytes that a server sends.

    Attributes
    ----------
    address : Address
        Where they came from, after all redirects.
    headers : http.client.HTTPMessage
    length : int or None
        How many there are, if the server says so.
    error : Exception or None
        Why no more came, unless they simply ended.
    """

    def __init__(self, response: HTTPResponse, address: Address) -> None:
        self.address = address
        self.headers = response.headers
        self.length = response.length
        self.error: Exception | None = None
        self._response = response
        self._left = self.length
        self._unread = b""
        self._unpacker: Any = None
        self._packed = b""

    @property
    def is_complete(self) -> bool:
        """Whether all the bytes came that the server announced."""
        return self._left == 0 and not self._unread and not self._packed

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes as soon as there are some; none at the end or if the server is gone."""
        if not self._unread:
            return self._unpacked(size) if self._unpacker else self._received(size)
        given, self._unread = self._unread[:size], self._unread[size:]
        return given

    def read_whole(self, size: int) -> bytes:
        """Return `size` bytes; fewer at the end."""
        data = bytearray()
        while len(data) < size and (chunk := self.read(size - len(data))):
            data += chunk
        return bytes(data)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end; `read` gives them again."""
        data = self.read_whole(size)
        self.unread(data)
        return data

    def unread(self, data: bytes) -> None:
        """Let `read` give `data` next."""
        self._unread = data + self._unread

    def unpack(self) -> None:
        """Let `read` give what is packed by gzip as it was: its content shows it, and few servers say so."""
        if self.peek(len(_GZIP)) != _GZIP:
            return
        # Sound may begin with the same bytes.
        with suppress(zlib.error):
            zlib.decompressobj(wbits=31).decompress(self.peek(_GLANCE_BYTES), 1)
            self._packed, self._unread = self._unread, b""
            self._unpacker = zlib.decompressobj(wbits=31)

    def close(self) -> None:
        """Close the connection."""
        self._response.close()

    def _unpacked(self, size: int) -> bytes:
        while packed := self._packed or self._received(size):
            try:
                data: bytes = self._unpacker.decompress(packed, size)
            except zlib.error:
                self.error = ValueError("it is packed and damaged")
                return b""
            self._packed = self._unpacker.unconsumed_tail
            if data:
                return data
        return b""

    def _received(self, size: int) -> bytes:
        if self.error is not None:
            return b""
        if self._left is not None:
            # A server may keep the connection open after its last byte.
            size = min(size, self._left)
        try:
            chunk = self._response.read1(size) if size else b""
        except (OSError, HTTPException, ValueError) as error:
            self.error = error
            return b""
        if self._left is not None:
            self._left -= len(chunk)
            if self._left and not chunk:
                self.error = ConnectionError("it closed the connection")
        return chunk


class Client:
    """Asks servers for one source: it knows passwords, and gives each to the server that it is for.

    Parameters
    ----------
    stopping : threading.Event
        Once it is set, all data end.
    """

    def __init__(self, stopping: threading.Event) -> None:
        self.stopping = stopping
        self._authorizations: dict[tuple[str, str], str] = {}
        # Not the usual opener: it would follow redirects itself, and give the password to any server.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            Plain(stopping),
            Secure(stopping),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
        ):
            self._opener.add_handler(handler)

    def authorization(self, address: Address) -> str | None:
        """Return the header that the server of `address` wants, as far as it is known."""
        return self._authorizations.get(address.origin)

    def get(self, address: Address, *, name: str) -> Body:
        """Return what is at `address`.

        Parameters
        ----------
        address : Address
        name : str
            What error messages call it.

        Raises
        ------
        SourceError
            It cannot be reached, or refuses.
        """
        try:
            return self._get(address)
        except HTTPError as error:
            error.close()
            hint = CHECK
            if error.code == http.client.UNAUTHORIZED:
                hint = "give user and password, such as http://USER:PASSWORD@radio.example/live"
            words = f"HTTP {error.code}, {' '.join(str(error.reason).split())}".rstrip(", ")
            raise unreadable(name, words, hint) from None
        except (OSError, HTTPException, ValueError) as error:
            raise unreadable(name, error_words(error)) from None

    def _get(self, address: Address) -> Body:
        for _ in range(REDIRECTS):
            if address.authorization:
                self._authorizations[address.origin] = address.authorization
            # Without Connection: close, which urllib adds, some servers of HTTP/1.1 would wait for another request.
            headers = {"Accept": "*/*", "Icy-MetaData": "1", "User-Agent": f"paces-live/{paces_live.__version__}"}
            if authorization := self._authorizations.get(address.origin):
                headers["Authorization"] = authorization
            request = urllib.request.Request(address.url, headers=headers)  # noqa: S310 - an address is of HTTP
            try:
                return Body(self._opener.open(request, timeout=TIMEOUT_S), address)
            except HTTPError as error:
                location = error.headers.get("Location") if 300 <= error.code < 400 else None
                if location is None:
                    raise
                error.close()
            # Headers come as Latin-1; those who do not encode an address write UTF-8.
            words = location.encode("latin-1", "replace").decode(errors="surrogateescape")
            try:
                address = parse_address(words, base=address.url)
            except ValueError:
                raise ValueError("it leads to an address that is not HTTP") from None
        raise ValueError("it leads from one address to the next without end")


def unreadable(name: str, words: str, hint: str = CHECK) -> SourceError:
    """Return the error that says why a source cannot be read."""
    return SourceError(f"{name} cannot be read ({words})", hint=hint, code="source.unreadable")


def error_words(error: Exception) -> str:
    """Return an error on the way to the server as a part of a line.

    Examples
    --------
    >>> error_words(URLError(ConnectionRefusedError(111, "Connection refused")))
    'Connection refused'
    >>> error_words(http.client.BadStatusLine("SSH-2.0"))
    'its answer is not HTTP'
    """
    if type(error) is URLError and isinstance(error.reason, Exception):
        return error_words(error.reason)
    if isinstance(error, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "it closed the connection"
    if isinstance(error, HTTPException):
        return "its answer is not HTTP"
    if isinstance(error, TimeoutError):
        return f"no data for {TIMEOUT_S:g} s"
    return reason(error)
