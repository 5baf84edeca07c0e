"""One connection to the events of a stream, which another thread can cut."""

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from paces_live.client.refusal import UnreachableError, has_events, refused, unreachable
from paces_live.client.server_sent import Message, MessageDecoder

CONNECT_S = 10.0
"""Time that a server has to take a connection, seconds."""
DEAD_S = 40.0
"""Silence after which a connection is dead, seconds: a server sends a comment every 15, and one of two may be late."""
BODY_BYTES = 1 << 16
"""Most of an answer that is looked at if it is no stream."""


class Connection:
    """Asks for the events of a stream; leaving its ``with`` cuts it, from any thread.

    Parameters
    ----------
    base : str
        Address of the server.
    path : str
        Path of the events, with its query.
    headers : mapping of bytes to bytes
    trust : ssl.SSLContext or None
        Which certificates are trusted; None without TLS.

    """

    def __init__(self, base: str, path: str, headers: Mapping[bytes, bytes], trust: ssl.SSLContext | None) -> None:
        self._base = base
        self._path = path
        self._headers = {b"accept": b"text/event-stream", b"accept-encoding": b"identity", **headers}
        self._trust = trust
        self._decoder = MessageDecoder()
        self._socket: socket.socket | None = None
        self.answered = False

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            # The thread that waits for bytes gets the end of them.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    @property
    def retry_s(self) -> float | None:
        """Seconds to wait before the next connection, if the server has said so."""
        return self._decoder.retry_s

    def messages(self, stopping: threading.Event) -> Iterator[Message | None]:
        """Yield what the server sends, and None for what is only a sign of life, until the connection is lost.

        Raises
        ------
        ServerError
            It is an `UnreachableError` if the server may be there again later.
        """
        # Deferred: it costs 0.1 s (measured), and belongs to an extra.
        import httpx

        client = httpx.Client(
            # Without TLS, no certificates are read. A proxy, or a password for another program, is not meant for us.
            verify=self._trust or False,
            trust_env=False,
            timeout=httpx.Timeout(CONNECT_S, read=DEAD_S),
        )
        with client:
            try:
                request = client.build_request("GET", self._base + self._path, headers=self._headers)
                response = client.send(request, stream=True)
            except (httpx.InvalidURL, UnicodeError):
                # Part of the name is empty or too long, so that no name service is asked.
                raise UnreachableError(f"{self._base}: there is no such host", code="server.unreachable") from None
            except httpx.HTTPError as error:
                raise unreachable(error, self._base) from None
            self._socket = response.extensions["network_stream"].get_extra_info("socket")
            try:
                if not has_events(response):
                    raise refused(response, _beginning(response.iter_bytes()), self._base)
                self.answered = True
                for data in response.iter_bytes():
                    if stopping.is_set():
                        return
                    yield None
                    yield from self._decoder.push(data)
                raise UnreachableError(f"{self._base} has closed the connection", code="server.lost")
            except httpx.ReadTimeout:
                raise UnreachableError(f"nothing came from {self._base} for {DEAD_S:g} s", code="server.lost") from None
            except (httpx.HTTPError, httpx.StreamError):
                raise UnreachableError(f"{self._base} has broken the connection", code="server.lost") from None
            finally:
                response.close()


def _beginning(parts: Iterable[bytes]) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) >= BODY_BYTES:
            break
    return body
