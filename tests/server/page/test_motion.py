"""The runner's cadence on the page: motion events of a known cadence are injected, at the pace of a real sensor."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.page.steps import follow, last_target, wait_for
from tests.support.chromium import phone
from tests.support.scripted_page_server import PageServer, reading
from tools.page_screenshots import RUNNER

pytestmark = pytest.mark.slow


def count(page: Page) -> None:
    page.get_by_role("button", name="Count my steps").click()
    expect(page.locator("#motion")).to_have_text("Stop counting")


def test_steps_are_in_step_or_not(page: Page, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 168.1)
    follow(page, server)
    expect(page.locator("#you")).to_be_hidden()
    count(page)
    page.evaluate(RUNNER, 168)
    expect(page.locator("#you-figures")).to_have_text("168")
    expect(page.locator("#you-words")).to_have_text("✓ in step")
    server.say(reading(31.0, 184.1))
    expect(page.locator("#you-words")).to_have_text("✕ 9 % too slow")
    page.get_by_role("button", name="Stop counting").click()
    expect(page.locator("#you")).to_be_hidden()


def test_the_target_follows_the_runner_if_wanted(page: Page, server: PageServer) -> None:
    follow(page, server)
    count(page)
    page.evaluate(RUNNER, 176)
    expect(page.locator("#you-figures")).to_have_text(re.compile("17[567]"))
    expect(page.locator("#target-figures")).to_have_text("165")
    page.get_by_label("The target follows me").check()
    expect(page.locator("#target-figures")).to_have_text(re.compile("17[567]"))
    assert wait_for(lambda: last_target(server) in (175, 176, 177))


def test_standing_still_is_no_cadence(page: Page, server: PageServer) -> None:
    follow(page, server)
    count(page)
    page.evaluate(RUNNER.replace("12 *", "0 *"), 170)
    expect(page.locator("#motion-words")).to_have_text("take some steps")
    page.wait_for_timeout(700)
    expect(page.locator("#you")).to_be_hidden()


def test_a_device_without_a_sensor_says_so(page: Page, server: PageServer) -> None:
    follow(page, server)
    count(page)
    expect(page.locator("#motion-words")).to_have_text("this device has no motion sensor")
    expect(page.locator("#motion")).to_have_text("Count my steps")


@pytest.mark.parametrize("answer", ["granted", "denied"])
def test_ios_asks_on_the_tap(browser: Browser, server: PageServer, answer: str) -> None:
    with phone(browser) as page:
        page.add_init_script(
            f"""
            window.asked = [];
            DeviceMotionEvent.requestPermission = async () => {{
              window.asked.push(navigator.userActivation.isActive);
              return '{answer}';
            }};
            """
        )
        follow(page, server)
        assert page.evaluate("window.asked") == []
        page.get_by_role("button", name="Count my steps").click()
        assert wait_for(lambda: page.evaluate("window.asked")) == [True]
        if answer == "granted":
            expect(page.locator("#motion")).to_have_text("Stop counting")
        else:
            expect(page.locator("#motion-words")).to_contain_text("gives nothing")
            expect(page.locator("#motion")).to_have_text("Count my steps")
