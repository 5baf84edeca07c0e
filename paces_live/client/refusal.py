"""Why a server cannot be followed, in one line each, from what httpx and the server say."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from paces_live.errors import ServerError, reason
from paces_live.text import one_line

if TYPE_CHECKING:
    import httpx

FULL, GATEWAY = frozenset({429, 503}), frozenset({502, 504})
"""Statuses of a server that has no room now, and of a proxy in front of one that is not there."""
OTHER_NAME = frozenset({62, 64})
"""OpenSSL's codes for a certificate of another host or another address."""
CA_HINT = "http://HOST:PORT/ca.crt of the server has it"
_CODE = re.compile(r"server\.[a-z_]+")
CHECK_ADDRESS = "check the address, and whether paces-live serve runs there"


class UnreachableError(ServerError):
    """The server may be there again later.

    Parameters
    ----------
    after_s : float
        Seconds that the server asks to wait.
    """

    def __init__(self, message: str, *, hint: str = CHECK_ADDRESS, code: str, after_s: float = 0.0) -> None:
        super().__init__(message, hint=hint, code=code)
        self.after_s = after_s


def unreachable(error: "httpx.HTTPError", base: str) -> ServerError:
    """Return the error for an exception of httpx before the answer of the server at `base`."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(f"{base} does not answer", code="server.unreachable")
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                why = one_line(cause.verify_message).rstrip(".")
                other_name = cause.verify_code in OTHER_NAME
                hint = "use a name or an address that it has" if other_name else f"use --ca FILE; {CA_HINT}"
                return ServerError(f"{base}: its certificate is not trusted: {why}", hint=hint, code="server.tls")
            case ssl.SSLError():
                return ServerError(
                    f"{base} does not speak TLS", hint=f"use http{base.removeprefix('https')}", code="server.tls"
                )
            case socket.gaierror():
                return UnreachableError(f"{base}: there is no such host", code="server.unreachable")
            case ConnectionRefusedError():
                return UnreachableError(f"{base} refuses connections", code="server.unreachable")
            case ConnectionResetError() | BrokenPipeError():
                return _closed(base)
            case OSError():
                return UnreachableError(f"{base} cannot be reached: {reason(cause)}", code="server.unreachable")
    # The library has no class for a connection that ends before an answer.
    return _closed(base) if "disconnected" in str(error) else other_server(base)


def _closed(base: str) -> UnreachableError:
    hint = "with --tls, its address begins with https" if base.startswith("http:") else CHECK_ADDRESS
    return UnreachableError(f"{base} closes the connection without an answer", hint=hint, code="server.unreachable")


def has_events(response: "httpx.Response") -> bool:
    """Return whether an answer is a stream of events."""
    media, _, _ = response.headers.get("content-type", "").partition(";")
    return response.status_code == 200 and media.strip().lower() == "text/event-stream"


def refused(response: "httpx.Response", body: bytes, base: str) -> ServerError:
    """Return the error for an answer that is no stream of events; `body` is the beginning of its content."""
    status, said = response.status_code, _said(body)
    code, message, hint = said or ("", f"it is not available now (status {status})", "try again later")
    if status in GATEWAY:
        return UnreachableError(f"{base}: {message}", hint=hint, code="server.unreachable")
    if status in FULL:
        after_s = _seconds(response.headers.get("retry-after", ""))
        return UnreachableError(f"{base}: {message}", hint=hint, code="server.full", after_s=after_s)
    if 300 <= status < 400 and (elsewhere := one_line(response.headers.get("location", ""))):
        return ServerError(f"{base} leads to {elsewhere}", hint="use the address there", code="server.elsewhere")
    if said is None or status < 400:
        return other_server(base)
    if status == 401:
        wrong = "the token is wrong" if "authorization" in response.request.headers else "it wants a token"
        return ServerError(f"{base}: {wrong}", hint="use --token-file or PACES_LIVE_TOKEN", code="server.unauthorized")
    return ServerError(f"{base}: {message}", hint=hint, code=code if _CODE.fullmatch(code) else "server.refused")


def other_server(base: str) -> ServerError:
    """Return the error for an address where something else answers."""
    return ServerError(f"{base} is not a server of paces-live", hint=CHECK_ADDRESS, code="server.other")


def _said(body: bytes) -> tuple[str, str, str] | None:
    """Return the code, the message and the hint of an error of paces-live; None if `body` is none."""
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("type") != "error":
        return None
    code, message, hint = (one_line(str(record.get(name, ""))) for name in ("code", "message", "hint"))
    return code, message, hint


def _seconds(text: str) -> float:
    """Return the seconds of a `Retry-After`; 0 if it has none, as with a date."""
    return float(text) if text.isdecimal() and len(text) < 7 else 0.0


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
