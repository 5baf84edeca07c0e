"""axe-core finds nothing, in any state of the page, dark and light, portrait and landscape."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import phone
from tests.support.scripted_page_server import PageServer, reading, song

pytestmark = pytest.mark.slow

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
VIEWPORTS = {"portrait": (390, 844), "landscape": (844, 390), "narrow": (320, 568)}


def match(server: PageServer, _: Page) -> None:
    server.say(reading(31.0, 168.1, 84.05))


def stretch(server: PageServer, _: Page) -> None:
    server.say(reading(31.0, 155.0))


def no_match(server: PageServer, _: Page) -> None:
    server.say(reading(31.0, 184.1, 61.3))


def problem(server: PageServer, _: Page) -> None:
    server.say(reading(31.0, health={"status": "too_quiet", "message": "too quiet"}, state="listening"))


def gone(server: PageServer, page: Page) -> None:
    server.full_s = 60
    server.close(1013, "60")
    expect(page.locator("#connection")).to_contain_text("full")


def token(server: PageServer, page: Page) -> None:
    server.token = "sesame"  # noqa: S105
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()


STATES: tuple[Callable[[PageServer, Page], None], ...] = (match, stretch, no_match, problem, gone, token)


def check(page: Page, state: str) -> None:
    page.wait_for_timeout(300)  # The contrast of a colour in transition is not that of the page.
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, f"{state}: {results.generate_report()}"


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_axe_finds_nothing(browser: Browser, server: PageServer, viewport: str, scheme: Any) -> None:
    width, height = VIEWPORTS[viewport]
    server.share = "control"
    songs = [song(1, 0.0, 215.0, 82.6, 165.3), song(2, 215.0, 400.0, 155.0), song(3, 400.0, 500.0, 184.1)]
    server.snapshot["songs"] = songs
    with phone(browser, viewport={"width": width, "height": height}, color_scheme=scheme) as page:
        page.goto(server.url)
        expect(page.locator("#connection")).to_have_text("connected")
        for state in STATES:
            state(server, page)
            check(page, state.__name__)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_where_the_microphone_is_explained(browser: Browser, server: PageServer, scheme: Any) -> None:
    server.https_port = 8443
    with phone(browser, color_scheme=scheme) as page:
        page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
        page.goto(server.url)
        page.locator("summary").click()
        check(page, "insecure")
