"""The page behind the real gate: the token, certificates of the machine, and the headers that restrict a page."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.server.page.test_microphone import FAKE
from tests.support.chromium import launch, phone
from tools.page_screenshots import write_song

pytestmark = pytest.mark.slow

HEARD_MS = 20_000


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str, str]]:
    """Serve the demo to the network, and return the addresses over http and https, and the token."""
    monkeypatch.setenv("NO_COLOR", "1")
    command = [sys.executable, "-m", "paces_live"]
    serve = ["serve", "--input", "demo", "--host", "0.0.0.0", "--port", "0", "--tls", "--tls-port", "0", "--no-history"]  # noqa: S104
    with subprocess.Popen([*command, *serve], stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        ports = []
        for scheme in ("http", "https"):
            while not (found := re.match(rf"{scheme}://[^/\s]*:(\d+)", line := process.stdout.readline())):
                assert line, "the server did not start"
            ports.append(found[1])
        token = subprocess.run([*command, "token", "show"], capture_output=True, text=True, check=True).stdout.strip()
        try:
            yield f"http://127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}", token
        finally:
            process.terminate()


def test_the_token_of_the_server_lets_in(browser: Browser, addresses: tuple[str, str, str]) -> None:
    http, _, token = addresses
    with phone(browser) as page:
        page.goto(http)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Connect").click()
        expect(page.locator("#token-error")).not_to_have_text("")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Connect").click()
        expect(page.locator("#connection")).to_have_text("connected")
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)


def test_over_https_a_microphone_works_although_the_certificate_is_not_trusted(
    playwright: Playwright, addresses: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("microphone") / "song.wav"
    write_song(path)
    _, https, token = addresses
    browser = launch(playwright, *FAKE, f"--use-file-for-fake-audio-capture={path}")
    try:
        with phone(browser, ignore_https_errors=True) as page:
            page.goto(f"{https}/#t={token}")
            expect(page.locator("#connection")).to_have_text("connected")
            assert page.url == f"{https}/"
            page.get_by_role("button", name="Use this phone’s microphone").click()
            expect(page.locator("#heard")).to_have_text("this phone’s microphone")
            expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
    finally:
        browser.close()


def test_over_http_the_page_leads_to_https(playwright: Playwright, addresses: tuple[str, str, str]) -> None:
    http, https, token = addresses
    host = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip().lower()
    browser = launch(playwright, f"--host-resolver-rules=MAP {host} 127.0.0.1")
    try:
        with phone(browser) as page:
            page.goto(f"{http.replace('127.0.0.1', host)}/#t={token}")
            expect(page.locator("#connection")).to_have_text("connected")
            expect(page.locator("#microphone")).to_be_disabled()
            link = page.get_by_role("link", name="Open this page over https")
            expect(link).to_have_attribute("href", f"{https.replace('127.0.0.1', host)}/")
            for path in ("/ca.crt", "/ca.mobileconfig"):
                assert page.request.get(http + path).ok
    finally:
        browser.close()
