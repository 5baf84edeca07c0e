"""What the screen says loudest: whether the music fits the target."""

from dataclasses import dataclass

from rich.style import Style

from paces_live.render.writers import STATE_WORDS
from paces_live.tui.view import View

Frame = tuple[str, str, str, str, str, str]
THICK: Frame = ("┏", "━", "┓", "┃", "┗", "┛")
DOTTED: Frame = ("╭", "╌", "╮", "╎", "╰", "╯")
BARE: Frame = (" ", " ", " ", " ", " ", " ")
"""Corners and edges: top left, top, top right, side, bottom left, bottom right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes, nearly, no or not known, as a sign, words and the shape of the frame around them."""

    sign: str
    word: str
    grade: str
    style: Style
    frame: Frame | None
    """None fills the whole shape."""


def judge(view: View) -> Verdict:
    """Return what the screen says loudest."""
    theme = view.theme
    if view.heard.trouble is not None:
        return Verdict("✕", "NO INPUT", "", theme.no, DOTTED)
    if view.paused:
        return Verdict("", "PAUSED", "", theme.dim, BARE)
    if not view.paces or view.reading is None:
        words = STATE_WORDS[view.reading.state] if view.reading else "starting"
        settled = view.reading is not None and view.reading.state == "settled"
        return Verdict("", "NO PACE" if settled else words.upper(), "", theme.dim, BARE)
    if view.target is None:
        return Verdict("", "NO TARGET", "", theme.dim, BARE)
    if view.match is None:
        return Verdict("✕", "NO MATCH", "", theme.no, DOTTED)
    if view.match.grade == "stretch":
        return Verdict("≈", "STRETCH", "a compromise", theme.no, THICK)
    return Verdict("✓", "MATCH", "locked on" if view.match.grade == "lock" else "close", theme.yes, None)


def state_words(view: View) -> str:
    """Return the state in a runner's words."""
    if view.ending:
        return "ending…"
    if view.heard.trouble is not None:
        return "s: next input"
    if view.paused:
        return "paused"
    if view.reading is None:
        return "starting…"
    if view.remembered:
        return "remembered"
    words = STATE_WORDS[view.reading.state]
    return f"{words}… {view.song_time:.0f} s" if view.reading.state == "listening" else words
