"""A browser, and a server that a test can script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.support.chromium import CHROMIUM, launch, phone
from tests.support.scripted_page_server import PageServer


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Return Playwright. It keeps an event loop while it runs, so it ends with each module."""
    if CHROMIUM is None:
        pytest.skip("needs Debian's package: chromium")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = launch(playwright)
    yield started
    started.close()


@pytest.fixture
def server() -> Iterator[PageServer]:
    with PageServer().serve() as serving:
        yield serving


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with phone(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """Return a page whose modules a test can import and call."""
    with PageServer().serve() as serving, phone(browser) as opened:
        opened.goto(f"{serving.url}/page/icon.svg")
        yield opened
