"""The address by which a phone gets in: with the token, and as a QR code."""

import io
import shutil
from typing import TextIO
from urllib.parse import urlsplit

from paces_live.errors import AccessError, UsageError, pip_install
from paces_live.render.wording import writes_utf8

BORDER = 2
"""Width of the light margin of a code, modules."""
LINES_BELOW = 4
"""Lines of a terminal that are needed below a code: the address, what to do with it, and a prompt."""


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
    """Write the QR code of the address that lets a phone in, and below it the address.

    In a terminal that is too small for the code, the address stands alone.

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
    █...http://pi.local:8765/#t=abc
    """
    text = invitation(address, token)
    try:
        # Deferred: 20 ms, and a package of the extra `serve`.
        import segno
    except ImportError as error:
        raise AccessError(
            "QR codes need the package segno", hint=pip_install("segno"), code="access.package_missing"
        ) from error
    # The least error correction: a screen has no scratches, and the code fits into 80 columns and 24 lines.
    code = segno.make(text, error="l", boost_error=False, micro=False)
    # Half as large, but not of ASCII.
    compact = writes_utf8(out)
    size = code.symbol_size(border=BORDER)[0]
    columns, lines = (size, -(-size // 2)) if compact else (2 * size, size)
    room = shutil.get_terminal_size()
    if not out.isatty() or (columns <= room.columns and lines + LINES_BELOW <= room.lines):
        code.terminal(out=(drawn := io.StringIO()), border=BORDER, compact=compact)
        # White on black, whatever the colours of the terminal: not every reader knows an inverted code.
        begin, end = ("\x1b[97;40m", "\x1b[0m") if compact and out.isatty() else ("", "")
        out.write("".join(f"{begin}{line}{end}\n" for line in drawn.getvalue().splitlines()))
    else:
        out.write(f"(a window of {columns} columns and {lines + LINES_BELOW} lines shows a QR code here)\n")
    out.write(f"{text}\n")


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
    'http://pi.local:8765 (for the token: paces-live token show --address http://pi.local:8765)\n'
    """
    if out.isatty():
        print_invitation(address, token, out)
    else:
        out.write(f"{address} (for the token: paces-live token show --address {address})\n")
