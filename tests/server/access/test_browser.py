"""A real browser between the server and a foreign page: nothing that its user has lets the page in."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paces_live.server.access.addresses import own_hosts
from paces_live.server.access.asgi import Receive, Scope, Send
from paces_live.server.access.gate import Gate, Policy
from tests.server.access.app import Server, guarded
from tests.support.served import served

pytestmark = pytest.mark.slow

PAGE = b"<!doctype html><title>page</title><script>document.title = 'inline'</script><script src=/static/a.js></script>"
FETCH = "address => fetch(address, {credentials: 'include'}).then(answer => answer.status, () => 'refused')"
FOLLOW = """([address, protocols]) => new Promise(done => {
  const socket = new WebSocket(address, protocols);
  socket.onmessage = message => { done(message.data); socket.close(); };
  socket.onerror = () => done('refused');
})"""
LOGIN = """token => fetch('/v1/session', {method: 'POST', body: JSON.stringify({token}),
  headers: {'Content-Type': 'application/json'}}).then(answer => answer.status)"""


async def foreign(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer as a web server does that has a page and no gate."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": PAGE})


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Run Chromium, which finds every name of a foreign host on this machine."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs the Debian package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1", "--no-proxy-server"]
        running = playwright.chromium.launch(executable_path=chromium, args=options)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Return an empty page of a new user."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a server with a token."""
    with guarded(tmp_path) as running:
        yield running


def address(server: Server, scheme: str = "http", host: str = "127.0.0.1", path: str = "/v1/streams") -> str:
    return f"{scheme}://{host}:{server.port}{path}"


def test_the_page_of_the_server_gets_in_with_the_token_and_stays_in(page: Any, server: Server) -> None:
    assert server.token
    page.goto(f"{address(server, path='/')}#t={server.token.value}")
    assert page.evaluate(FETCH, "/v1/streams") == 401
    assert page.evaluate(LOGIN, page.evaluate("location.hash.slice(3)")) == 200
    assert page.evaluate(FETCH, "/v1/streams") == 200
    assert "readings" in page.evaluate(FOLLOW, [address(server, "ws"), []])
    assert page.evaluate("document.cookie") == "", "no script can read the cookie"
    page.reload()
    assert page.evaluate(FETCH, "/v1/streams") == 200
    assert server.token.value not in repr([(scope["path"], scope.get("query_string")) for scope in server.app.scopes])


def test_a_foreign_page_gets_nothing_even_if_its_visitor_is_in(page: Any, server: Server) -> None:
    assert server.token
    page.goto(address(server, path="/"))
    assert page.evaluate(LOGIN, server.token.value) == 200
    server.app.scopes.clear()
    with served(foreign) as port:
        for host in ("evil.example", "127.0.0.1"):
            page.goto(f"http://{host}:{port}/")
            assert page.evaluate(FETCH, address(server)) == "refused"
            assert page.evaluate(FOLLOW, [address(server, "ws"), []]) == "refused"
            assert page.evaluate(FETCH, address(server, path="/v1/session")) == "refused"
    # The browser looks for an icon of our own page whenever it likes.
    assert [scope["path"] for scope in server.app.scopes if scope["path"] != "/favicon.ico"] == []


def test_a_foreign_page_gets_nothing_of_a_server_without_a_token(page: Any) -> None:
    with guarded(None, hosts=own_hosts()) as server, served(foreign) as port:
        page.goto(f"http://evil.example:{port}/")
        assert page.evaluate(FETCH, address(server)) == "refused"
        assert page.evaluate(FOLLOW, [address(server, "ws"), []]) == "refused"
        assert server.app.scopes == []
        # Only this, which says nothing about anyone.
        read = "address => fetch(address).then(answer => answer.json())"
        assert page.evaluate(read, address(server, path="/v1/health"))["path"] == "/v1/health"


def test_a_name_that_was_rebound_to_this_machine_opens_nothing(page: Any) -> None:
    with guarded(None, hosts=own_hosts()) as server:
        answer = page.goto(address(server, host="evil.example", path="/"))
        assert (answer.status, answer.json()["code"]) == (421, "access.host")
        assert page.evaluate(FETCH, "/v1/streams") == 421
        assert page.evaluate(FOLLOW, [address(server, "ws", "evil.example"), []]) == "refused"
        assert server.app.scopes == []


def test_an_allowed_page_from_elsewhere_gets_in_with_the_token(page: Any, tmp_path: Path) -> None:
    with served(foreign) as port:
        origin = f"http://app.example:{port}"
        with guarded(tmp_path, origins=frozenset({origin})) as server:
            assert server.token
            page.goto(origin)
            protocols = ["paces-live", f"bearer.{server.token.value}"]
            assert "readings" in page.evaluate(FOLLOW, [address(server, "ws"), protocols])
            asked = """([address, token]) =>
              fetch(address, {headers: {Authorization: `Bearer ${token}`}}).then(answer => answer.status)"""
            assert page.evaluate(asked, [address(server), server.token.value]) == 200
            assert page.evaluate(asked, [address(server), "wrong"]) == 401


def test_no_script_in_the_page_itself_runs(page: Any) -> None:
    with served(Gate(foreign, Policy())) as port:
        page.goto(f"http://127.0.0.1:{port}/")
        assert page.title() == "page"
    with served(foreign) as port:
        page.goto(f"http://127.0.0.1:{port}/")
        assert page.title() == "inline", "without the gate it does"
