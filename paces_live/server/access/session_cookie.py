"""The cookie that stands for the token in a browser.

It is a random number, an end, and a signature of both whose key is the token. So the server keeps nothing, goes on
after a restart, and takes no cookie that was made of another token.
"""

import hashlib
import hmac
import secrets

from paces_live.server.access.asgi import Scope, headers, secure

LIFETIME_S = 30 * 24 * 3600
"""How long a browser need not see the token again, seconds."""
_MOST = 8
"""Cookies of our name that are looked at; a browser sends one."""


def name(scope: Scope) -> str:
    """Return the name of the cookie. Over https it has another, which no page over http can set or replace.

    Examples
    --------
    >>> name({"scheme": "https"})
    '__Host-paces-live'
    """
    return "__Host-paces-live" if secure(scope) else "paces-live"


def issue(scope: Scope, token: str, now: float) -> str:
    """Return the header ``Set-Cookie`` of a new session.

    Parameters
    ----------
    scope : mapping
    token : str
    now : float
        The time since 1970, seconds.

    Examples
    --------
    >>> issue({"scheme": "https"}, "token", 0.0).partition(";")[2]
    ' Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000; Secure'
    """
    signed = f"{secrets.token_urlsafe(16)}.{int(now) + LIFETIME_S}"
    return _set_cookie(scope, f"{signed}.{_signature(signed, token)}", LIFETIME_S)


def forget(scope: Scope) -> str:
    """Return the header ``Set-Cookie`` that makes a browser forget its session.

    Examples
    --------
    >>> forget({"scheme": "http"})
    'paces-live=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0'
    """
    return _set_cookie(scope, "", 0)


def present(scope: Scope, token: str, now: float) -> bool:
    """Return whether a request has a cookie that was made of `token` and has not ended.

    Examples
    --------
    >>> cookie = issue({"scheme": "http"}, "token", 0.0).partition(";")[0].encode()
    >>> asked = {"scheme": "http", "headers": [(b"cookie", cookie)]}
    >>> present(asked, "token", 1.0), present(asked, "other", 1.0), present(asked, "token", LIFETIME_S + 1.0)
    (True, False, False)
    """
    pairs = [pair.strip().partition("=") for line in headers(scope, "cookie") for pair in line.split(";")]
    values = [value for key, _, value in pairs if key == name(scope)]
    return any(_valid(value, token, now) for value in values[:_MOST])


def _valid(value: str, token: str, now: float) -> bool:
    signed, _, signature = value.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, token).encode()):
        return False
    # What is signed, we wrote.
    return int(signed.rpartition(".")[2]) > now


def _signature(signed: str, token: str) -> str:
    return hmac.new(token.encode(), f"paces-live session {signed}".encode(), hashlib.sha256).hexdigest()


def _set_cookie(scope: Scope, value: str, age_s: int) -> str:
    end = "; Secure" if secure(scope) else ""
    return f"{name(scope)}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age_s}{end}"
