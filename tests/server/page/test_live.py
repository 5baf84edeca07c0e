"""The page and the real server: the demo is heard, the network goes away, and both are there again."""

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from paces_live.demo import songs
from tests.support.chromium import phone
from tests.support.serving import ServingProcess, serving_process

pytestmark = pytest.mark.slow

SONG = songs()[0]
HEARD_MS = 20_000
"""Time for a verdict: the demo plays in real time."""


@pytest.fixture
def demo() -> Iterator[ServingProcess]:
    with serving_process("--input", "demo") as server:
        yield server


def test_a_phone_sees_the_demo_and_has_a_target_of_its_own(browser: Browser, demo: ServingProcess) -> None:
    with phone(browser) as page, phone(browser) as other:
        for one in (page, other):
            one.goto(demo.address)
            expect(one.locator("#connection")).to_have_text("connected")
        other.locator("#target").fill("150")
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        assert float(page.locator("#figures").inner_text()) == pytest.approx(SONG.tempo, rel=0.015)
        expect(page.locator("#heard")).to_have_text(f"♪ {SONG.title}")
        expect(page.locator("#step")).to_have_text("a step on every beat", timeout=HEARD_MS)
        expect(other.locator("#word")).to_have_text("NO MATCH", timeout=HEARD_MS)
        expect(page.locator("#paces li")).to_have_count(2, timeout=HEARD_MS)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_ends_is_found_again(browser: Browser, number: int) -> None:
    first = ServingProcess("--input", "demo")
    with phone(browser) as page:
        page.goto(first.address)
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        first.end(number)
        expect(page.locator("#connection")).not_to_have_text("connected")
        expect(page.locator("#word")).to_have_text("NO CONNECTION", timeout=HEARD_MS)
        second = ServingProcess("--input", "demo", port=first.port)
        try:
            expect(page.locator("#connection")).to_have_text("connected", timeout=HEARD_MS)
            expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        finally:
            second.end()


def test_offline_and_back(browser: Browser, demo: ServingProcess) -> None:
    with phone(browser) as page:
        page.goto(demo.address)
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        page.context.set_offline(True)
        expect(page.locator("#connection")).not_to_have_text("connected")
        page.context.set_offline(False)
        expect(page.locator("#connection")).to_have_text("connected", timeout=2000)
        expect(page.locator("#word")).to_have_text("MATCH")
