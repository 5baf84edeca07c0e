"""Debian's Chromium, headless, with a page of a phone's size."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EXPECTED = ("Failed to load resource", "WebSocket connection")
"""Errors that a browser reports by itself: a request that failed."""
PHONE = {"width": 390, "height": 844}


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start Chromium with further `arguments`."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])


@contextmanager
def phone(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page of a phone's size while the block runs, and fail if the page wrote an error."""
    defaults: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    context: BrowserContext = browser.new_context(**defaults | options)
    page = context.new_page()
    errors: list[str] = []

    def said(line: ConsoleMessage) -> None:
        if line.type == "error":
            errors.append(line.text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", said)
    try:
        yield page
    finally:
        context.close()
    assert [error for error in errors if not error.startswith(EXPECTED)] == []
