"""Addresses of servers as people write them."""

import pytest

from paces_live.client.address import base_address
from paces_live.errors import UsageError


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://pi.local:8765", "http://pi.local:8765"),
        ("http://pi.local:8765/", "http://pi.local:8765"),
        (" pi.local:8765 ", "http://pi.local:8765"),
        ("pi", "http://pi"),
        ("https://gym.example/music/", "https://gym.example/music"),
        ("https://[fe80::1]:8443/", "https://[fe80::1]:8443"),
        ("http://192.168.1.7:8765/#reading", "http://192.168.1.7:8765"),
    ],
)
def test_an_address_may_be_short(address: str, base: str) -> None:
    assert base_address(address) == base


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://",
        "ftp://pi",
        "file:///etc/passwd",
        "http://pi:port",
        "http://pi:99999",
        "http://a b",
        "http://[::1",
        "http://pi/?x=1",
        "http://me:secret@pi",
        "http://pi\x1b[2J",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not the address of a server") as caught:
        base_address(address)
    assert caught.value.code == "usage.address"
    assert "secret" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_token_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="--token-file") as caught:
        base_address("http://pi:8765/#t=secret")
    assert "secret" not in str(caught.value)
