"""The pictures of the terminal UI show words at their cells, in any monospaced font."""

import re

from paces_live.analysis.classifier import load_classifier
from paces_live.render.theme import DARK
from tools.screenshot import picture


async def test_a_picture_shows_the_match_of_the_second_song() -> None:
    svg = await picture(load_classifier(), (80, 24), DARK, ())
    words = re.sub(r"<[^>]*>", " ", svg).split()
    assert {"MATCH", "168.1", "84.0"} <= set(words)
    assert "@font-face" not in svg
