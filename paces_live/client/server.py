"""A server of paces-live elsewhere, and the events of its streams."""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import paces_live
from paces_live.client.address import base_address
from paces_live.client.connection import Connection
from paces_live.client.place import Place
from paces_live.client.refusal import UnreachableError
from paces_live.errors import ServerError, UsageError, pip_install, reason
from paces_live.events import Event
from paces_live.match import Listener
from paces_live.sources.block import POLL_S
from paces_live.sources.reading_thread import items_in_thread

_log = logging.getLogger(__name__)

RETRY_S = 3.0
"""Seconds before the first try to connect again, if the server does not say how long."""
LEAST_S, MOST_S = 0.5, 30.0
"""Bounds of the pause between tries, seconds. Each pause is twice the one before."""
TRIES = 6
"""Tries after which the pause does not grow any more."""
LONGEST_S = 300.0
"""Longest pause that a server may ask for, seconds."""


class Server:
    """A server of paces-live.

    Parameters
    ----------
    address : str
        ``http://HOST:PORT``; without a scheme it is http.
    token : str, optional
        What lets you in.
    ca : path, optional
        Certificate of the authority that is trusted, instead of those of this machine.

    Raises
    ------
    UsageError
        The address, the token or the certificate is unusable.
    ServerError
        httpx is not installed.

    Examples
    --------
    >>> Server("pi.local:8765").address
    'http://pi.local:8765'
    """

    def __init__(self, address: str, token: str | None = None, *, ca: Path | None = None) -> None:
        try:
            # Deferred until now: it costs 0.1 s (measured), and belongs to an extra.
            import httpx  # noqa: F401 - the connection uses it in a thread
        except ImportError:
            hint = pip_install("httpx")
            raise ServerError("httpx is not installed", hint=hint, code="server.package_missing") from None
        self.address = base_address(address)
        self._headers = {"user-agent": f"paces-live/{paces_live.__version__}"}
        if token is not None:
            if not token.isascii() or not token.isprintable() or " " in token or not token:
                raise UsageError("the token is not one line of letters and digits", code="usage.token_file")
            self._headers["authorization"] = f"Bearer {token}"
        self._trust = _trust(ca) if self.address.startswith("https:") else None

    def events(
        self,
        stream: str = "main",
        *,
        listener: Listener | None = None,
        stop: threading.Event | None = None,
        on_wait: Callable[[], None] = lambda: None,
    ) -> Generator[Event, None, None]:
        """Yield the events of a stream: its start, its latest songs, its newest reading, then what comes.

        A stream may start again after its `End`, with another input: then another `Start` follows. It is over once the
        server has it no more. If the connection is lost, it connects again: until then a reading without paces has the
        status ``reconnecting``. Songs that ended in the meantime follow; readings do not.

        Parameters
        ----------
        stream : str
            Its id.
        listener : Listener, optional
            On the server, the strongest peak near its target, as it is when it connects, is always a candidate.
        stop : threading.Event, optional
            Set it to end with `End`, half a second from now at most.
        on_wait : callable
            Called at least twice a second.

        Raises
        ------
        ServerError
            The server cannot be reached at first, or it refuses. After the first event, `End` has been yielded.
        """
        place, pauses = Place(stream), _Pauses()
        stop = stop or threading.Event()
        while not stop.is_set():
            connection = Connection(self.address, self._path(stream, listener), self._sent(place), self._trust)
            try:
                yield from _events(connection, place, stop, on_wait)
            except UnreachableError as error:
                if not place.begun:
                    raise
                pause_s = pauses.after(connection, error, ended=place.ended)
                _log.info("%s", error)
                if not place.ended:
                    yield place.gone(f"{error.message}, trying again in {pause_s:g} s")
                _wait(pause_s, stop, on_wait)
            except ServerError as error:
                if place.ended and error.code == "server.no_stream":
                    return
                if place.begun and not place.ended:
                    yield place.end(error)
                raise
            else:
                break
        if place.begun and not place.ended:
            yield place.end()

    def _path(self, stream: str, listener: Listener | None) -> str:
        values = {"target": listener.target, "tolerance": listener.tolerance} if listener else {}
        query = urlencode({name: f"{value:.6g}" for name, value in values.items() if value is not None})
        return f"/v1/streams/{quote(stream, safe='')}/events{'?' if query else ''}{query}"

    def _sent(self, place: Place) -> dict[bytes, bytes]:
        headers = self._headers | ({"last-event-id": place.last_id} if place.last_id else {})
        # An id may be any text.
        return {name.encode(): value.encode() for name, value in headers.items()}


class _Pauses:
    """How long to wait before the next try."""

    def __init__(self) -> None:
        self._retry_s = RETRY_S
        self._tries = 0

    def after(self, connection: Connection, error: UnreachableError, *, ended: bool) -> float:
        """Return the seconds to wait after `connection` was lost by `error`; each pause is twice the one before."""
        self._retry_s = connection.retry_s or self._retry_s
        self._tries = 0 if connection.answered else min(self._tries + 1, TRIES)
        # The server closes a stream that has ended: mostly there is nothing to wait for.
        wanted_s = 0.0 if ended and connection.answered else min(MOST_S, self._retry_s * 2.0**self._tries)
        return max(LEAST_S, wanted_s, min(LONGEST_S, error.after_s))


def _events(
    connection: Connection, place: Place, stop: threading.Event, on_wait: Callable[[], None]
) -> Generator[Event, None, None]:
    """Yield the events of one connection until `stop` is set."""
    with closing(items_in_thread(connection.messages, name="server")) as messages, connection:
        for message in messages:
            on_wait()
            if stop.is_set():
                return
            if message is not None:
                yield from place.take(message)


def _wait(seconds: float, stop: threading.Event, on_wait: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0.0:
        on_wait()
        if stop.wait(min(left, POLL_S)):
            return


def _trust(ca: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the authority whose certificate is in `ca`, in PEM or in DER, as servers give it."""
    if ca is None:
        return ssl.create_default_context()
    try:
        data = ca.read_bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # as the default one, but without this machine's authorities
        context.load_verify_locations(cadata=data.decode("ascii") if b"-----BEGIN" in data else data)
    except (OSError, ValueError) as error:
        # An error of the library, which a file without a certificate gives, is one of these, too.
        unreadable = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
        why = f"cannot be read: {reason(error)}" if unreadable else "is not a certificate"
        raise UsageError(f"{ca}: {why}", hint="fetch /ca.crt from the server", code="usage.ca") from None
    return context
