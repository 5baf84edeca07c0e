"""The help: what the keys do, and what the words and shapes mean."""

from rich.text import Text

from paces_live.tui.keys import KEYS
from paces_live.tui.lines import pad
from paces_live.tui.view import View

KEY_CELLS, WORDS_CELLS = 7, 34
MEANINGS = (
    ("✓ MATCH", "within your tolerance"),
    ("  lock", "within 2.5 %, effortless"),
    ("  match", "takes some attention"),
    ("≈ STRETCH", "within 8 %, a compromise"),
    ("✕ NO MATCH", "no pace near the target"),
    ("", ""),
    ("█", "a pace, by probability"),
    ("▒", "recalled from history"),
    ("░", "the target's tolerance"),
    ("▂▅▃", "the periodicity"),
    ("▁", "tried and rejected"),
)
MOUSE = (("click", "or drag on the scale: target"), ("wheel", "target ±1"))


def draw_help(view: View, width: int, height: int) -> list[Text]:
    """Draw the keys and, if there is room, what the screen means next to them."""
    theme = view.theme
    keys = [(keys.shown, keys.words) for keys in KEYS] + list(MOUSE)
    lines = [Text.assemble((f"{key:<{KEY_CELLS}}", theme.bold), words) for key, words in keys]
    if width >= KEY_CELLS + 2 * WORDS_CELLS:
        meanings = [Text.assemble((f"{shape:<13}", theme.bold), words) for shape, words in MEANINGS]
        meanings += [Text()] * (len(lines) - len(meanings))
        lines = [pad(a, KEY_CELLS + WORDS_CELLS) + b for a, b in zip(lines, meanings, strict=True)]
    if len(lines) + 2 <= height:
        lines = [Text("? closes this help", theme.dim), Text(), *lines]
    return lines
