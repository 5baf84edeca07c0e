"""Writes docs/screenshot.svg: the terminal UI, with what the engine really says near the end of the demo excerpt."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from paces_live.classifier import load_classifier
from paces_live.demo import excerpt, songs
from paces_live.engine import Engine, EngineConfig
from paces_live.events import End, Event, Reading
from paces_live.sources import FileSource
from paces_live.sources.block import Source
from paces_live.ui.tui import Listener, PacesApp

SIZE = (80, 24)
BEFORE_END_S = 4.0


class Replay:
    """An engine that says again what was heard, and then waits instead of ending."""

    target: float | None = 165.0

    def __init__(self, heard: Sequence[Event]) -> None:
        self._heard = heard
        self._stopped = threading.Event()

    def events(self, _source: Source) -> Iterator[Event]:
        """Yield what was heard."""
        yield from self._heard
        self._stopped.wait()

    def stop(self) -> None:
        """End the waiting."""
        self._stopped.set()


async def draw(heard: Sequence[Event], source: Source) -> str:
    """Return the screen after `heard` as SVG."""
    engine = Replay(heard)
    listener = Listener(engine, source)
    app = PacesApp(engine, listener, tolerance=0.05)
    async with app.run_test(size=SIZE) as pilot:
        while listener.heard.reading is not heard[-1]:
            await pilot.pause(0.1)
        await pilot.pause(0.6)
        svg = app.export_screenshot(title="paces-live demo")
        engine.stop()
    return svg


def early(event: Event) -> bool:
    """Tell whether `event` comes before the last seconds of the excerpt."""
    last = songs()[-1].end - BEFORE_END_S
    return not isinstance(event, End) and not (isinstance(event, Reading) and event.t > last)


if __name__ == "__main__":
    classifier = load_classifier()
    source = FileSource(excerpt(), classifier.features.sample_rate, fast=True)
    heard = tuple(takewhile(early, Engine(classifier, EngineConfig()).events(source)))
    (Path(__file__).parent / "screenshot.svg").write_text(asyncio.run(draw(heard, source)), "utf-8")
