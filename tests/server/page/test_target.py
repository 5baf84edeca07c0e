"""The target on the page: slider, stepper, taps, the paces of the song, and what is kept."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.steps import follow, last_target, wait_for
from tests.support.scripted_page_server import PageServer, reading, song

pytestmark = pytest.mark.slow


def test_another_pace_becomes_the_target(page: Page, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 168.1, 84.05)
    follow(page, server)
    expect(page.locator("#paces li")).to_have_text([re.compile("84.0.*second beat"), re.compile("168.1.*every beat")])
    page.get_by_role("button", name="use 84 as target").click()
    expect(page.locator("#figures")).to_have_text("84")
    expect(page.locator("#target-figures")).to_have_text("84")
    expect(page.locator("#step")).to_have_text("a step every second beat")
    expect(page.get_by_role("button", name="84 is your target")).to_be_disabled()
    assert wait_for(lambda: last_target(server) == 84)


def test_the_target_judges_the_songs_heard_too(page: Page, server: PageServer) -> None:
    server.snapshot["songs"] = [song(1, 0.0, 215.0, 61.3, 184.1)]
    follow(page, server)
    expect(page.locator("#songs .flag")).to_have_text("✕ NO MATCH")
    page.locator("#target").fill("184")
    expect(page.locator("#songs .flag")).to_have_text("✓ MATCH")


def test_slider_and_stepper_stay_within_the_range(page: Page, server: PageServer) -> None:
    follow(page, server)
    slider = page.locator("#target")
    slider.fill("319")
    more, less = page.locator("#more"), page.locator("#less")
    for _ in range(3):
        more.click()
    expect(page.locator("#target-figures")).to_have_text("320")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#target-figures")).to_have_text("40")
    less.click()
    expect(page.locator("#target-figures")).to_have_text("40")
    page.keyboard.press("Tab")
    more.press("Enter")
    expect(page.locator("#target-figures")).to_have_text("41")
    assert wait_for(lambda: last_target(server) == 41)


def test_a_held_button_repeats(page: Page, server: PageServer) -> None:
    follow(page, server)
    page.locator("#more").hover()
    page.mouse.down()
    page.wait_for_timeout(1000)
    page.mouse.up()
    reached = int(page.locator("#target-figures").inner_text())
    assert 168 <= reached <= 173
    page.wait_for_timeout(200)
    assert int(page.locator("#target-figures").inner_text()) == reached


def test_four_taps_set_the_target(page: Page, server: PageServer) -> None:
    follow(page, server)
    page.evaluate(
        """() => {
          const button = document.getElementById('tap');
          for (const [index] of [0, 1, 2, 3].entries()) {
            const event = new PointerEvent('pointerdown', { bubbles: true });
            Object.defineProperty(event, 'timeStamp', { value: performance.now() - 1050 + 350 * index });
            button.dispatchEvent(event);
          }
        }"""
    )
    expect(page.locator("#target-figures")).to_have_text("171")
    expect(page.locator("#tap-words")).to_have_text("4 taps: 171 spm")
    assert wait_for(lambda: last_target(server) == 171)


def test_target_and_tolerance_survive_a_reload(page: Page, server: PageServer) -> None:
    follow(page, server)
    page.locator("#target").fill("172")
    page.locator("#tolerance").select_option("0.03")
    expect(page.locator("#target-figures")).to_have_text("172")
    page.reload()
    expect(page.locator("#target-figures")).to_have_text("172")
    expect(page.locator("#tolerance")).to_have_value("0.03")
    assert wait_for(lambda: server.messages and server.messages[-1] == {"target": 172, "tolerance": 0.03})


def test_the_target_of_the_server_holds_until_another_is_chosen(page: Page, server: PageServer) -> None:
    server.snapshot["start"]["target"] = 150.0
    server.snapshot["start"]["tolerance"] = 0.035
    follow(page, server)
    expect(page.locator("#target-figures")).to_have_text("150")
    expect(page.locator("#tolerance option:checked")).to_have_text("± 3.5 %")
    assert server.messages == []


def test_a_sensor_of_the_server_moves_the_target_of_those_who_chose_none(page: Page, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 168.1) | {"target": 170.0, "cadence": 171.4}
    follow(page, server)
    expect(page.locator("#target-figures")).to_have_text("170")
    expect(page.locator("#you")).to_have_text("runner 171 ✓ in step")
    page.locator("#target").fill("150")
    expect(page.locator("#word")).to_have_text("NO MATCH")
    server.say(reading(31.0, 168.1) | {"target": 172.0, "cadence": None})
    expect(page.locator("#you")).to_be_hidden()
    expect(page.locator("#target-figures")).to_have_text("150")


def test_without_a_target_nothing_is_judged(page: Page, server: PageServer) -> None:
    server.snapshot["start"]["target"] = None
    server.snapshot["reading"] = reading(30.0, 168.1)
    follow(page, server)
    expect(page.locator("#word")).to_have_text("NO TARGET")
    expect(page.locator("#figures")).to_have_text("168")
    page.locator("#more").click()
    expect(page.locator("#word")).to_have_text("MATCH")
