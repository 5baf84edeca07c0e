"""``/v1/session``: the cookie of a browser, and what somebody can do who steals it or sends nonsense."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from paces_live.server.access import session_cookie, session_route
from paces_live.server.access.token import Token
from tests.server.access.app import Server, guarded
from tests.support.schemas import validated
from tests.support.served import raw


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a server with a token."""
    with guarded(tmp_path) as running:
        yield running


def login(server: Server) -> httpx.Response:
    """Send the token as the page does."""
    assert server.token
    page = {"Origin": f"http://127.0.0.1:{server.port}"}
    return server.ask("/v1/session", "POST", json={"token": server.token.value}, headers=page)


def cookie(server: Server) -> dict[str, str]:
    """Return the header of a browser that has the cookie."""
    return {"Cookie": login(server).headers["set-cookie"].partition(";")[0]}


def test_a_page_changes_the_token_into_a_cookie(server: Server) -> None:
    assert server.token
    assert server.ask("/v1/session").status_code == 401
    answer = login(server)
    assert (answer.status_code, answer.json()) == (200, {"type": "session", "share": "readings"})
    header = answer.headers["set-cookie"]
    assert re.fullmatch(r"paces-live=[\w.-]+; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000", header), (
        "no attribute may be missing, and over http it is not Secure: no browser would send it"
    )
    assert server.token.value not in header
    mine = {"Cookie": f"other=1; {header.partition(';')[0]}"}
    assert server.ask("/v1/session", headers=mine).json()["share"] == "readings"
    assert server.ask("/v1/streams", headers=mine).status_code == 200
    with server.follow(headers=mine) as connection:
        assert json.loads(connection.recv(5))["share"] == "readings"
    assert "paces-live=" not in repr(server.app.scopes), "the app needs no cookie"


def test_two_cookies_differ(server: Server) -> None:
    assert cookie(server) != cookie(server)


def test_over_https_the_cookie_is_secure_and_has_a_name_of_its_own(server: Server) -> None:
    assert server.token
    behind_a_proxy = {"X-Forwarded-Proto": "https"}
    answer = server.ask("/v1/session", "POST", json={"token": server.token.value}, headers=behind_a_proxy)
    header = answer.headers["set-cookie"]
    assert header.startswith("__Host-paces-live=")
    assert header.endswith("; Secure")
    mine = {"Cookie": header.partition(";")[0]}
    assert server.ask("/v1/streams", headers=mine | behind_a_proxy).status_code == 200
    assert server.ask("/v1/streams", headers=mine).status_code == 401


def test_a_stolen_cookie_is_worth_nothing_after_a_new_token(server: Server) -> None:
    assert server.token
    stolen = cookie(server)
    assert server.ask("/v1/streams", headers=stolen).status_code == 200
    Token(server.token.path).renew()
    assert server.ask("/v1/streams", headers=stolen).status_code == 401
    assert server.ask("/v1/streams", headers=cookie(server)).status_code == 200


def test_a_cookie_outlives_a_restart_and_ends(server: Server) -> None:
    assert server.token
    mine = cookie(server)
    with guarded(server.token.path.parent) as again:
        assert again.ask("/v1/streams", headers=mine).status_code == 200
    scope = {"scheme": "http", "headers": [(b"cookie", mine["Cookie"].encode())]}
    for days, valid in ((29, True), (31, False)):
        assert session_cookie.present(scope, server.token.value, time.time() + days * 86400) is valid


@pytest.mark.parametrize(
    "change", [str.swapcase, lambda value: value[:-1], lambda value: value + "0", lambda _: "é.1.é"]
)
def test_a_cookie_that_was_changed_is_wrong(server: Server, change: Callable[[str], str]) -> None:
    name, _, value = cookie(server)["Cookie"].partition("=")
    headers = [(b"Cookie", f"{name}={change(value)}".encode("latin-1"))]
    assert server.ask("/v1/streams", headers=headers).status_code == 401


def test_a_cookie_cannot_be_made_to_last_longer(server: Server) -> None:
    name, _, value = cookie(server)["Cookie"].partition("=")
    number, _, signature = value.split(".")
    assert server.ask("/v1/streams", headers={"Cookie": f"{name}={number}.99999999999.{signature}"}).status_code == 401


def test_an_old_cookie_is_no_guess(server: Server) -> None:
    for _ in range(30):
        assert server.ask("/v1/streams", headers={"Cookie": "paces-live=old.1.cookie"}).status_code == 401
    assert login(server).status_code == 200


def test_a_browser_forgets_the_cookie(server: Server) -> None:
    answer = server.ask("/v1/session", "DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["set-cookie"] == "paces-live=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"


def test_a_foreign_page_cannot_log_anyone_in_or_out(server: Server) -> None:
    for method in ("POST", "DELETE"):
        answer = server.ask("/v1/session", method, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"token": "wrong"}', "application/json", 401),
        (b'{"token": "wrong"}', "application/json; charset=utf-8", 401),
        (b'{"token": "wrong"}', "text/plain", 415),
        (b"token=wrong", "application/x-www-form-urlencoded", 415),
        (b'{"token": "wrong"}', "", 415),
        (b"", "application/json", 400),
        (b"\xff\xfe\x00", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"token": 7}', "application/json", 400),
        (b'{"token": "\\ud800"}', "application/json", 401),
        (b"[" * 4000, "application/json", 400),
        (b'{"token": "%s"}' % (b"x" * 4096), "application/json", 413),
    ],
)
def test_nonsense_is_refused(server: Server, body: bytes, kind: str, status: int) -> None:
    answer = server.ask("/v1/session", "POST", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    error = validated(answer.text)
    assert (error["type"], error["path"]) == ("error", "/v1/session")
    assert "set-cookie" not in answer.headers
    assert server.ask("/v1/health").status_code == 200


def test_a_body_without_an_end_is_refused_early(server: Server) -> None:
    head = b"POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = raw(server.port, head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b" " * 4096 + b"\r\n1\r\n ")
    assert answer.startswith(b"HTTP/1.1 413 ")
    answer = raw(server.port, head + b"Content-Length: 1000000000000\r\n\r\n" + b" " * 5000)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_never_comes_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_route, "BODY_S", 0.1)
    head = (
        b"POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
    )
    assert raw(server.port, head + b"{").startswith(b"HTTP/1.1 408 ")


def test_another_method_is_refused(server: Server) -> None:
    answer = server.ask("/v1/session", "PUT")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, DELETE")
