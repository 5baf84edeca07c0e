"""What tests of the page do again and again."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.scripted_page_server import PageServer

DEADLINE_S = 5.0


def wait_for(condition: Callable[[], Any]) -> Any:
    """Wait until `condition` holds, and return its value."""
    deadline = time.monotonic() + DEADLINE_S
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


def follow(page: Page, server: PageServer) -> None:
    """Open the page, and wait until it follows the stream of the machine."""
    page.goto(server.url)
    expect(page.locator("#connection")).to_have_text("connected")


def last_target(server: PageServer) -> Any:
    """Return the target that the page sent last."""
    return server.messages[-1].get("target") if server.messages else None


def call(page: Page, module: str, expression: str, argument: Any = None) -> Any:
    """Return the value of `expression`, in which `m` is a module of the page and `a` the argument."""
    return page.evaluate(
        f"async a => {{ const m = await import('/page/{module}.js'); return ({expression}); }}",
        argument,
    )
