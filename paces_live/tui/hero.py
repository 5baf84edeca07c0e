"""The middle of the screen: the best pace in large figures, the verdict, and how to step."""

from rich.style import Style
from rich.text import Text

from paces_live.events import Pace
from paces_live.render.wording import by_rate, percent, signed, stepping
from paces_live.tui.figures import GLYPHS, large, size
from paces_live.tui.lines import pad
from paces_live.tui.verdict import BARE, Verdict, judge, state_words
from paces_live.tui.view import View

CAPTION = "steps per minute"
LARGEST, PACES = 4, 3
"""Largest scale of the figures, and the number of paces that fit next to them."""


def draw_hero(view: View, width: int, scale: int) -> list[Text]:
    """Draw the large figures, and next to them the verdict and its reasons."""
    verdict = judge(view)
    columns, _ = size(3, scale)
    figures = f"{view.shown:3.0f}" if view.shown else "---"
    left = [Text(line, verdict.style) for line in large(figures, scale)]
    gap = 3 if scale == 1 else 6
    room = width - columns - gap
    if scale == 1:
        right = _narrow(view, verdict, room)
        left.append(Text(_below(view, verdict, width), view.theme.dim))
    else:
        right = [*_banner(view, verdict, room, big=scale > 2), Text(), *_facts(view)]
        left.append(_caption(view, columns))
    if scale == LARGEST:
        paces = _paces(view)
        right += [Text(), *paces, *[Text()] * (PACES - len(paces))]  # A pace more or less moves nothing.
    count = max(len(left), len(right))
    left += [Text()] * (count - len(left))
    right += [Text()] * (count - len(right))
    return [Text.assemble(pad(a, columns + gap), b) for a, b in zip(left, right, strict=True)]


def _banner(view: View, verdict: Verdict, width: int, *, big: bool) -> list[Text]:
    """Draw the verdict in its frame: three lines, or seven with large letters if it is `big`."""
    sign = verdict.sign
    words = [" · ".join(filter(None, [f"{sign}  {verdict.word}".strip(), verdict.grade]))]
    if big:
        fits = size(len(verdict.word), 1)[0] <= width - 4 and set(verdict.word) <= GLYPHS.keys()
        letters = large(verdict.word, 1) if fits else ["", verdict.word, "", ""]
        words = [*letters, f"{sign} {verdict.grade}".strip()]
    if verdict.frame is None:
        return [Text(word.center(width), verdict.style + Style(reverse=True)) for word in ("", *words, "")]
    if verdict.frame == BARE:
        return [Text(word, view.theme.bold) for word in ("", *words, "")]
    a, edge, b, side, c, d = verdict.frame
    lines = [
        a + edge * (width - 2) + b,
        *(side + word.center(width - 2) + side for word in words),
        c + edge * (width - 2) + d,
    ]
    return [Text(line, verdict.style) for line in lines]


def _below(view: View, verdict: Verdict, width: int) -> str:
    """Return the line below small figures; how to step gives way to the cadence."""
    words = " · ".join(filter(None, [view.cadence, _step(view), verdict.grade]))
    return words if len(words) <= width or not view.cadence else " · ".join(filter(None, [view.cadence, verdict.grade]))


def _caption(view: View, width: int) -> Text:
    """Return what is below the large figures: their unit, and the cadence of the runner as far as there is room."""
    unit = CAPTION if not view.cadence else f"{CAPTION}, " if len(CAPTION) + 2 + len(view.cadence) <= width else ""
    words = Text.assemble((unit, view.theme.dim), view.cadence)
    words.align("center", width)
    return words


def _facts(view: View) -> list[Text]:
    rows = [("target", _target(view)), ("off by", _error(view)), ("step", _step(view)), ("state", state_words(view))]
    theme = view.theme
    return [Text.assemble((f"{name:<9}", theme.dim), value or ("–", theme.dim)) for name, value in rows]


def _paces(view: View) -> list[Text]:
    """Draw how to step at the pace in large figures and at the most probable others, slowest first."""

    def line(pace: Pace) -> Text:
        style = judge(view).style if pace.spm == view.shown else view.theme.normal
        return Text.assemble(
            (f"{pace.spm:5.1f}    ", style),
            (f"{100 * pace.probability:3.0f} %  ", style),
            (stepping(pace.spm, view.beat), view.theme.dim),
        )

    first = sorted(view.paces, key=lambda pace: pace.spm != view.shown)[:PACES]
    return [line(pace) for pace in by_rate(first)]


def _narrow(view: View, verdict: Verdict, width: int) -> list[Text]:
    words = f"{verdict.sign} {verdict.word}".strip()
    state = Text(state_words(view), view.theme.dim)
    if verdict.frame is None:
        banner = Text(words.center(width), verdict.style + Style(reverse=True))
    elif verdict.sign:
        banner = Text(f"[{words.center(width - 2)}]", verdict.style)
    else:
        banner = Text(words, view.theme.bold)
    return [banner, Text(_target(view, roomy=False)), Text(_error(view)), state]


def _target(view: View, *, roomy: bool = True) -> str:
    """Return the target, or what the taps amount to while the user taps another."""
    if tapping := view.taps.words(roomy=roomy):
        return tapping
    return "none" if view.target is None else f"{view.target:g} spm ± {100 * view.tolerance:g} %"


def _error(view: View) -> str:
    """Return how far the pace in large figures is from the target."""
    if view.target is None or view.shown is None:
        return ""
    error = view.shown / view.target - 1.0
    return f"{signed(view.shown - view.target)} spm, {percent(error)}".replace("-", "−")


def _step(view: View) -> str:
    return stepping(view.shown, view.beat) if view.shown else ""
