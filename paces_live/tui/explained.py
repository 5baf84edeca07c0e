"""Why a song has these paces, on a terminal of 80 by 24: what repeats, the candidates, and the fold of one of them."""

from itertools import pairwise, zip_longest

import numpy as np
from rich.text import Text

from paces_live.library.explanation import Explanation, Judged
from paces_live.render.theme import Theme
from paces_live.render.wording import clock
from paces_live.tui.lines import columns, pad
from paces_live.tui.scale import Axis, draw_scale
from paces_live.tui.view import View

SHADES = " ░▒▓█"
CELL = 3
"""Columns of a terminal for a step of the fold."""
ROWS = 3
"""Lines of the agreement."""
WIDTHS = (72, 100)
"""Fewest and most columns of the drawing."""
ROOM = 2
"""Columns between the fold and the candidates."""
READ = ("If onsets line up in columns,", "your steps meet the music.", "If they wander, they do not.")
"""How to read the fold, if there is room."""
COMPATIBLE, OTHER = "●", "○"
"""Signs of candidates that are compatible, and of others."""


def explained(why: Explanation, name: str, theme: Theme, width: int) -> list[Text]:
    """Draw an explanation, 23 lines at most.

    Parameters
    ----------
    why : Explanation
    name : str
        Of the song, as people see it.
    theme : Theme
    width : int
        Columns of the terminal.

    Examples
    --------
    >>> from paces_live.analysis.classifier import load_classifier
    >>> from paces_live.demo import excerpt
    >>> from paces_live.library.explanation import explain
    >>> from paces_live.render.theme import PLAIN
    >>> lines = explained(explain(excerpt(), load_classifier(), at=30.0), "demo.ogg", PLAIN, 80)
    >>> print(lines[0].plain)
    demo.ogg, 0:18 to 0:43: what repeats, at steps per minute
    """
    width = max(WIDTHS[0], min(WIDTHS[1], width - 1))
    words, when = "what repeats, at steps per minute", f"{clock(why.start)} to {clock(why.end)}"
    head = Text(name, theme.bold)
    head.truncate(max(1, width - len(words) - len(when) - 4), overflow="ellipsis")
    first = Text.assemble(head, f", {when}: ", (words, theme.dim))
    lines = [first, *_agreement(why, theme, width), *_below(why, theme)]
    for line in lines:
        line.rstrip()
    return lines


def _agreement(why: Explanation, theme: Theme, width: int) -> list[Text]:
    """Draw the agreement on a logarithmic axis, and a sign below each candidate."""
    axis = Axis(width)
    # The strongest point of each cell, so that no peak is lost.
    borders = np.rint(np.linspace(0, len(why.agreement) - 1, width + 1)).astype(int)
    top = max(float(why.agreement.max()), 1e-6)
    lines = columns([float(why.agreement[a : b + 1].max()) / top for a, b in pairwise(borders.tolist())], ROWS)
    signs = [" "] * width
    # The most probable ones last: they stay where two share a cell.
    for one in (*reversed(why.candidates), why.chosen):
        signs[axis.cell(one.spm)] = _sign(one)
    marks = Text("".join(signs))
    for one in why.candidates:
        marks.stylize(theme.yes if one.compatible else theme.no, axis.cell(one.spm), axis.cell(one.spm) + 1)
    scale = draw_scale(View(target=None, theme=theme), width, rows=1)[-1]
    return [*(Text(line, theme.dim) for line in lines), scale, marks]


def _below(why: Explanation, theme: Theme) -> list[Text]:
    """Draw the fold with the candidates on its right."""
    steps = why.fold.shape[1]
    left = [Text(f"the beats at {why.chosen.spm:.1f}, one a line", theme.bold)]
    for row in why.fold.tolist():
        shades = (SHADES[min(len(SHADES) - 1, int(value * len(SHADES)))] * CELL for value in row)
        left.append(Text("".join(shades), theme.yes if why.chosen.compatible else theme.no))
    right = [Text("candidates sure repeats", theme.bold), *(_row(one, why, theme) for one in why.candidates)]
    if len(right) + len(READ) < len(left):
        right += [Text(), *(Text(line, theme.dim) for line in READ)]
    return [
        Text.assemble(pad(one or Text(), CELL * steps + ROOM), other or Text())
        for one, other in zip_longest(left, right)
    ]


def _row(one: Judged, why: Explanation, theme: Theme) -> Text:
    style = theme.yes if one.compatible else theme.no
    figures = f"{100 * one.probability:5.0f} %  {100 * one.agreement:4.0f} %  "
    verdict = "compatible" if one.compatible else "not compatible"
    return Text.assemble(
        (f"{_sign(one)} {one.spm:6.1f}", style), figures, (verdict, style), " ◂" if one == why.chosen else ""
    )


def _sign(one: Judged) -> str:
    return COMPATIBLE if one.compatible else OTHER
