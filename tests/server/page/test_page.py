"""What the page shows, with a server that says what the test wants."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from paces_live.events import Track
from tests.server.page.steps import follow
from tests.support.chromium import phone
from tests.support.scripted_page_server import PageServer, reading, song

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("spm", "word", "sign", "kind", "step"),
    [
        (168.1, "MATCH", "✓", "yes", "a step on every beat"),
        (155.0, "STRETCH", "≈", "nearly", "a step on every beat"),
        (184.1, "NO MATCH", "✕", "no", "a step on every beat"),
    ],
)
def test_a_verdict_has_a_word_a_sign_and_a_shape(
    page: Page, server: PageServer, spm: float, word: str, sign: str, kind: str, step: str
) -> None:
    server.snapshot["reading"] = reading(30.0, spm)
    follow(page, server)
    expect(page.locator("#word")).to_have_text(word)
    expect(page.locator("#sign")).to_have_text(sign)
    expect(page.locator("#hero")).to_have_attribute("data-kind", kind)
    expect(page.locator("#figures")).to_have_text(f"{spm:.0f}")
    expect(page.locator("#step")).to_have_text(step)
    borders = {"yes": "solid", "nearly": "solid", "no": "dashed"}
    expect(page.locator("#hero")).to_have_css("border-style", borders[kind])


def test_shapes_differ_without_colours(page: Page, server: PageServer) -> None:
    follow(page, server)
    shapes = []
    for spm in (168.1, 155.0, 184.1):
        server.say(reading(31.0, spm))
        expect(page.locator("#figures")).to_have_text(f"{spm:.0f}")
        page.wait_for_timeout(300)  # A transition of the colours.
        shapes.append(
            page.locator("#hero").evaluate(
                "e => [getComputedStyle(e).borderTopStyle, getComputedStyle(e).borderTopWidth,"
                " getComputedStyle(e).backgroundColor === getComputedStyle(e).borderTopColor].join()"
            )
        )
    assert shapes == ["solid,4px,true", "solid,8px,false", "dashed,4px,false"]


def test_the_figures_can_be_read_at_arms_length(page: Page, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 168.1)
    follow(page, server)
    # A CSS pixel of a phone is about 0.16 mm wide: digits of 2 cm are as large as a headline at 60 cm.
    assert page.locator("#figures").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") > 150
    assert page.locator("#figures").evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"state": "listening"}, "LISTENING"),
        ({"state": "no_pulse"}, "NO STEADY PULSE"),
        ({"state": "settled"}, "NO PACE"),
        ({"health": {"status": "paused", "message": "paused"}}, "PAUSED"),
    ],
)
def test_what_cannot_be_judged_is_said(page: Page, server: PageServer, changes: dict[str, Any], word: str) -> None:
    server.snapshot["reading"] = reading(3.0, **changes)
    follow(page, server)
    expect(page.locator("#word")).to_have_text(word)
    expect(page.locator("#figures")).to_have_text("–")
    expect(page.locator("#hero")).to_have_attribute("data-kind", "bare")


def test_problems_of_the_input_are_shown_in_the_words_of_the_server(page: Page, server: PageServer) -> None:
    message = "USB microphone is gone, trying again"
    server.snapshot["reading"] = reading(30.0, health={"status": "reconnecting", "message": message})
    follow(page, server)
    expect(page.locator("#problem")).to_have_text(message)
    server.say(reading(31.0, health={"status": "too_quiet", "message": "too quiet", "level_dbfs": -62.4}))
    expect(page.locator("#problem")).to_have_text("too quiet: turn the input up")
    expect(page.locator("#level-words")).to_have_text("−62 dBFS, too quiet")
    server.say(reading(32.0, 168.1))
    expect(page.locator("#problem")).to_be_hidden()
    error = {"code": "source.device_not_found", "message": "no device has the name USB", "hint": "plug it in"}
    server.say({"type": "end", "t": 33.0, "error": error, "stream": "main"})
    expect(page.locator("#word")).to_have_text("NO INPUT")
    expect(page.locator("#problem")).to_have_text("no device has the name USB: plug it in")


def test_songs_of_the_snapshot_and_new_ones_are_listed_once(page: Page, server: PageServer) -> None:
    server.snapshot["songs"] = [song(1, 0.0, 215.0, 82.6, 165.3, title="Corner Shop Soul")]
    follow(page, server)
    second = song(2, 215.0, 400.0, 61.3, 184.1)
    server.say(second, second, song(3, 400.0, 404.0, skipped=True, title="Gone"))
    rows = page.locator("#songs li")
    expect(rows).to_have_count(3)
    expect(rows).to_have_text([re.compile("Gone.*skipped"), re.compile("Kitchen Waltz 3:05.*NO MATCH.*61.3 · 184.1"),
                               re.compile("Corner Shop Soul 3:35.*✓ MATCH.*82.6 · 165.3")])  # fmt: skip


def test_a_title_is_text_and_never_markup(page: Page, server: PageServer) -> None:
    title = "<img src=x onerror=alert(1)>"
    server.snapshot["songs"] = [song(1, 0.0, 60.0, 165.3, title=title)]
    server.snapshot["reading"] = reading(30.0, 168.1, track=Track(title=title))
    follow(page, server)
    expect(page.locator("#heard")).to_have_text(f"♪ {title}")
    expect(page.locator("#songs .title")).to_contain_text(title)
    assert page.locator("main img, header img").count() == 0


def test_a_screen_reader_hears_changes_and_not_every_second(page: Page, server: PageServer) -> None:
    follow(page, server)
    page.evaluate(
        """() => {
          window.spoken = [];
          new MutationObserver(() => window.spoken.push(document.getElementById('spoken').textContent))
            .observe(document.getElementById('spoken'), { childList: true, characterData: true, subtree: true });
        }"""
    )
    for t in range(10):
        server.say(reading(30.0 + t, 168.45 + 0.1 * (t % 2)))  # Rounding alone would flicker between 168 and 169.
    server.say(reading(40.0, 184.1))
    server.say(reading(41.0, 184.1))
    expect(page.locator("#figures")).to_have_text("184")
    assert page.evaluate("window.spoken") == [
        "168 steps per minute, match, a step on every beat",
        "184 steps per minute, no match, a step on every beat",
    ]
    assert page.locator("[aria-live], [role=status], [role=alert]").locator("#figures").count() == 0


@pytest.mark.parametrize("viewport", [(320, 568), (390, 844), (844, 390), (568, 320), (1280, 800)])
def test_nothing_scrolls_sideways(browser: Browser, server: PageServer, viewport: tuple[int, int]) -> None:
    title = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    server.snapshot["songs"] = [song(1, 0.0, 4000.0, 40.0, 82.6, 165.3, 247.9, 320.0, title=title)]
    server.snapshot["reading"] = reading(30.0, 168.1, 84.05, track=Track(title=title, artist=title))
    width, height = viewport
    with phone(browser, viewport={"width": width, "height": height}) as page:
        for word, changes in (("MATCH", {}), ("NO STEADY PULSE", {"state": "no_pulse", "paces": []})):
            server.snapshot["reading"] = reading(30.0, 168.1, 84.05, track=Track(title=title, artist=title)) | changes
            follow(page, server)
            expect(page.locator("#word")).to_have_text(word)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("#hero").evaluate("e => e.scrollWidth <= e.clientWidth")
        assert page.locator("#hero").bounding_box()["height"] <= height  # type: ignore[index]


@pytest.mark.parametrize("preference", ["reduce", "no-preference"])
def test_motion_is_reduced_if_the_user_prefers_it(browser: Browser, server: PageServer, preference: Any) -> None:
    with phone(browser, reduced_motion=preference) as page:
        follow(page, server)
        durations = page.evaluate(
            "[...document.querySelectorAll('*')].map(e => getComputedStyle(e).transitionDuration)"
            ".filter(duration => duration !== '0s')"
        )
        assert bool(durations) == (preference == "no-preference")


def test_every_control_is_reached_and_used_with_the_keyboard(page: Page, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 168.1, 84.05)
    follow(page, server)
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.id"))
    for control in (
        "tolerance",
        "one step a minute less",
        "one step a minute more",
        "tap",
        "use 84 as target",
        "microphone",
    ):
        assert control in reached
    expect(page.locator("#less")).to_have_css("min-height", "64px")  # A finger of a runner needs more than 44.
    for _ in range(4):
        page.locator("#tap").press("Space")
    expect(page.locator("#tap-words")).to_contain_text("4 taps")


def test_the_manifest_and_the_icon_are_there(page: Page, server: PageServer) -> None:
    follow(page, server)
    href = page.locator("link[rel=manifest]").get_attribute("href")
    manifest = json.loads(page.request.get(f"{server.url}{href}").body())
    for icon in manifest["icons"]:
        assert page.request.get(f"{server.url}{icon['src']}").headers["content-type"].startswith("image/svg+xml")
    assert manifest["start_url"] == "/"
    assert manifest["display"] == "standalone"
    # A service worker would fail under a certificate that the phone does not trust, at each load.
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(list => list.length)") == 0


def test_everything_comes_from_the_server_itself(page: Page, server: PageServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    follow(page, server)
    assert asked
    assert [url for url in asked if not url.startswith(server.url)] == []
