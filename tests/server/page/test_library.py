"""The page of the library, served and as a report: figures, search, order, pages, playlists, and who may see it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from benchmarks.find import fill as fill_at_random
from paces_live.events import SongPace, Track
from paces_live.library.overview import overview
from paces_live.library.query import parse_query
from paces_live.library.search import search
from paces_live.library.store import Library
from paces_live.render.overview import overview_json
from paces_live.server.report import write_report
from tests.server.page.steps import call
from tests.server.page.test_accessibility import RULES, VIEWPORTS
from tests.support.chromium import phone
from tests.support.library import fill
from tests.support.scripted_page_server import PageServer
from tests.support.serving import ServingProcess, serving_process

pytestmark = pytest.mark.slow

EVIL = '<img src="x" onerror="document.title = 1">'
SONGS: tuple[tuple[str, list[SongPace], float | None, Track], ...] = (
    ("/m/Band/1.ogg", [SongPace(164.0, 0.95, 1.0), SongPace(82.0, 0.9, 1.0)], 164.0, Track(title="Río", artist="Band")),
    ("/m/Band/2.ogg", [SongPace(82.6, 0.9, 1.0), SongPace(165.2, 0.85, 1.0)], 82.6, Track(title=EVIL, artist="Band")),
    ("/m/x/3.ogg", [SongPace(158.0, 0.6, 1.0)], 158.0, Track(title="Doubt", artist="Ängst", genre="Rock")),
    ("/m/x/4.ogg", [SongPace(165.0, 0.99, 1.0, 150.0, 181.0)], 165.0, Track(title="Rising", artist="Other")),
    ("/m/x/5 no name.ogg", [], None, Track()),
)


def write(path: Path, *, songs: int = 0) -> Path:
    """Write a library: the songs above, or as many by chance."""
    with Library(path) as library:
        if songs:
            fill_at_random(library, songs)
        else:
            fill(library, *SONGS)
    return path


def report(path: Path) -> Path:
    """Write the report of a library."""
    with Library(path, read_only=True) as library, overview(library) as found:
        write_report(path.with_suffix(".html"), overview_json(found))
    return path.with_suffix(".html")


def titles(page: Page) -> list[str]:
    return page.locator("#songs .title b").all_inner_texts()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("library") / "small.db")


@pytest.fixture(scope="module")
def served(small: Path) -> Iterator[ServingProcess]:
    with serving_process("--input", "none", "--share", "control", "--library", str(small)) as server:
        yield server


@pytest.fixture(params=["report", "server"])
def opened(request: pytest.FixtureRequest, page: Page, small: Path) -> Page:
    """Return the page with the songs above: one file, or from a server with its headers."""
    if request.param == "report":
        page.goto(report(small).as_uri())
    else:
        page.goto(f"{request.getfixturevalue('served').address}/library")
    expect(page.locator("#overview")).to_be_visible()
    return page


def test_the_figures_and_the_songs_are_there(opened: Page) -> None:
    expect(opened.locator("#counts")).to_have_text("5 songs in 5 files")
    row = opened.get_by_role("row", name=re.compile("^165: "))
    expect(row.get_by_role("cell")).to_have_text(["3", "2", "2"])
    # The best fit first: a lock with a step on every beat; what has no pace comes last.
    assert titles(opened) == ["Río", EVIL, "Doubt", "Rising", "5 no name.ogg"]
    expect(opened.locator("#songs tr").first).to_contain_text("164.0 ✓ lock")
    expect(opened.locator("#songs tr").nth(1)).to_contain_text("85 %")
    expect(opened).to_have_title("Your library - paces-live")
    label = opened.locator("#histogram").get_attribute("aria-label")
    assert label == "Histogram of paces, steps per minute. Most paces are near 165: 3."
    opened.get_by_text("The figures").click()
    expect(opened.get_by_role("row", name="165 3 2", exact=True)).to_be_visible()


def test_a_search_needs_all_words_and_ignores_accents(opened: Page) -> None:
    for search_for, found in (
        ("rio", ["Río"]),
        ("BAND -río", [EVIL]),
        ("angst rock", ["Doubt"]),
        ('"no name"', ["5 no name.ogg"]),
        ("-band -other", ["Doubt", "5 no name.ogg"]),
        ("nothing", []),
    ):
        opened.get_by_label("Search").fill(search_for)
        expect(opened.locator("#songs tr")).to_have_count(len(found))
        expect(opened.locator("#songs .title b")).to_have_text(found)
    expect(opened.locator("#shown")).to_have_text("no songs match")


def test_a_target_shows_the_songs_that_are_counted(opened: Page) -> None:
    button = opened.get_by_role("button", name="165: show what fits")
    button.focus()
    opened.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#shown")).to_have_text("3 songs")
    expect(opened.locator("#songs-title")).to_be_focused()
    opened.get_by_role("search").get_by_label("Target").fill("158")
    opened.get_by_label("Show", exact=True).select_option("that fit the target")
    expect(opened.locator("#songs .title b").first).to_have_text("Doubt")
    assert titles(opened) == ["Doubt", "Río", EVIL]
    opened.get_by_role("button", name="1 nobody is sure of").click()
    assert titles(opened) == ["Doubt"]
    opened.get_by_role("button", name="1 without a pace").click()
    assert titles(opened) == ["5 no name.ogg"]


def test_headings_sort_and_say_so(opened: Page) -> None:
    heading = opened.get_by_role("columnheader", name="Title")
    heading.get_by_role("button").click()
    assert titles(opened) == ["5 no name.ogg", EVIL, "Doubt", "Río", "Rising"]
    expect(heading).to_have_attribute("aria-sort", "ascending")
    opened.keyboard.press("Enter")
    assert titles(opened)[0] == "Rising"
    expect(heading).to_have_attribute("aria-sort", "descending")
    opened.get_by_label("Order").select_option("artist")
    assert titles(opened)[:3] == ["Doubt", "Río", EVIL]
    expect(heading).not_to_have_attribute("aria-sort", re.compile("."))


def test_a_playlist_is_downloaded(page: Page, served: ServingProcess) -> None:
    page.add_init_script("URL.revokeObjectURL = url => { window.revoked = url; }")
    page.goto(f"{served.address}/library")
    page.get_by_label("Length").first.fill("3m")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "run.m3u8"
    assert "/m/Band/" in Path(download.value.path()).read_text("utf-8")
    assert page.evaluate("window.revoked") is None, "Safari may not have read it yet"
    expect(page.locator("#playlist-words")).to_contain_text("run.m3u8: 1 song, 3:2")
    page.get_by_label("Only").fill("bpm:3")
    page.get_by_role("button", name="Download").click()
    expect(page.locator("#playlist-error")).to_contain_text("bpm is no field")
    # It plays nothing unless its owner lets it.
    expect(page.get_by_role("button", name="Play")).to_be_hidden()


def test_without_a_library_the_page_says_what_to_do(page: Page, tmp_path: Path) -> None:
    options = ("--input", "none", "--share", "control", "--library", str(tmp_path / "none.db"))
    with serving_process(*options) as server:
        page.goto(f"{server.address}/library")
        expect(page.get_by_role("status").first).to_contain_text("make one: paces-live scan ~/Music")
        with Library(tmp_path / "none.db"):
            page.reload()
            expect(page.locator("#empty")).to_contain_text("There is no song in it yet")
            expect(page.locator("#filled")).to_be_hidden()
    with serving_process("--input", "none", "--library", str(tmp_path / "none.db")) as server:
        page.goto(f"{server.address}/library")
        expect(page.get_by_role("status").first).to_contain_text("start it with --share control")


def test_the_token_is_asked_for(page: Page, server: PageServer, small: Path) -> None:
    with Library(small, read_only=True) as library, overview(library) as found:
        server.library = json.loads("".join(overview_json(found)))
    server.token, server.share = "sesame", "control"
    page.goto(f"{server.url}/library")
    expect(page.get_by_label("Token")).to_be_focused()
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_have_text("that is not the token of this server")
    page.get_by_label("Token").fill("sesame")
    page.keyboard.press("Enter")
    expect(page.locator("#counts")).to_have_text("5 songs in 5 files")
    # The phone page leads here.
    page.goto(server.url)
    page.get_by_role("link", name="Your library").click()
    expect(page.locator("#counts")).to_have_text("5 songs in 5 files")


def test_songs_are_played_where_that_is_allowed(page: Page, server: PageServer, small: Path) -> None:
    with Library(small, read_only=True) as library, overview(library) as found:
        server.library = json.loads("".join(overview_json(found)))
    page.goto(f"{server.url}/library")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.get_by_label("rises or falls to").fill("172")
    page.get_by_role("button", name="Play on the server’s machine").click()
    expect(page.locator("#playlist-words")).to_have_text("Playing 2 songs, 6:40.")
    assert server.queries == ["target=165&duration=45m&ramp=165..172"]
    page.reload()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    for server.playing in (False, True):
        # The songs are over, or somebody else plays some.
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.get_by_role("button", name="Stop")).to_be_visible(visible=server.playing)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#playlist-words")).to_have_text("Stopped.")
    assert not server.playing


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("viewport", [*VIEWPORTS, "desktop"])
def test_axe_finds_nothing(browser: Browser, server: PageServer, small: Path, viewport: str, scheme: Any) -> None:
    with Library(small, read_only=True) as library, overview(library) as found:
        server.library = json.loads("".join(overview_json(found)))
    server.playing = True
    width, height = (VIEWPORTS | {"desktop": (1280, 800)})[viewport]
    with phone(browser, viewport={"width": width, "height": height}, color_scheme=scheme) as page:
        page.goto(f"{server.url}/library")
        page.get_by_text("The figures").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_order_is_that_of_find(modules: Page, tmp_path: Path) -> None:
    with Library(write(tmp_path / "library.db", songs=400)) as library, overview(library) as found:
        given = json.loads("".join(overview_json(found)))
        for target in (150, 165, 180):
            wanted = [str(song.path) for song in search(library, parse_query(f"pace:{target}"))]
            expression = "(s => (s.aim(a[1]), s.chosen({ kind: 'fit' }).map(({ path }) => path)))(new m.Songs(a[0]))"
            assert call(modules, "songs", expression, [given, target]) == wanted
            assert len(wanted) > 20
        for one in given["fits"]:
            expression = "(s => (s.aim(a[1]), a[2].map(kind => s.chosen({ kind }).length)))(new m.Songs(a[0]))"
            counts = call(modules, "songs", expression, [given, one["target"], ["fit", "beat", "lock"]])
            assert counts == [one["songs"], one["on_beat"], one["locks"]]


def test_a_hundred_thousand_songs_can_be_searched(browser: Browser, tmp_path: Path) -> None:
    with Library(write(tmp_path / "library.db", songs=1000)) as library, overview(library) as found:
        given = json.loads("".join(overview_json(found)))
    given["songs"] *= 100
    write_report(tmp_path / "library.html", [json.dumps(given)])
    with phone(browser) as page:
        page.goto((tmp_path / "library.html").as_uri())
        expect(page.locator("#shown")).to_have_text("1 to 50 of 100,000 songs", timeout=20_000)
        assert page.locator("#songs tr").count() == 50
        page.get_by_role("button", name="Next").click()
        expect(page.locator("#shown")).to_have_text("51 to 100 of 100,000 songs")
        # Generous limits: this machine may be busy.
        expect(page.locator("#shown")).to_have_text("51 to 100 of 100,000 songs")
        page.get_by_label("Search").fill("xylophone -love")
        expect(page.locator("#shown")).not_to_contain_text("100,000", timeout=5000)
        page.get_by_role("button", name="170: show what fits").click()
        expect(page.get_by_label("Show", exact=True)).to_have_value("fit", timeout=5000)
        page.get_by_role("columnheader", name="Title").get_by_role("button").click()
        expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending", timeout=5000)
        assert page.locator("#songs tr").count() == 50
