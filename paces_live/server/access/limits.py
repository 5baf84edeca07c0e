"""How often and how many at once: limits for each address from which clients come."""

import ipaddress
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from paces_live.server.access.asgi import Scope
from paces_live.server.access.refusal import RefusedError

T = TypeVar("T")

MINUTE_S = 60.0
LONGEST_S = 3600.0
"""Longest time for which an address has to wait, and after which its wrong tokens are forgotten, seconds."""
SUBNET = 64
"""Bits of an address of IPv6 that count as one client: everyone has as many addresses as they like in the rest."""


@dataclass(frozen=True)
class Limits:
    """What an address may do. A gym is behind one address, so these are generous.

    Parameters
    ----------
    guesses : int
        Wrong tokens a minute. After them, the address waits a minute, then two, four, and up to an hour.
    requests : int
        Requests a minute. This machine itself has no limit.
    connections : int
        Requests that are answered at once, streams among them. This machine itself has no limit.
    addresses : int
        Addresses that are remembered.

    Examples
    --------
    >>> Limits(connections=128).guesses
    10
    """

    guesses: int = 10
    requests: int = 300
    connections: int = 64
    addresses: int = 4096


def client(scope: Scope) -> str:
    """Return the address that counts for a client; "" is this machine.

    Examples
    --------
    >>> client({"client": ("2001:db8::1:2", 1)}), client({"client": ("::ffff:192.0.2.7", 1)}), client({"client": None})
    ('2001:db8::/64', '192.0.2.7', '')
    """
    try:
        address = ipaddress.ip_address(str((scope.get("client") or ("", 0))[0]).partition("%")[0])
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network((address, SUBNET), strict=False)) if address.version == 6 else str(address)


@dataclass
class _Guesses:
    count: int = 0
    since: float = 0.0
    waits: int = 0
    until: float = 0.0


class Limiter:
    """Counts what each address does, and refuses what is too much. It needs little memory, whoever asks.

    Parameters
    ----------
    limits : Limits
    clock : callable
        Returns the time, seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()
        self._requests: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._connections: Counter[str] = Counter()

    @contextmanager
    def connection(self, address: str) -> Iterator[None]:
        """Count a connection for as long as it lasts; raise a `RefusedError` if there are too many."""
        if address and self._connections[address] >= self._limits.connections:
            raise _too_many("too many connections at once", 10.0)
        self._connections[address] += 1
        try:
            yield
        finally:
            self._connections[address] -= 1
            if not self._connections[address]:
                del self._connections[address]

    def request(self, address: str) -> None:
        """Count a request; raise a `RefusedError` if there were too many."""
        if not address:
            return
        now, most = self._clock(), float(self._limits.requests)
        left, then = self._requests.get(address, (most, now))
        left = min(most, left + (now - then) * most / MINUTE_S)
        if left < 1.0:
            raise _too_many("too many requests", (1.0 - left) * MINUTE_S / most)
        self._remember(self._requests, address, (left - 1.0, now))

    def check_guesses(self, address: str) -> None:
        """Raise a `RefusedError` if the address has to wait before it may try a token."""
        known = self._guesses.get(address)
        if known and known.until > (now := self._clock()):
            raise _too_many("too many wrong tokens", known.until - now)

    def wrong_token(self, address: str) -> None:
        """Count a wrong token."""
        now, known = self._clock(), self._guesses.get(address, _Guesses())
        if now - max(known.since, known.until) > LONGEST_S:
            known.waits = 0
        if now - known.since > MINUTE_S:
            known.count, known.since = 0, now
        known.count += 1
        if known.count >= self._limits.guesses:
            known.until = now + min(MINUTE_S * 2**known.waits, LONGEST_S)
            # 2^6 minutes are more than an hour.
            known.count, known.waits = 0, min(known.waits + 1, 6)
        self._remember(self._guesses, address, known)

    def _remember(self, known: "OrderedDict[str, T]", address: str, value: T) -> None:
        known[address] = value
        known.move_to_end(address)
        if len(known) > self._limits.addresses:
            known.popitem(last=False)


def _too_many(message: str, wait_s: float) -> RefusedError:
    seconds = math.ceil(wait_s)
    words = "second" if seconds == 1 else "seconds"
    return RefusedError(
        429, message, hint=f"try again after {seconds} {words}", code="access.too_many", retry_after=str(seconds)
    )
