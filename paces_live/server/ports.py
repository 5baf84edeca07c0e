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


def announce_ports(
    host: str, ports: "list[Port]", token: "Token | None", certificate: "Certificate | None" = None
) -> None:
    """Print where the server is, and how phones get in: with https, by that, because of their microphones."""
    for one in ports:
        shown = _shown(host, certificate if one.tls else None)
        bracketed = f"[{shown}]" if ":" in shown else shown
        address = f"{'https' if one.tls else 'http'}://{bracketed}:{one.socket.getsockname()[1]}"
        if token is None:
            sys.stdout.write(f"{address}/\n")
        elif one is ports[-1]:
            announce(address, token.value, sys.stdout)
        else:
            sys.stdout.write(f"{address}/ (over http, phones keep their microphones to themselves)\n")
    if token is not None and sys.stdout.isatty():
        warning = ", and accept the warning about its certificate" if certificate else ""
        sys.stdout.write(f"Open this with your phone{warning}.\n")
    sys.stdout.flush()


def _shown(host: str, certificate: "Certificate | None") -> str:
    """Return the address to show: one by which a phone gets here and that is in the certificate."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - all addresses: a phone needs one of them
        return host
    own = sorted((address for address in own_addresses() if not address.is_loopback), key=lambda one: one.version)
    known = certificate.hosts if certificate else [str(one) for one in own]
    fitting = [str(one) for one in own if str(one) in known and one.version == 4]
    names = [name for name in known if name.endswith(".local")]
    return next(iter([*fitting, *names, *(str(one) for one in own if str(one) in known)]), "localhost")
