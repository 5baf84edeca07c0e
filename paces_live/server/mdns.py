"""Announces the server on the local network, so that apps find it: multicast DNS and DNS-SD (RFC 6762, RFC 6763).

If avahi-daemon runs, it announces: two responders on one machine make both unreliable. Else zeroconf does.
"""

import logging
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Literal

from paces_live import __version__
from paces_live.errors import ServerError, pip_install, reason
from paces_live.server import avahi
from paces_live.text import one_line

SERVICE = "_paces-live._tcp"
"""The type of our service."""
LONGEST_NAME = 63
"""Bytes of the name of an instance."""

_log = logging.getLogger(__name__)


def records(*, tls: bool, auth: Literal["token", "none"]) -> dict[str, str]:
    """Return the TXT record: what a client needs to know before it connects.

    Examples
    --------
    >>> records(tls=True, auth="token")
    {'txtvers': '1', 'path': '/', 'v': '1', 'tls': '1', 'auth': 'token', 'version': '0.1.0'}
    """
    return {"txtvers": "1", "path": "/", "v": "1", "tls": str(int(tls)), "auth": auth, "version": __version__}


def instance(name: str) -> str:
    """Return `name` as the name of an instance: one line of at most 63 bytes.

    Examples
    --------
    >>> instance("Gym, upstairs"), len(instance("ü" * 40).encode())
    ('Gym, upstairs', 62)
    """
    return one_line(name).encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip() or "paces-live"


@asynccontextmanager
async def announced(port: int, *, name: str, tls: bool, auth: Literal["token", "none"]) -> AsyncIterator[None]:
    """Announce the server while the context is open, and say good-bye at its end.

    If nothing can announce it, for example because there is no network yet, a warning says so and the server goes on.

    Parameters
    ----------
    port : int
        TCP port.
    name : str
        What people see in a list of servers; if another one has it, a number is added.
    tls : bool
        Whether to connect with TLS.
    auth : {"token", "none"}
        Whether a client needs a token.

    Raises
    ------
    ServerError
        avahi-daemon does not run, and the package `zeroconf` is missing.
    """
    name, text = instance(name), records(tls=tls, auth=auth)
    async with avahi.announced(port, name=name, service=SERVICE, text=text) as running:
        if running:
            yield
        else:
            async with _by_zeroconf(port, name, text):
                yield


@asynccontextmanager
async def _by_zeroconf(port: int, name: str, text: Mapping[str, str]) -> AsyncIterator[None]:
    """Announce with a responder of our own."""
    try:
        # In an extra; it costs 25 ms.
        from zeroconf import Error
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
    except ImportError:
        raise ServerError(
            "avahi-daemon does not run, and announcing needs zeroconf",
            hint=pip_install("zeroconf"),
            code="server.package_missing",
        ) from None
    try:
        responder = AsyncZeroconf()
    except OSError as error:
        _log.warning("the server is not announced: %s", reason(error))
        yield
        return
    try:
        info = AsyncServiceInfo(
            f"{SERVICE}.local.",
            f"{name}.{SERVICE}.local.",
            port=port,
            properties=dict(text),
            server=f"{socket.gethostname().partition('.')[0]}.local.",
            parsed_addresses=_addresses(),
        )
        try:
            sent = await responder.async_register_service(info, allow_name_change=True)
            _log.info("announced as %s by zeroconf", info.get_name())
        except (Error, OSError) as error:
            _log.warning("the server is not announced: %s", reason(error))
        else:
            await sent
        yield
    finally:
        await responder.async_close()


def _addresses() -> list[str]:
    """Return the addresses of this machine that others reach."""
    from ifaddr import get_adapters

    return reachable(str(ip.ip if ip.is_IPv4 else ip.ip[0]) for adapter in get_adapters() for ip in adapter.ips)


def reachable(addresses: Iterable[str]) -> list[str]:
    """Return those of `addresses` that others can use; the machine's own if there is no other.

    Examples
    --------
    >>> reachable(["127.0.0.1", "192.168.1.5", "169.254.3.4", "::1", "fe80::1", "fd00::1"])
    ['192.168.1.5', '169.254.3.4', 'fd00::1']
    >>> reachable(["127.0.0.1", "::1"])
    ['127.0.0.1']
    """
    found = [ip_address(one) for one in addresses]
    # A link-local address of IPv6 says nothing without its interface.
    others = [str(one) for one in found if not (one.is_loopback or (one.version == 6 and one.is_link_local))]
    return others or ["127.0.0.1"]
