"""The addresses and names by which this machine is reached."""

import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that only programs on this machine reach."""

# Numbers of the kernel's interface, from linux/netlink.h, linux/rtnetlink.h and linux/if_addr.h.
_HEADER = struct.Struct("=IHHII")
_ADDRESS = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR, _DONE, _NEW_ADDRESS, _GET_ADDRESS = 2, 3, 20, 22
_REQUEST_ALL = 0x301
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_TEMPORARY = 0x01
"""Flag of an IPv6 address that changes every day. Its number stands for a secondary address in IPv4, which stays."""


def own_addresses() -> tuple[Address, ...]:
    """Return the addresses by which other machines reach this one, IPv4 first.

    Addresses that need the name of an interface (fe80::) and those that change every day are not among them.

    Examples
    --------
    >>> any(address.is_loopback for address in own_addresses())
    False
    """
    found = {one for one in _addresses() if not (one.is_loopback or (one.version == 6 and one.is_link_local))}
    return tuple(sorted(found, key=lambda one: (one.version, int(one))))


def own_names() -> tuple[str, ...]:
    """Return the name of this machine as it calls itself, and as mDNS finds it.

    Examples
    --------
    >>> own_names()[-1].endswith(".local")
    True
    """
    name = socket.gethostname().partition(".")[0].lower()
    return (name, f"{name}.local")


def own_hosts(allowed: Iterable[str] = ()) -> frozenset[str]:
    """Return every host by which this machine is reached, and `allowed`; addresses of IPv6 have no brackets.

    Examples
    --------
    >>> {"localhost", "::1", "gym.example"} <= own_hosts(["gym.example"])
    True
    """
    return LOCAL | {*own_names(), *map(str, own_addresses()), *allowed}


def _addresses() -> Iterator[Address]:
    try:
        yield from _asked_from_the_kernel()
    except (AttributeError, OSError):
        # No Linux, or a sandbox that forbids netlink: a name service may know some of them.
        try:
            known = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
        except OSError:
            return
        for *_, address in known:
            yield ipaddress.ip_address(str(address[0]).partition("%")[0])


def _asked_from_the_kernel() -> Iterator[Address]:
    """Yield the addresses of all interfaces; /proc and ioctl know only some of them."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1.0)
        kernel.send(_HEADER.pack(_HEADER.size + _ADDRESS.size, _GET_ADDRESS, _REQUEST_ALL, 1, 0) + bytes(_ADDRESS.size))
        while True:
            data = kernel.recv(1 << 16)
            while data:
                length, kind, *_ = _HEADER.unpack_from(data)
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the kernel does not list its addresses")
                if kind == _NEW_ADDRESS:
                    yield from _address(data[_HEADER.size : length])
                data = data[_padded(length) :]


def _address(message: bytes) -> Iterator[Address]:
    """Yield the address that a message of the kernel is about."""
    family, _, flags, *_ = _ADDRESS.unpack_from(message)
    if family == socket.AF_INET6 and flags & _TEMPORARY:
        return
    rest, found = message[_ADDRESS.size :], {}
    while len(rest) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(rest)
        found[kind] = rest[_ATTRIBUTE.size : length]
        rest = rest[_padded(length) :]
    # Between two machines, such as through a tunnel, the other attribute is the address of the peer.
    if packed := found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS):
        yield ipaddress.ip_address(packed)


def _padded(length: int) -> int:
    return max(length + 3 & ~3, 4)
