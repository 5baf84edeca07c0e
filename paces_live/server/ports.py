"""The ports of a server: opened before anything else, and shown to people."""

import ipaddress
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from paces_live.errors import UsageError
from paces_live.server.access.addresses import own_addresses, own_hosts
from paces_live.server.access.invitation import announce
from paces_live.server.access.token import Token
from paces_live.server.serve import Port, listen_on

if TYPE_CHECKING:
    from paces_live.server.access.certificate import Certificate


def is_local(host: str) -> bool:
    """Return whether only this machine reaches an address.

    Examples
    --------
    >>> is_local("127.0.0.1"), is_local("::1"), is_local("0.0.0.0")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_ports(
    host: str, port: int, tls_port: int | None, cert: Path | None, key: Path | None
) -> "tuple[list[Port], Certificate | None]":
    """Open the ports, http first; return them and the certificate of this machine, unless one is given.

    Parameters
    ----------
    host : str
    port : int
    tls_port : int or None
        For https; None if it is not served.
    cert, key : Path or None
        A certificate of the user's own.

    Raises
    ------
    UsageError
        The user's certificate or key is wrong.
    ServerError
        A port cannot be used.
    """
    if tls_port is None:
        if key:
            raise UsageError("--key needs --cert", hint="name the certificate, too", code="usage.cert")
        return [Port(listen_on(host, port))], None
    from paces_live.server.access.certificate import Certificate, given_context

    certificate = None if cert else Certificate(own_hosts)
    context = given_context(cert, key) if cert else certificate.context()  # type: ignore[union-attr]
    return [Port(listen_on(host, port)), Port(listen_on(host, tls_port), context)], certificate


def announce_ports(host: str, ports: "list[Port]", token: "Token | None") -> None:
    """Print where the server is, and how phones get in."""
    shown = host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - all addresses: a phone needs one of them
        own = [address for address in own_addresses() if not address.is_loopback]
        shown = str(min(own, key=lambda address: address.version, default="localhost"))
    for one in ports:
        number = one.socket.getsockname()[1]
        bracketed = f"[{shown}]" if ":" in shown else shown
        address = f"{'https' if one.tls else 'http'}://{bracketed}:{number}"
        if token is None:
            sys.stdout.write(f"{address}/\n")
        else:
            announce(address, token.value, sys.stdout)
    sys.stdout.flush()
