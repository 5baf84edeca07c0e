"""Take the pictures of the phone page in docs/: ``python -m tools.page_screenshots``; needs Debian's chromium.

A real server plays the demo, and Chromium's fake microphone hears its first song, so this takes as long as the demo.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from playwright.sync_api import expect as expected

from paces_live.demo import excerpt, songs
from paces_live.sources.file import read_audio

DOCS = Path(__file__).parents[1] / "docs"
LARGEST = 120_000
"""Size of the largest picture, bytes: a README loads all of them."""
PORTRAIT, LANDSCAPE = {"width": 390, "height": 844}, {"width": 844, "height": 390}
SCALE, SCALE_TALL = 1.5, 1.25
"""Pixels of a picture for one of the page: sharp enough on a phone, and small."""
MARGIN = 12
"""Space below the last card of a picture, pixels of the page."""
CADENCE = 168.0
PATIENCE_MS = 120_000
"""Time that a moment of the demo may take to come, milliseconds."""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
RUNNER = """
spm => {
  clearInterval(window.running);
  const emit = (ms) => {
    const y = 9 + 12 * Math.exp(-8 * ((ms / 60000 * spm) % 1));
    const event = new DeviceMotionEvent('devicemotion', { accelerationIncludingGravity: { x: 0.5, y, z: 1 } });
    Object.defineProperty(event, 'timeStamp', { value: ms });
    window.dispatchEvent(event);
  };
  // The runner has been running for a while; a sensor reports 60 times a second.
  let next = performance.now() - 6500;
  const catchUp = () => { for (; next <= performance.now(); next += 16) emit(next); };
  catchUp();
  window.running = setInterval(catchUp, 50);
}
"""
"""Gives a page the motion events of a runner with a cadence."""


def write_song(path: Path) -> None:
    """Write the first song of the demo as a file for Chromium's fake microphone."""
    pieces = list(read_audio(excerpt(), end=songs()[0].end - 1.0))
    samples = np.concatenate([piece.frames for piece in pieces]).mean(axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(pieces[0].rate)
        file.writeframes((32767 * samples).astype("<i2").tobytes())


@contextmanager
def serving() -> Iterator[str]:
    """Serve the demo while the block runs; return the address of the page."""
    command = [sys.executable, "-m", "paces_live", "serve", "--input", "demo", "--port", "0", "--no-history"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def phone(browser: Browser, url: str, scheme: Any, viewport: Any, scale: float = SCALE) -> Page:
    """Open the page as a phone does."""
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, device_scale_factor=scale, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(url)
    return page


def settled(page: Page) -> Locator:
    """Wait until the verdict rests on a full window."""
    state = page.locator("#state")
    expected(state).to_have_text("settled", timeout=PATIENCE_MS)
    return state


def take(page: Page, name: str, **options: Any) -> None:
    """Write a picture, and fail if it is too large."""
    path = DOCS / f"{name}.png"
    page.wait_for_timeout(500)  # Transitions.
    page.screenshot(path=path, **options)
    size = path.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{path} has {size} bytes: at most {LARGEST} are allowed")


def main() -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as folder, serving() as url, sync_playwright() as playwright:
        song = Path(folder) / "song.wav"
        write_song(song)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*ARGUMENTS, f"--use-file-for-fake-audio-capture={song}"]
        )
        portrait = phone(browser, url, "dark", PORTRAIT)
        landscape = phone(browser, url, "light", LANDSCAPE)
        microphone = phone(browser, url, "light", PORTRAIT, SCALE_TALL)
        microphone.locator("#microphone").click()
        settled(portrait)
        take(portrait, "page-match")

        microphone.locator("#motion").click()
        expected(microphone.locator("#motion")).to_have_text("Stop counting")
        microphone.evaluate(RUNNER, CADENCE)
        expected(microphone.locator("#you")).to_contain_text("in step")
        settled(microphone)
        microphone.evaluate("scrollTo(0, 0)")
        card = microphone.locator("section", has=microphone.locator("#microphone")).bounding_box()
        assert card is not None
        bottom = card["y"] + card["height"] + MARGIN
        take(microphone, "page-microphone", full_page=True, clip={"x": 0, "y": 0, "width": 390, "height": bottom})

        expected(landscape.locator("#songs li")).to_have_count(1, timeout=PATIENCE_MS)
        expected(landscape.locator("#word")).to_have_text(re.compile("MATCH"), timeout=PATIENCE_MS)
        settled(landscape)
        take(landscape, "page-landscape")
        browser.close()


if __name__ == "__main__":
    main()
