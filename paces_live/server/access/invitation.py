"""The address by which a phone gets in: with the token, and as a QR code."""

from typing import TextIO
from urllib.parse import urlsplit

from paces_live.errors import AccessError, UsageError, pip_install
from paces_live.render.wording import writes_utf8


def invitation(address: str, token: str) -> str:
    """Return the address that lets a phone in. No browser sends what is behind the #, so no log has it.

    Raises
    ------
    UsageError
        `address` is not the address of a server.

    Examples
    --------
    >>> invitation("http://pi.local:8765", "abc")
    'http://pi.local:8765/#t=abc'
    """
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise UsageError(
            f"address {address!r} is not that of a server",
            hint="write it such as http://pi.local:8765",
            code="usage.address",
        )
    return f"{parts.scheme}://{parts.netloc}/#t={token}"


def print_invitation(address: str, token: str, out: TextIO) -> None:
    """Write the address that lets a phone in, and its QR code.

    Parameters
    ----------
    address : str
        Of the server, such as ``http://pi.local:8765``.
    token : str
    out : text file

    Raises
    ------
    UsageError
        `address` is not the address of a server.
    AccessError
        A package is missing.

    Examples
    --------
    >>> import sys
    >>> print_invitation("http://pi.local:8765", "abc", sys.stdout)
    http://pi.local:8765/#t=abc
    ...
    """
    text = invitation(address, token)
    try:
        # Deferred: 20 ms, and a package of the extra `serve`.
        import segno
    except ImportError as error:
        raise AccessError(
            "QR codes need the package segno", hint=pip_install("segno"), code="access.package_missing"
        ) from error
    out.write(f"{text}\n\n")
    # Half as large, but not of ASCII.
    segno.make(text, error="m", micro=False).terminal(out=out, border=2, compact=writes_utf8(out))


def announce(address: str, token: str, out: TextIO) -> None:
    r"""Write where a server is: for people at a terminal as `print_invitation` does, else without the token.

    The output of a service is a log, and no token belongs into a log.

    Parameters
    ----------
    address : str
        Of the server, such as ``http://pi.local:8765``.
    token : str
    out : text file

    Examples
    --------
    >>> import io
    >>> announce("http://pi.local:8765", "abc", out := io.StringIO())
    >>> out.getvalue()
    'http://pi.local:8765 (to get in, see paces-live token show --address http://pi.local:8765)\n'
    """
    if out.isatty():
        print_invitation(address, token, out)
    else:
        out.write(f"{address} (to get in, see paces-live token show --address {address})\n")
