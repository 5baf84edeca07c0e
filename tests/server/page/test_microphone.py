"""The phone's own microphone: Chromium's fake one, fed from a file, through the real WebSocket."""

import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Playwright, expect

from paces_live.demo import songs
from tests.server.page.steps import call, wait_for
from tests.support.chromium import launch, phone
from tests.support.scripted_page_server import PageServer, reading
from tests.support.serving import ServingProcess, serving_process
from tools.page_screenshots import write_song

pytestmark = pytest.mark.slow

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SONG = songs()[0]
HEARD_MS = 20_000
"""Time for a verdict, milliseconds: the microphone runs in real time."""


@pytest.fixture(scope="module")
def recorder(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser whose microphone hears the song."""
    path = tmp_path_factory.mktemp("microphone") / "song.wav"
    write_song(path)
    browser = launch(playwright, *FAKE, f"--use-file-for-fake-audio-capture={path}")
    yield browser
    browser.close()


@pytest.fixture
def silent_server() -> Iterator[ServingProcess]:
    """Return a real server without an input of its own."""
    with serving_process("--input", "none") as server:
        yield server


def begin(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Use this phone’s microphone").click()
    expect(page.locator("#microphone-words")).to_contain_text("Listening.")


def test_the_microphone_gets_the_right_pace_from_the_real_server(
    recorder: Browser, silent_server: ServingProcess
) -> None:
    with phone(recorder) as page:
        frames: list[Any] = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
        begin(page, silent_server.address)
        expect(page.locator("#heard")).to_have_text("this phone’s microphone")
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        assert float(page.locator("#figures").inner_text()) == pytest.approx(SONG.tempo, rel=0.015)
        expect(page.locator("#step")).to_have_text("a step on every beat", timeout=HEARD_MS)
        expect(page.locator("#level-words")).to_contain_text("dBFS")
        # 50 ms of mono 16-bit integers a message, and nothing dropped.
        sizes = {len(frame) for frame in frames if isinstance(frame, bytes)}
        assert sizes == {round(0.05 * page.evaluate("new AudioContext().sampleRate")) * 2}
        assert not [frame for frame in frames if "gap" in str(frame)[:20]]
        page.get_by_role("button", name="Stop the microphone").click()
        # The song that was heard is reported before the page goes back to the stream of the machine.
        expect(page.get_by_role("button", name="Use this phone’s microphone")).to_be_visible()
        expect(page.locator("#connection")).to_have_text("no input: use this phone’s microphone")


def test_the_target_of_this_phone_judges_its_own_stream(recorder: Browser, silent_server: ServingProcess) -> None:
    with phone(recorder) as page:
        begin(page, silent_server.address)
        page.locator("#target").fill("84")
        expect(page.locator("#figures")).to_have_text("84", timeout=HEARD_MS)
        expect(page.locator("#word")).to_have_text("MATCH")


def test_a_phone_that_loses_its_network_goes_on_with_its_window(
    recorder: Browser, silent_server: ServingProcess
) -> None:
    with phone(recorder) as page:
        heard: list[str] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda text: heard.append(str(text))))
        begin(page, silent_server.address)
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        page.evaluate("window.dispatchEvent(new Event('offline'))")
        expect(page.locator("#connection")).to_have_text("connected")
        assert wait_for(lambda: len([text for text in heard if '"welcome"' in text]) == 2)
        assert '"resumed":true' in [text for text in heard if '"welcome"' in text][1].replace(" ", "")
        page.wait_for_timeout(1500)
        # All audio arrived: nothing was lost, so the pace is still there.
        expect(page.locator("#word")).to_have_text("MATCH")
        expect(page.locator("#lost")).to_have_text("")


def test_the_microphone_survives_another_server_on_the_same_port(recorder: Browser) -> None:
    first = ServingProcess("--input", "none")
    with phone(recorder) as page:
        begin(page, first.address)
        expect(page.locator("#word")).to_have_text("MATCH", timeout=HEARD_MS)
        first.end(signal.SIGKILL)
        expect(page.locator("#connection")).to_have_text("reconnecting")
        expect(page.locator("#word")).to_have_text("NO CONNECTION", timeout=HEARD_MS)
        second = ServingProcess("--input", "none", port=first.port)
        try:
            # The new server does not know the session: a new stream begins.
            expect(page.locator("#word")).to_have_text("MATCH", timeout=2 * HEARD_MS)
        finally:
            second.end()


def test_the_hello_says_what_comes_and_what_is_wanted(recorder: Browser, server: PageServer) -> None:
    with phone(recorder) as page:
        page.goto(server.url)
        page.locator("#target").fill("172")
        begin(page, server.url)
        rate = page.evaluate("new AudioContext().sampleRate")
        hello = {"type": "audio-start", "rate": rate, "width": 2, "channels": 1, "target": 172}
        assert wait_for(lambda: hello in server.messages)


def samples(received: list[Any]) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(message for message in received if isinstance(message, bytes)), "<i2")


def test_a_lost_connection_resends_what_the_server_lacks(recorder: Browser, server: PageServer) -> None:
    with phone(recorder) as page:
        begin(page, server.url)
        rate = page.evaluate("new AudioContext().sampleRate")
        assert wait_for(lambda: len(samples(server.received)) > rate)
        server.welcome = {"resumed": True, "received": rate // 2 + 7}  # In the middle of a message.
        server.close(1011)

        def again() -> list[Any]:
            hellos = [n for n, message in enumerate(server.received) if isinstance(message, dict)]
            return server.received[hellos[1] :] if len(hellos) > 1 else []

        assert wait_for(lambda: len(samples(again())) > rate)
        assert again()[0] == server.messages[0] | {"session": "secret"}
        before = samples(server.received[: len(server.received) - len(again())])
        lacking = before[rate // 2 + 7 :]
        np.testing.assert_array_equal(samples(again())[: len(lacking)], lacking)
        assert len(server.messages) == 2  # No gap.


def test_a_server_that_is_full_keeps_the_microphone_waiting(recorder: Browser, server: PageServer) -> None:
    with phone(recorder) as page:
        begin(page, server.url)
        assert wait_for(lambda: any(isinstance(message, bytes) for message in server.received))
        server.close(1013, "60")
        expect(page.locator("#connection")).to_have_text("the server is full: trying again in 60 s")
        page.get_by_role("button", name="Stop the microphone").click()
        expect(page.locator("#connection")).to_have_text("connected")


def test_stop_says_so_and_returns_to_the_machine(recorder: Browser, server: PageServer) -> None:
    server.snapshot["reading"] = reading(30.0, 184.1)
    with phone(recorder) as page:
        begin(page, server.url)
        expect(page.locator("#word")).to_have_text("STARTING")
        page.get_by_role("button", name="Stop the microphone").click()
        expect(page.locator("#figures")).to_have_text("184")
        assert {"type": "audio-stop"} in server.messages


def test_processing_for_calls_is_switched_off_and_read_back(recorder: Browser, server: PageServer) -> None:
    with phone(recorder) as page:
        page.add_init_script(
            """
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = (constraints) => {
              window.asked = constraints;
              return ask(constraints);
            };
            const Context = window.AudioContext;
            window.AudioContext = class extends Context {
              constructor(...options) { super(...options); window.options = options; }
            };
            """
        )
        begin(page, server.url)
        assert page.evaluate("window.asked") == {
            "audio": {"echoCancellation": False, "noiseSuppression": False, "autoGainControl": False}
        }
        assert page.evaluate("window.options") == []  # No sample rate, which Safari ignores.
        expect(page.locator("#microphone-warning")).to_have_text("")


def test_a_browser_that_leaves_processing_on_is_named(recorder: Browser, server: PageServer) -> None:
    with phone(recorder) as page:
        page.add_init_script(
            "MediaStreamTrack.prototype.getSettings = () => ({ echoCancellation: 'all', noiseSuppression: true })"
        )
        begin(page, server.url)
        expect(page.locator("#microphone-warning")).to_contain_text("echo cancellation and noise suppression on")


def test_a_refused_microphone_is_explained(browser: Browser, server: PageServer) -> None:
    with phone(browser) as page:
        page.goto(server.url)
        page.get_by_role("button", name="Use this phone’s microphone").click()
        expect(page.locator("#microphone-words")).to_contain_text("microphone")
        expect(page.locator("#microphone-words")).not_to_contain_text("Listening")
        expect(page.locator("#connection")).to_have_text("connected")


def test_the_screen_stays_on_and_is_asked_for_again(recorder: Browser, server: PageServer) -> None:
    with phone(recorder) as page:
        page.add_init_script(
            """
            const request = WakeLock.prototype.request;
            window.locks = [];
            WakeLock.prototype.request = async function (type) {
              const lock = await request.call(this, type);
              window.locks.push(lock);
              return lock;
            };
            """
        )
        begin(page, server.url)
        held = "window.locks.map(lock => !lock.released)"
        assert wait_for(lambda: page.evaluate(held) == [True])
        expect(page.locator("#microphone-words")).to_contain_text("Keep this page in front")
        # A phone takes the lock back when the page is hidden; the page asks for it when it is seen again.
        page.evaluate("window.locks[0].release()")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert wait_for(lambda: page.evaluate(held) == [False, True])
        page.get_by_role("button", name="Stop the microphone").click()
        assert wait_for(lambda: page.evaluate(held) == [False, False])


@pytest.mark.parametrize("port", [None, 8443])
def test_over_http_the_button_is_disabled_and_says_where_https_is(
    playwright: Playwright, server: PageServer, port: int | None
) -> None:
    server.https_port = port
    browser = launch(playwright, "--host-resolver-rules=MAP paces.test 127.0.0.1")
    try:
        with phone(browser) as page:
            page.goto(server.url.replace("127.0.0.1", "paces.test"))
            assert page.evaluate("[isSecureContext, navigator.mediaDevices === undefined]") == [False, True]
            expect(page.locator("#connection")).to_have_text("connected")
            expect(page.locator("#microphone")).to_be_disabled()
            expect(page.locator("#motion")).to_be_disabled()
            expect(page.locator("#insecure")).to_contain_text("only to a page that came over https")
            link = page.get_by_role("link", name="Open this page over https")
            if port is None:
                expect(link).to_be_hidden()
                expect(page.locator("#no-https")).to_be_visible()
            else:
                expect(link).to_have_attribute("href", "https://paces.test:8443/")
                page.locator("summary").click()
                expect(page.get_by_role("link", name="the profile")).to_have_attribute("href", "/ca.mobileconfig")
                expect(page.get_by_role("link", name="the certificate", exact=True)).to_have_attribute(
                    "href", "/ca.crt"
                )
                expect(page.locator("#insecure")).to_contain_text("Certificate Trust Settings")
    finally:
        browser.close()


@pytest.mark.parametrize(
    ("before", "now", "frames"),
    [(None, 5000.0, 0), (1000.0, 1050.0, 0), (1000.0, 1400.0, 0), (1000.0, 3050.0, 96000)],
)
def test_time_that_the_microphone_was_away_counts_as_lost(
    modules: Page, before: float | None, now: float, frames: int
) -> None:
    assert call(modules, "capture", "m.lost(a[0], a[1], 2400, 48000)", [before, now]) == frames
