"""The address of a server, as people write it."""

from urllib.parse import urlsplit

from paces_live.errors import UsageError
from paces_live.text import one_line


def base_address(address: str) -> str:
    """Return the address that the paths of the protocol are appended to: no slash at its end, and http by default.

    Raises
    ------
    UsageError
        It is no address of a server, or it has the token, which everyone on this machine could then see.

    Examples
    --------
    >>> base_address("http://pi.local:8765/"), base_address("pi.local:8765"), base_address("https://[::1]:8765")
    ('http://pi.local:8765', 'http://pi.local:8765', 'https://[::1]:8765')
    >>> base_address("ftp://pi.local")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: ftp://pi.local is not the address of a server: write http://HOST:PORT
    """
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        sound = False
    if not sound or parts.username is not None or parts.query or not text.isprintable() or " " in text:
        shown = "this" if sound and parts.username is not None else one_line(address) or "an empty text"
        raise UsageError(f"{shown} is not the address of a server", hint="write http://HOST:PORT", code="usage.address")
    if "t=" in parts.fragment:
        raise UsageError(
            "the address has the token, which other programs of this machine can read",
            hint="leave out what begins with #, and use --token-file or PACES_LIVE_TOKEN",
            code="usage.address",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
