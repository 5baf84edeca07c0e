"""Draw the pictures of the terminal UI in docs/, near the end of the demo excerpt: ``python -m tools.screenshot``.

Textual's own SVG needs a font that a README does not load. Here each word is placed at its cell, and block characters
are rectangles, so any viewer with any monospaced font shows the same picture.
"""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from paces_live.analysis.classifier import load_classifier
from paces_live.demo import excerpt, songs
from paces_live.events import End, Event, Reading
from paces_live.render.theme import DARK, LIGHT, Theme
from paces_live.session.engine import Engine, EngineConfig
from paces_live.sources import FileSource
from paces_live.sources.block import Source
from paces_live.tui.app import PacesApp
from paces_live.tui.lines import EIGHTHS
from paces_live.tui.listener import Listener

DOCS = Path(__file__).parents[1] / "docs"
BEFORE_END_S = 4.0
"""Time of the picture before the end of the last song, seconds."""
PICTURES: tuple[tuple[str, tuple[int, int], Theme, tuple[str, ...]], ...] = (
    ("screenshot", (80, 24), DARK, ()),
    ("screenshot-light", (80, 24), LIGHT, ("e",)),
    ("screenshot-small", (40, 12), DARK, ()),
)
"""Name, size of the terminal in cells, colors, and the keys to press before the picture is taken."""

CELL, LINE, BASELINE = 12.2, 24.4, 18.5
"""Width and height of a cell, and the height of its baseline, in Textual's SVG."""
HALVES = {"▀": (0.0, 0.5), "▄": (0.5, 0.5)}
BLOCKS = {EIGHTHS[n]: (1.0 - n / 8, n / 8) for n in range(1, 9)} | HALVES
"""Upper edge and height of each block character, in lines."""
SHADES = {"░": 0.3, "▒": 0.6}
"""Opacity of each shade character."""


@dataclass
class Replay:
    """An engine that repeats recorded events, and then waits instead of ending."""

    heard: Sequence[Event]
    target: float | None = 165.0
    tolerance: float = 0.05
    paused: bool = False
    sample_rate: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def events(self, _source: Source) -> Iterator[Event]:
        """Yield the recorded events."""
        yield from self.heard
        self._stopped.wait()

    def stop(self) -> None:
        """Stop waiting."""
        self._stopped.set()


async def picture(
    heard: Sequence[Event], source: Source, size: tuple[int, int], theme: Theme, keys: Sequence[str]
) -> str:
    """Return the screen as SVG, after the events `heard` and the `keys`."""
    engine = Replay(heard)
    listener = Listener(engine, source)
    app = PacesApp(engine, listener, theme=theme)
    async with app.run_test(size=size) as pilot:
        while listener.heard.reading is not heard[-1]:
            await pilot.pause(0.1)
        await pilot.press(*keys)
        await pilot.pause(0.6)
        svg = app.export_screenshot(title="paces-live demo")
        engine.stop()
    return cells(svg)


def cells(svg: str) -> str:
    """Return Textual's `svg` with each word at its cell, and each block character as a rectangle."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")
    pattern = r'<text class="(\S+)" x="([\d.]+)" y="([\d.]+)" textLength[^>]*>(.*?)</text>'
    return re.sub(pattern, _placed, svg, flags=re.DOTALL)


def _placed(text: re.Match[str]) -> str:
    style, x, y = text[1], float(text[2]), float(text[3])
    top = y - BASELINE
    characters = re.findall(r"&[#\w]+;|.", text[4].replace("&#160;", " "), re.DOTALL)
    parts: list[str] = []
    begin = 0
    while begin < len(characters):
        character, end = characters[begin], begin + 1
        if character in BLOCKS or character in SHADES:
            while end < len(characters) and characters[end] == character:
                end += 1
            upper, height = BLOCKS.get(character, (0.0, 1.0))
            opacity = f' fill-opacity="{SHADES[character]}"' if character in SHADES else ""
            parts.append(
                f'<rect class="{style}" x="{x + CELL * begin:.1f}" y="{top + LINE * upper:.1f}" '
                f'width="{CELL * (end - begin):.1f}" height="{LINE * height:.1f}" '
                f'shape-rendering="crispEdges"{opacity}/>'
            )
        elif not character.isspace():
            while end < len(characters) and not (characters[end].isspace() or characters[end] in BLOCKS | SHADES):
                end += 1
            word = "".join(characters[begin:end])
            length = f'textLength="{CELL * (end - begin):.1f}" lengthAdjust="spacingAndGlyphs"'
            parts.append(f'<text class="{style}" x="{x + CELL * begin:.1f}" y="{y:g}" {length}>{word}</text>')
        begin = end
    return "".join(parts)


def early(event: Event) -> bool:
    """Return whether `event` comes before the time of the picture."""
    last = songs()[-1].end - BEFORE_END_S
    return not isinstance(event, End) and not (isinstance(event, Reading) and event.t > last)


if __name__ == "__main__":
    classifier = load_classifier()
    source = FileSource(excerpt(), classifier.features.sample_rate, fast=True)
    heard = tuple(takewhile(early, Engine(classifier, EngineConfig(strip=True)).events(source)))
    for name, size, theme, keys in PICTURES:
        svg = asyncio.run(picture(heard, source, size, theme, keys))
        (DOCS / f"{name}.svg").write_text(svg, "utf-8")
