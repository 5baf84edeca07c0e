"""The verdict: whether the music matches the target, which the screen says most prominently."""

from dataclasses import dataclass

from rich.style import Style

from paces_live.render.wording import STATE_WORDS, flag_words
from paces_live.tui.view import View

Frame = tuple[str, str, str, str, str, str]
THICK: Frame = ("┏", "━", "┓", "┃", "┗", "┛")
DOTTED: Frame = ("╭", "╌", "╮", "╎", "╰", "╯")
BARE: Frame = (" ", " ", " ", " ", " ", " ")
"""Corners and edges: top left, top, top right, side, bottom left, bottom right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes, nearly, no or unknown: a sign, words, and the shape of the frame around them."""

    sign: str
    word: str
    grade: str
    style: Style
    frame: Frame | None
    """The frame; None fills the whole shape."""


def judge(view: View) -> Verdict:
    """Return the verdict on what is heard now.

    Examples
    --------
    >>> judge(View()).word, judge(View(paused=True)).word
    ('STARTING', 'PAUSED')
    """
    theme = view.theme
    if view.stream.error is not None:
        return Verdict("✕", "NO INPUT", "", theme.no, DOTTED)
    if view.paused:
        return Verdict("", "PAUSED", "", theme.dim, BARE)
    if not view.paces or view.reading is None:
        words = STATE_WORDS[view.reading.state] if view.reading else "starting"
        settled = view.reading is not None and view.reading.state == "settled"
        return Verdict("", "NO PACE" if settled else words.upper(), "", theme.dim, BARE)
    if view.target is None:
        return Verdict("", "NO TARGET", "", theme.dim, BARE)
    sign, word = flag_words(view.match)
    if view.match is None:
        return Verdict(sign, word, "", theme.no, DOTTED)
    if view.match.grade == "stretch":
        return Verdict(sign, word, "a compromise", theme.no, THICK)
    return Verdict(sign, word, view.match.grade, theme.yes, None)


def state_words(view: View) -> str:
    """Return the state in a runner's words.

    Examples
    --------
    >>> state_words(View()), state_words(View(ending=True))
    ('starting…', 'ending…')
    """
    if view.ending:
        return "ending…"
    if view.stream.error is not None:
        return "s: next input"
    if view.paused:
        return "paused"
    if view.reading is None:
        return "starting…"
    if view.recalled:
        return "recalled"
    words = ", ".join(filter(None, [STATE_WORDS[view.reading.state], view.trend]))
    return f"{words}… {view.song_time:.0f} s" if view.reading.state == "listening" else words
