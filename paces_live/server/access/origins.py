"""Which machine a client asks for, and which page makes it ask.

A page of a stranger can make the browser of a runner talk to the server. If the name of the page leads to the address
of the server (DNS rebinding), the page can even read the answers. But the browser sends the name of the host that it
asks for and the page that asks, and no page can change them.
"""

import ipaddress
import re
from collections.abc import Set
from typing import NamedTuple

from paces_live.errors import UsageError
from paces_live.server.access.asgi import Scope, headers, secure
from paces_live.server.access.refusal import RefusedError

_NAME = r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})"
_HOST = re.compile(rf"{_NAME}(?::(?P<port>[0-9]{{1,5}}))?")
_ORIGIN = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://{_NAME}(?::(?P<port>[0-9]{{1,5}}))?")
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where a page comes from; `port` is None if its scheme has none."""

    scheme: str
    host: str
    port: int | None


def host_of(text: str) -> str | None:
    """Return the host in a header ``Host``, without its port and without brackets; None if there is none.

    Examples
    --------
    >>> host_of("Pi.local.:8765"), host_of("[::0001]:8765"), host_of("2130706433"), host_of("a@b")
    ('pi.local', '::1', '2130706433', None)
    """
    found = _HOST.fullmatch(text.lower())
    return _plain(found["host"]) if found else None


def origin_of(text: str) -> Origin | None:
    """Return the parts of a header ``Origin``; None if it has none, such as ``null``.

    Examples
    --------
    >>> origin_of("https://Gym.example")
    Origin(scheme='https', host='gym.example', port=443)
    """
    found = _ORIGIN.fullmatch(text.lower())
    if not found:
        return None
    port = int(found["port"]) if found["port"] else _PORTS.get(found["scheme"])
    return Origin(found["scheme"], _plain(found["host"]), port)


def _plain(host: str) -> str:
    host = host.strip("[]").removesuffix(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def allowed_host(text: str) -> str:
    """Return the host of an option ``--allowed-host``, as `Policy` takes it.

    Raises
    ------
    UsageError
        It is no name and no address.

    Examples
    --------
    >>> allowed_host("Pi.fritz.box")
    'pi.fritz.box'
    """
    found = host_of(text) or host_of(f"[{text}]")
    if found is None or found != _plain(text.lower()):
        raise UsageError(
            f"allowed host {text!r} is no name and no address",
            hint="leave out http:// and the port, such as pi.fritz.box",
            code="usage.allowed_host",
        )
    return found


def allowed_origin(text: str) -> str:
    """Return the origin of an option ``--allow-origin``, as `Policy` takes it.

    Raises
    ------
    UsageError
        It is no origin.

    Examples
    --------
    >>> allowed_origin("https://Gym.example"), allowed_origin("capacitor://localhost")
    ('https://gym.example', 'capacitor://localhost')
    """
    if text != "null" and not origin_of(text):
        raise UsageError(
            f"origin {text!r} is none",
            hint="write its scheme and its host without a path, such as https://gym.example",
            code="usage.allow_origin",
        )
    return text.lower()


def check_host(scope: Scope, hosts: Set[str]) -> str:
    """Return the host and the port that the client asked for, as it wrote them.

    Raises
    ------
    RefusedError
        This machine is not known by that name.

    Examples
    --------
    >>> check_host({"headers": [(b"host", b"localhost:8765")]}, {"localhost"})
    'localhost:8765'
    """
    given = headers(scope, "host")
    host = host_of(given[0]) if len(given) == 1 else None
    if host is None or not (host in hosts or host == _own_address(scope)):
        raise RefusedError(
            421,
            "this server has another name",
            hint="use its address, or start it with --allowed-host",
            code="access.host",
        )
    return given[0].lower()


def _own_address(scope: Scope) -> str | None:
    """Return the address at which the client arrived: it is never old, and it is no name, which could be rebound."""
    server = scope.get("server")
    return _plain(str(server[0])) if server else None


def check_origin(scope: Scope, hosts: Set[str], ports: Set[int], origins: Set[str]) -> str | None:
    """Return the foreign origin that is allowed to ask; None if it is a page of this server, or no page.

    Raises
    ------
    RefusedError
        A page asks that is neither of this server nor in `origins`.

    Examples
    --------
    >>> asked = {"type": "http", "scheme": "http", "server": ("127.0.0.1", 8765)}
    >>> check_origin(asked | {"headers": [(b"origin", b"https://gym.example")]}, set(), set(), {"https://gym.example"})
    'https://gym.example'
    """
    given = headers(scope, "origin")
    if not given:
        return None
    if len(given) == 1 and given[0].lower() in origins:
        return given[0].lower()
    origin = origin_of(given[0]) if len(given) == 1 else None
    server = scope.get("server") or (None, None)
    if (
        origin is None
        or not (origin.host in hosts or origin.host == _own_address(scope))
        or not (origin.port in ports or (origin.port is not None and origin.port == server[1]))
        or origin.scheme != ("https" if secure(scope) else "http")
    ):
        raise RefusedError(
            403,
            "a page from elsewhere may not use this server",
            hint="start the server with --allow-origin and the address of the page",
            code="access.origin",
        )
    return None
