"""Hosts and origins as people type them, and as no web server lets them through."""

from pathlib import Path

import pytest

from paces_live.errors import UsageError
from paces_live.server.access.gate import Policy
from paces_live.server.access.origins import allowed_host, allowed_origin, check_host, check_origin
from paces_live.server.access.refusal import RefusedError
from paces_live.server.access.token import Token


@pytest.mark.parametrize(
    "text", ["http://pi.local", "pi.local:8765", "pi.local/", "*", "", "a b", "[::1]:80", "ü.local"]
)
def test_what_is_no_host_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"such as pi\.fritz\.box"):
        allowed_host(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [("Pi.Lan", "pi.lan"), ("192.168.1.5", "192.168.1.5"), ("[FD00::0:7]", "fd00::7"), ("fd00::7", "fd00::7")],
)
def test_a_host_is_taken_as_browsers_write_it(text: str, host: str) -> None:
    assert allowed_host(text) == host


@pytest.mark.parametrize(
    "text", ["gym.example", "https://gym.example/", "https://gym.example/app", "*", "", "https://*.example"]
)
def test_what_is_no_origin_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"such as https://gym\.example"):
        allowed_origin(text)


@pytest.mark.parametrize(
    "text", ["https://gym.example", "http://localhost:3000", "capacitor://localhost", "app://obsidian.md", "null"]
)
def test_pages_and_apps_can_be_allowed(text: str) -> None:
    allowed = allowed_origin(text)
    scope = {"type": "websocket", "scheme": "ws", "server": ("127.0.0.1", 1), "headers": [(b"origin", text.encode())]}
    assert check_origin(scope, frozenset(), frozenset(), frozenset({allowed})) == text


def test_the_origin_that_every_page_can_have_needs_a_token(tmp_path: Path) -> None:
    assert Policy(token=Token.kept(tmp_path / "token"), origins=frozenset({"null"}))
    with pytest.raises(UsageError, match="every page"):
        Policy(origins=frozenset({"null"}))


def test_two_hosts_or_two_origins_are_refused_even_if_one_is_right() -> None:
    server = {"type": "http", "scheme": "http", "server": ("127.0.0.1", 8765)}
    hosts = [(b"host", b"localhost"), (b"host", b"evil.example")]
    origins = [(b"origin", b"http://localhost:8765"), (b"origin", b"http://evil.example")]
    for both in (hosts, hosts[::-1]):
        with pytest.raises(RefusedError):
            check_host(server | {"headers": both}, {"localhost"})
    for both in (origins, origins[::-1]):
        with pytest.raises(RefusedError):
            check_origin(server | {"headers": both}, {"localhost"}, set(), {"http://evil.example"})
