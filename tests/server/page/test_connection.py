"""The page comes back: with a bounded back-off, at once when the network does, and when the server asks for it."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.steps import call, follow, wait_for
from tests.support.scripted_page_server import PageServer, reading, song

pytestmark = pytest.mark.slow


def test_the_back_off_grows_and_is_bounded(modules: Page) -> None:
    waits = call(modules, "connection", "Array.from({length: 12}, (_, n) => [m.backOff(n, 0), m.backOff(n, 1)])")
    assert waits[0] == [0.25, 0.5]
    assert waits[3] == [2.0, 4.0]
    assert max(longest for _, longest in waits) == 15.0
    assert all(shortest == longest / 2 for shortest, longest in waits)


@pytest.mark.parametrize(
    ("text", "wait"), [("30", 30), ("try again in 7.5 s", 7.5), ("0", 1), ("99999", 600), ("", None), (None, None)]
)
def test_the_wait_that_a_server_asks_for_is_read(modules: Page, text: str | None, wait: float | None) -> None:
    assert call(modules, "connection", "m.waitAsked(a)", text) == wait


def test_a_connection_that_breaks_comes_back(page: Page, server: PageServer) -> None:
    server.snapshot["songs"] = [song(1, 0.0, 215.0, 165.3, title="Corner Shop Soul")]
    follow(page, server)
    expect(page.locator("#songs li")).to_have_count(1)
    server.snapshot["songs"].append(song(2, 215.0, 400.0, 184.1))  # It ended while the page was away.
    server.close(1011)
    expect(page.locator("#songs li")).to_have_count(2)
    expect(page.locator("#connection")).to_have_text("connected")


def test_a_server_that_goes_away_is_named_and_found_again(page: Page, server: PageServer) -> None:
    follow(page, server)
    server.close(1001)
    expect(page.locator("#connection")).to_have_text("the server is going away, reconnecting")
    expect(page.locator("#connection")).to_have_text("connected")
    assert len(server.opened) == 2


def test_a_full_server_is_left_in_peace_for_as_long_as_it_asks(page: Page, server: PageServer) -> None:
    follow(page, server)
    server.close(1013, "2")
    expect(page.locator("#connection")).to_have_text("the server is full: trying again in 2 s")
    closed = time.monotonic()
    page.evaluate("window.dispatchEvent(new Event('online'))")  # Even then.
    assert wait_for(lambda: len(server.opened) == 2)
    assert 1.8 < server.opened[1] - closed < 3.5
    expect(page.locator("#connection")).to_have_text("connected")


def test_retry_after_is_honoured_though_a_page_does_not_see_it(page: Page, server: PageServer) -> None:
    server.full_s = 3
    page.goto(server.url)
    expect(page.locator("#connection")).to_have_text("the server is full: trying again in 3 s")
    refused = time.monotonic()
    attempts = len(server.opened)
    server.full_s = None
    assert wait_for(lambda: len(server.opened) > attempts)
    assert server.opened[attempts] - refused > 2.5
    expect(page.locator("#connection")).to_have_text("connected")


def test_a_server_without_an_input_says_so(page: Page, server: PageServer) -> None:
    server.absent = True
    page.goto(server.url)
    expect(page.locator("#connection")).to_have_text("no input: use this phone’s microphone")
    expect(page.locator("#microphone")).to_be_enabled()


def test_coming_online_does_not_wait_for_the_back_off(page: Page, server: PageServer) -> None:
    follow(page, server)
    page.evaluate("window.Math.random = () => 1")
    for _ in range(3):
        page.evaluate("window.dispatchEvent(new Event('offline'))")
        expect(page.locator("#connection")).to_have_text("the phone is offline")
        begun = time.monotonic()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        assert wait_for(lambda: server.opened[-1] > begun)  # noqa: B023
        assert server.opened[-1] - begun < 0.4
        expect(page.locator("#connection")).to_have_text("connected")


def test_a_page_that_is_seen_again_looks_whether_its_connection_is_alive(page: Page, server: PageServer) -> None:
    follow(page, server)
    # The phone slept for a minute; the socket looks open, as it does for minutes after the network has gone.
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 60000; }")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert wait_for(lambda: len(server.opened) == 2)
    expect(page.locator("#connection")).to_have_text("connected")


def test_what_was_heard_before_is_not_shown_as_what_plays_now(page: Page, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 168.1)
    follow(page, server)
    expect(page.locator("#word")).to_have_text("MATCH")
    server.full_s = 60
    server.close(1011)
    expect(page.locator("#word")).to_have_text("NO CONNECTION", timeout=6000)
    expect(page.locator("#figures")).to_have_text("–")
    expect(page.locator("#spoken")).to_have_text("no connection")


def test_another_message_than_the_page_knows_is_ignored(page: Page, server: PageServer) -> None:
    follow(page, server)
    server.say({"type": "weather", "rain": True}, reading(31.0, 168.1, mood="good"), later_version=True)
    server.say({"type": "heartbeat", "t": 10.0})
    expect(page.locator("#figures")).to_have_text("168")
