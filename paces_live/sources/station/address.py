"""Addresses of stations as people and servers write them."""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin, urlsplit

from paces_live.collection.entry import STATION_SCHEMES
from paces_live.text import shown_path

_KEPT = "%/:=&?~#+!$,;'@()*[]"
"""Characters that stay as they are; a percent sign belongs to what is encoded already."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a station, a list or a file is.

    Attributes
    ----------
    url : str
        ASCII, without user, password and fragment.
    name : str
        The host and the path as people see them: without password and query, which may be a key.
    authorization : str or None
        Value of the header that carries user and password.
    """

    url: str
    name: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str]:
        """Scheme, and host with port: who may know the password."""
        parts = urlsplit(self.url)
        return parts.scheme, parts.netloc


def is_address(text: str) -> bool:
    """Return whether `text` begins as the address of a station does, in any case.

    Examples
    --------
    >>> is_address("HTTPS://radio.example/live"), is_address("https.wav"), is_address("C:/song.wav")
    (True, False, False)
    """
    scheme, colon, _ = text.strip().partition(":")
    return bool(colon) and scheme.lower() in STATION_SCHEMES


def parse_address(text: str, base: str | None = None) -> Address:
    """Return the address that `text` means.

    Parameters
    ----------
    text : str
        A URL; spaces, other scripts and upper case are welcome. Bytes that are no UTF-8 are in surrogates.
    base : str, optional
        URL of the list or the server that names it; `text` may be relative to it.

    Raises
    ------
    ValueError
        It is none, or not one of HTTP.

    Examples
    --------
    >>> address = parse_address("HTTP://me:pass@Радио.example:8000/my live?key=1")
    >>> address.url
    'http://xn--80aimyg.example:8000/my%20live?key=1'
    >>> address.name
    'радио.example/my live'
    >>> parse_address("/live", base="http://radio.example/lists/all.m3u").url
    'http://radio.example/live'
    """
    parts = urlsplit(text.strip() if base is None else urljoin(base, text.strip()))
    if parts.scheme not in STATION_SCHEMES or not parts.hostname:
        raise ValueError("no address of a station")
    if ":" in parts.hostname:
        host = shown_host = f"[{parts.hostname}]"
    else:
        host, shown_host = parts.hostname.encode("idna").decode("ascii"), parts.hostname
    port = "" if parts.port is None else f":{parts.port}"
    path = quote(parts.path or "/", safe=_KEPT, errors="surrogateescape")
    query = quote(parts.query, safe=_KEPT, errors="surrogateescape")
    user, at, _ = parts.netloc.rpartition("@")
    return Address(
        f"{STATION_SCHEMES[parts.scheme]}://{host}{port}{path}{query and '?'}{query}",
        shown_host + shown_path(unquote(parts.path)),
        _authorization(user) if at else None,
    )


def _authorization(user: str) -> str:
    name, _, password = user.partition(":")
    return "Basic " + b64encode(unquote_to_bytes(name) + b":" + unquote_to_bytes(password)).decode("ascii")
