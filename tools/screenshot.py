"""Draw the pictures of the terminal UI in docs/, near the end of the demo excerpt: ``python -m tools.screenshot``.

Textual's own SVG needs a font that a README does not load. Here each word is placed at its cell, and block characters
are rectangles, so any viewer with any monospaced font shows the same picture.
"""

import asyncio
import re
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from paces_live.analysis.classifier import Classifier, load_classifier
from paces_live.demo import songs
from paces_live.inputs import demo_input
from paces_live.match import Listener
from paces_live.render.theme import DARK, LIGHT, Theme
from paces_live.session import Listening, SessionConfig
from paces_live.sources.block import Block
from paces_live.tui.app import PacesApp
from paces_live.tui.event_thread import EventThread
from paces_live.tui.lines import EIGHTHS

DOCS = Path(__file__).parents[1] / "docs"
MOMENT = int(songs()[-1].end) - 4
"""Time of the picture in the excerpt, seconds."""
TARGET = 180.0
"""One song matches it, the other is a stretch; steps per minute."""
PICTURES: tuple[tuple[str, tuple[int, int], Theme, tuple[str, ...]], ...] = (
    ("screenshot", (80, 24), DARK, ()),
    ("screenshot-light", (80, 24), LIGHT, ("e",)),
    ("screenshot-small", (40, 12), DARK, ()),
)
"""Name, size of the terminal in cells, colours, and the keys to press before the picture is taken."""

CELL, LINE, BASELINE = 12.2, 24.4, 18.5
"""Width and height of a cell, and the height of its baseline, in Textual's SVG."""
HALVES = {"▀": (0.0, 0.5), "▄": (0.5, 0.5)}
BLOCKS = {EIGHTHS[n]: (1.0 - n / 8, n / 8) for n in range(1, 9)} | HALVES
"""Upper edge and height of each block character, in lines."""
SHADES = {"░": 0.3, "▒": 0.6}
"""Opacity of each shade character."""


class Halted:
    """The excerpt until shortly after the moment of the picture; then nothing comes, and it does not end."""

    live = False

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._demo = demo_input(sample_rate, fast=True).source
        self.name = self._demo.name

    def blocks(self) -> Generator[Block, None, None]:
        """Yield the excerpt, then empty blocks."""
        left = round((MOMENT + 0.5) * self._sample_rate)
        for block in self._demo.blocks():
            yield replace(block, samples=block.samples[:left])
            left -= len(block.samples)
            if left <= 0:
                break
        while True:
            time.sleep(0.1)
            yield Block(np.empty(0, np.float32))


async def picture(classifier: Classifier, size: tuple[int, int], theme: Theme, keys: Sequence[str]) -> str:
    """Return the screen at the moment of the picture as SVG, after the `keys`."""
    listening = Listening(classifier, SessionConfig(with_periodicity=True), Listener(TARGET))
    thread = EventThread(listening.stream(Halted(classifier.features.sample_rate)))
    app = PacesApp(listening.listener, thread, theme=theme)
    async with app.run_test(size=size) as pilot:
        while (reading := thread.state.reading) is None or reading.t < MOMENT:
            await pilot.pause(0.1)
        await pilot.press(*keys)
        await pilot.pause(0.6)
        svg = app.export_screenshot(title="paces-live demo")
        thread.stop()
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


if __name__ == "__main__":
    classifier = load_classifier()
    for name, size, theme, keys in PICTURES:
        (DOCS / f"{name}.svg").write_text(asyncio.run(picture(classifier, size, theme, keys)), "utf-8")
