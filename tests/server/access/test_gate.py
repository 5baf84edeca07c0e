"""The gate, attacked through a real server: foreign pages, rebound names, tokens that are missing, old or wrong."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from paces_live.server.access.addresses import own_hosts, own_names
from paces_live.server.access.limits import Limits
from paces_live.server.access.token import Token
from tests.server.access.app import Server, guarded
from tests.support.schemas import validated
from tests.support.served import raw

EVIL = "http://evil.example"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with a token, and one page from elsewhere that may use it."""
    with guarded(
        tmp_path_factory.mktemp("token"),
        hosts=own_hosts(["gym.example"]),
        origins=frozenset({"https://app.example"}),
        ports=frozenset({8766}),
        limits=Limits(guesses=1000),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def running_local() -> Iterator[Server]:
    """Run a server without a token, as on 127.0.0.1."""
    with guarded(None, hosts=own_hosts()) as running:
        yield running


@pytest.fixture
def server(running: Server) -> Server:
    """Return the server with a token; its app has seen nothing yet."""
    running.app.scopes.clear()
    return running


@pytest.fixture
def local(running_local: Server) -> Server:
    """Return the server without a token; its app has seen nothing yet."""
    running_local.app.scopes.clear()
    return running_local


def refused(server: Server, path: str = "/v1/streams/main", **options: Any) -> bool:
    """Return whether the handshake of a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as caught, server.follow(path, **options):
        pass
    return caught.value.response.status_code == 403


def test_a_program_with_the_token_gets_in(server: Server) -> None:
    answer = server.ask("/v1/streams", headers=server.bearer)
    assert (answer.status_code, answer.json()) == (200, {"path": "/v1/streams", "share": "readings"})
    assert answer.headers["cache-control"] == "no-store"
    with server.follow(headers=server.bearer) as connection:
        assert json.loads(connection.recv(5)) == {"path": "/v1/streams/main", "share": "readings"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Cookie": "paces-live=a.1.b"}]
)
def test_without_the_token_nobody_gets_in(server: Server, headers: dict[str, str]) -> None:
    answer = server.ask("/v1/streams", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    error = validated(answer.text)
    assert (error["type"], error["path"], error["code"]) == ("error", "/v1/streams", "access.token")
    assert refused(server, headers=headers)
    assert server.app.scopes == []


def test_a_token_that_is_nearly_right_is_wrong(server: Server) -> None:
    assert server.token
    for wrong in (server.token.value[:-1], f"{server.token.value}A", server.token.value.swapcase(), "é"):
        headers = {"Authorization": f"Bearer {wrong}".encode("latin-1")}
        assert server.ask("/v1/streams", headers=headers).status_code == 401


def test_an_old_token_is_worth_nothing_as_soon_as_there_is_a_new_one(server: Server) -> None:
    assert server.token
    old = server.bearer
    assert server.ask("/v1/streams", headers=old).status_code == 200
    # As `token new` does it, in another process.
    Token(server.token.path).renew()
    assert server.ask("/v1/streams", headers=old).status_code == 401
    assert server.ask("/v1/streams", headers=server.bearer).status_code == 200


@pytest.mark.slow
def test_what_is_open_ends_when_the_token_changes(server: Server) -> None:
    assert server.token
    with server.follow(headers=server.bearer) as connection:
        connection.recv(5)
        connection.send("still here")
        assert connection.recv(5) == "still here"
        Token(server.token.path).renew()
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012
            for _ in range(100):
                connection.send("and now?")
                connection.recv(5)
                time.sleep(0.05)
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the token has changed")


@pytest.mark.slow
def test_a_stream_of_http_ends_when_the_token_changes(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    assert server.token
    began = time.monotonic()
    request = b"GET /v1/streams/main/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    request += f"Authorization: {server.bearer['Authorization']}\r\n\r\n".encode()
    change = threading.Timer(0.3, Token(server.token.path).renew)
    change.start()
    answer = raw(server.port, request)
    change.join()
    assert b"id: 5\n" in answer
    # A clean end: an EventSource connects again, and gets 401.
    assert answer.endswith(b"0\r\n\r\n")
    assert time.monotonic() - began < 5
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_file_of_the_token_that_is_gone_or_open_to_others_lets_nobody_in(server: Server) -> None:
    assert server.token
    bearer, path = server.bearer, server.token.path
    path.chmod(0o644)
    answer = server.ask("/v1/streams", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (503, "access.token")
    assert str(path) not in answer.text
    assert refused(server, headers=bearer)
    path.unlink()
    assert server.ask("/v1/streams", headers=bearer).status_code == 503
    Token.kept(path)
    assert server.ask("/v1/streams", headers=server.bearer).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/static/page.js",
        "/v1/health",
        "/v1/schema/events.json",
        "/v1/openapi.json",
        "/v1/asyncapi.json",
        "/ca.crt",
    ],
)
def test_the_page_and_what_describes_the_server_need_no_token(server: Server, path: str) -> None:
    answer = server.ask(path)
    assert (answer.status_code, answer.json()) == (200, {"path": path, "share": None})
    assert "cache-control" not in answer.headers
    assert server.ask(path, "POST").status_code == 401
    assert refused(server, path)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../v1/history",
        "/static/%2e%2e/v1/history",
        "/static/..%2fv1/history",
        "/static/%5c..%5cv1/history",
        "/v1/schema//../history",
        "/static//etc/passwd",
        "/static/./page.js",
        "/static/a%00.js",
        "/static/%0d%0aSet-Cookie:a=b",
        "static/page.js",
    ],
)
def test_a_path_that_leads_out_of_what_is_public_is_refused(server: Server, path: str) -> None:
    answer = raw(server.port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert server.app.scopes == []


def test_a_long_address_fills_no_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for address in (f"/{'a' * 3000}", f"/?{'a' * 3000}"):
        answer = raw(server.port, f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 414 ")
        assert refused(server, address)
    assert "aaa" not in caplog.text


def test_a_name_below_no_folder_is_not_public(server: Server) -> None:
    assert server.ask("/static").status_code == 401
    assert server.ask("/v1/healthy").status_code == 401
    assert server.ask("/v1/schema").status_code == 401


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8765", "gym.example.", *own_names()])
def test_the_names_of_this_machine_are_right(server: Server, host: str) -> None:
    assert server.ask("/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8765",
        "evil.example#localhost",
        "localhost@evil.example",
        "127.1",
        "2130706433",
        "0.0.0.0",  # noqa: S104
        "192.0.2.99",
        "",
        "[::1",
        "localhost:8765:8765",
        "localhost, evil.example",
    ],
)
def test_a_rebound_name_is_refused(server: Server, local: Server, host: str) -> None:
    for one, headers in ((server, {"Host": host, **server.bearer}), (local, {"Host": host})):
        answer = one.ask("/v1/streams", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (421, "access.host")
        assert one.app.scopes == []
    request = f"GET /v1/audio HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    assert raw(local.port, request.encode()).startswith(b"HTTP/1.1 403 ")
    assert local.app.scopes == []


@pytest.mark.parametrize("http", ["h11", "httptools"])
@pytest.mark.parametrize("hosts", ["", "Host: localhost\r\nHost: evil.example\r\n"])
def test_a_request_without_one_host_is_refused(hosts: str, http: str) -> None:
    with guarded(None, http=http) as local:
        for version in ("1.0", "1.1"):
            answer = raw(local.port, f"GET /v1/streams HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n".encode())
            assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 "))
        assert local.app.scopes == []


def test_the_address_at_which_a_client_arrives_is_right_even_if_it_is_new() -> None:
    with guarded(None, hosts=frozenset({"localhost"})) as running:
        assert running.ask("/v1/streams").status_code == 200
        assert running.ask("/v1/streams", headers={"Host": "127.0.0.2"}).status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        EVIL,
        "null",
        "",
        "http://localhost",
        "http://127.0.0.1:1",
        "https://127.0.0.1:8766",
        "http://evil.example:8766",
        "https://app.example:444",
        "http://app.example",
        "https://app.example.evil.example",
        "file://",
        "http://localhost:8766/",
        "http://localhost:8766, http://evil.example",
    ],
)
def test_a_page_from_elsewhere_is_refused(server: Server, local: Server, origin: str) -> None:
    for one, headers in ((server, {"Origin": origin, **server.bearer}), (local, {"Origin": origin})):
        for method in ("GET", "POST", "OPTIONS"):
            answer = one.ask("/v1/streams", method, headers=headers)
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
        assert refused(one, headers=headers)
        assert one.app.scopes == []


def test_the_pages_of_this_server_may_use_it(local: Server) -> None:
    for host in ("127.0.0.1", "localhost", own_names()[0]):
        headers = {"Origin": f"http://{host}:{local.port}"}
        assert local.ask("/v1/streams", headers=headers).status_code == 200
        with local.follow(headers=headers) as connection:
            assert json.loads(connection.recv(5))["share"] == "readings"


def test_a_page_on_another_port_of_this_server_may_use_it(server: Server) -> None:
    assert server.ask("/v1/streams", headers={"Origin": "http://localhost:8766", **server.bearer}).status_code == 200


def test_an_allowed_page_from_elsewhere_may_read_what_the_token_opens(server: Server) -> None:
    origin = {"Origin": "https://app.example"}
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Private-Network": "true"}
    answer = server.ask("/v1/streams", "OPTIONS", headers=origin | preflight)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-private-network"] == "true"
    answer = server.ask("/v1/streams", headers=origin)
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    answer = server.ask("/v1/streams", headers=origin | server.bearer)
    assert (answer.status_code, answer.headers["vary"]) == (200, "origin")
    assert "access-control-allow-credentials" not in answer.headers
    with server.follow(headers=origin | server.bearer) as connection:
        assert connection.recv(5)


def test_every_page_may_read_the_health_and_nothing_else(server: Server) -> None:
    for origin in (EVIL, "null"):
        answer = server.ask("/v1/health", headers={"Origin": origin})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
        assert server.ask("/v1/schema/events.json", headers={"Origin": origin}).status_code == 403
        assert server.ask("/v1/health", "POST", headers={"Origin": origin}).status_code == 403
    assert refused(server, "/v1/health", headers={"Origin": EVIL})


def test_a_websocket_brings_the_token_as_a_subprotocol(server: Server) -> None:
    assert server.token
    offered: Any = ["paces-live", f"bearer.{server.token.value}"]
    with server.follow(headers={"Origin": "https://app.example"}, subprotocols=offered) as connection:
        assert connection.subprotocol == "paces-live"
        assert json.loads(connection.recv(5))["share"] == "readings"
    assert server.app.scopes[0]["subprotocols"] == ["paces-live"]
    assert refused(server, subprotocols=["paces-live", "bearer.wrong"])


def test_the_token_is_in_no_log_and_reaches_no_app(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    assert server.token
    caplog.set_level(logging.INFO)
    value = server.token.value
    subprotocols: Any = ["paces-live", f"bearer.{value}"]
    server.ask("/v1/streams?target=170", headers=server.bearer)
    with server.follow(subprotocols=subprotocols):
        pass
    server.ask("/v1/session", "POST", json={"token": value})
    encoded = "".join(f"%{ord(letter):02x}" for letter in value)
    for address in (f"/?token={value}", f"/v1/streams?t={encoded}", f"/{value}", f"/{quote(value)}/"):
        answer = server.ask(address)
        assert (answer.status_code, answer.json()["path"]) == (400, "/")
        assert refused(server, address)
    records = [record for record in caplog.records if record.name.startswith("uvicorn")]
    logged = repr([(record.getMessage(), record.exc_text) for record in records])
    assert "/v1/streams?target=170" in logged
    assert 'WebSocket /v1/streams/main" [accepted]' in logged
    assert value not in logged
    assert encoded not in logged
    assert value not in repr(server.app.scopes)
    assert value not in repr(server.token)


def test_only_a_server_that_shares_control_lets_a_listener_control_it(server: Server, tmp_path: Path) -> None:
    answer = server.ask("/v1/history", headers=server.bearer)
    assert answer.status_code == 403
    assert validated(answer.text)["code"] == "access.share"
    with guarded(tmp_path, share="control") as running:
        assert running.ask("/v1/history", headers=running.bearer).json()["share"] == "control"
        assert running.ask("/v1/history").status_code == 401


def test_every_answer_has_the_headers_of_security(server: Server) -> None:
    host = f"127.0.0.1:{server.port}"
    for answer in (server.ask("/"), server.ask("/v1/streams"), server.ask("/x/../y"), server.ask("/v1/session", "PUT")):
        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not any("unsafe" in rule or "*" in rule for rule in policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        # Over https only: over http, browsers complain about it.
        assert "cross-origin-opener-policy" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "microphone=(self)" in answer.headers["permissions-policy"]
    assert f"connect-src 'self' ws://{host}" in server.ask("/").headers["content-security-policy"]
    evil = server.ask("/", headers={"Host": "evil.example; script-src *"})
    assert "evil" not in evil.headers["content-security-policy"]


def test_loopback_needs_no_token(local: Server) -> None:
    assert local.ask("/v1/streams").json()["share"] == "readings"
    assert local.ask("/v1/session").json() == {"type": "session", "share": "readings"}
    with local.follow() as connection:
        assert connection.recv(5)


def test_limits_are_as_they_are_set(tmp_path: Path) -> None:
    with guarded(tmp_path, limits=Limits(requests=5)) as running:
        far = {"X-Forwarded-For": "192.0.2.7"}
        assert [running.ask("/", headers=far).status_code for _ in range(6)] == [200] * 5 + [429]
        assert [running.ask("/").status_code for _ in range(6)] == [200] * 6
