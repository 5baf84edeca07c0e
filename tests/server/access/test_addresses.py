"""The addresses and names of this machine."""

import socket

import pytest

from paces_live.server.access import addresses
from paces_live.server.access.addresses import own_addresses, own_hosts, own_names


def test_the_addresses_are_of_this_machine() -> None:
    found = own_addresses()
    for address in found:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        # Nobody can bind an address of another machine.
        with socket.socket(family) as bound:
            bound.bind((str(address), 0))
    assert len(set(found)) == len(found)
    assert not any(address.is_loopback or address.is_unspecified for address in found)


def test_the_address_that_leads_elsewhere_is_found() -> None:
    """Nothing is sent: a route to a documentation network is enough."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        try:
            out.connect(("198.51.100.1", 9))
        except OSError:
            return
        own = out.getsockname()[0]
    assert own in {"127.0.0.1", *map(str, own_addresses())}


def test_without_netlink_a_name_service_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(addresses, "_asked_from_the_kernel", forbidden)
    monkeypatch.setattr(socket, "gethostname", lambda: "localhost")
    assert own_addresses() == ()
    assert {str(address) for address in addresses._addresses()} <= {"127.0.0.1", "::1"}


def test_a_name_with_a_domain_is_known_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Pi.example.org")
    assert own_names() == ("pi", "pi.local")
    assert {"pi", "pi.local", "localhost", "127.0.0.1", "::1", "pi.lan"} <= own_hosts(["pi.lan"])
