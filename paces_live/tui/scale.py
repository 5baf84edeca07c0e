"""All compatible paces on one logarithmic scale of 40 to 320 steps per minute, with the band of the target.

Each pace is a column whose height is its probability. Twice a pace is the same distance to the right everywhere. Below
the scale, on the same axis, is the periodicity: how strongly the sound repeats at each rate.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rich.style import Style
from rich.text import Text

from paces_live.events import Pace
from paces_live.match import SPM_MAX, SPM_MIN
from paces_live.tui.lines import EIGHTHS, columns
from paces_live.tui.verdict import judge
from paces_live.tui.view import View

TICKS = (40, 320, 80, 160, 120, 240, 60, 100, 200, 50, 140, 280)
"""Rates on the axis, in the order in which they get a place."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis over `width` cells.

    Examples
    --------
    An octave is a third of the axis everywhere:

    >>> axis = Axis(60)
    >>> axis.cell(40.0), axis.cell(80.0), axis.cell(160.0)
    (0, 20, 40)
    """

    width: int

    def cell(self, spm: float) -> int:
        """Return the cell of a rate; a rate beyond an end is in the last cell there."""
        position = self.width * math.log(spm / SPM_MIN) / math.log(SPM_MAX / SPM_MIN)
        return min(self.width - 1, max(0, math.floor(position)))

    def spm(self, cell: int) -> float:
        """Return the rate in the middle of a cell; beyond an end, the rate at the end."""
        ratio: float = (SPM_MAX / SPM_MIN) ** ((cell + 0.5) / self.width)
        return min(SPM_MAX, max(SPM_MIN, SPM_MIN * ratio))


def draw_scale(view: View, width: int, rows: int) -> list[Text]:
    """Draw labels, columns of `rows` lines, and the axis: `rows` + 2 lines.

    Examples
    --------
    >>> print(draw_scale(View(target=165.0), 72, rows=1)[-1].plain)
    40─────50─────60────────80────100────120──140──[165]──200────240─────320
    """
    axis = Axis(width)
    return [_labels(view, axis), *_stems(view, axis, rows), _axis(view, axis)]


def draw_periodicity(view: View, width: int, rows: int) -> list[Text]:
    """Draw the periodicity, `rows` lines high."""
    strengths = view.reading.periodicity if view.reading else ()
    if not strengths:
        return [Text("no periodicity yet", view.theme.dim)] + [Text()] * (rows - 1)
    axis = Axis(width)
    # The strongest point of each cell, so that no peak is lost. The root makes weak ones visible.
    borders = [round(cell * (len(strengths) - 1) / width) for cell in range(width + 1)]
    heights = [math.sqrt(max(strengths[a : b + 1])) for a, b in pairwise(borders)]
    lines = [Text(line, view.theme.dim) for line in columns(heights, rows)]
    for pace in view.paces:
        cell = axis.cell(pace.spm)
        for line in lines:
            line.stylize(_style(view, pace), cell, cell + 1)
    return lines


def _style(view: View, pace: Pace) -> Style:
    """Return the style of a pace; the one in large figures has that of the verdict."""
    return judge(view).style if pace.spm == view.shown else view.theme.normal


def _by_rank(view: View) -> list[Pace]:
    """Return the paces with the one in large figures first, then most probable first."""
    return sorted(view.paces, key=lambda pace: pace.spm != view.shown)


def _labels(view: View, axis: Axis) -> Text:
    """Write rate and probability above each pace that has room for them."""
    placed: list[tuple[int, str, Style]] = []
    for pace in _by_rank(view):
        sign = f"{judge(view).sign} " if pace.spm == view.shown and view.match else ""
        rate = f"{sign}{pace.spm:.1f}"
        for label in (f"{rate} {100 * pace.probability:.0f} %", rate):
            start = _start(label, axis.cell(pace.spm), axis.width)
            if _free(start, label, placed, gap=2):
                placed.append((start, label, _style(view, pace)))
                break
    if not placed:
        return Text("no pace" if view.reading else "", view.theme.dim)
    return _line(placed, axis.width, " ", view.theme.normal)


def _stems(view: View, axis: Axis, rows: int) -> list[Text]:
    band = _band(view, axis)
    full = "▒" if view.recalled else "█"
    lines = [["░" if cell in band else " " for cell in range(axis.width)] for _ in range(rows)]
    styles = [[view.theme.band] * axis.width for _ in range(rows)]
    if view.periodicity and view.reading:
        for rejected in view.reading.rejected:
            lines[-1][axis.cell(rejected.spm)] = EIGHTHS[1]
            styles[-1][axis.cell(rejected.spm)] = view.theme.dim
    for pace in _by_rank(view)[::-1]:
        cell = axis.cell(pace.spm)
        eighths = max(1, round(pace.probability * 8 * rows))
        if view.recalled:
            eighths = 8 * math.ceil(eighths / 8)
        for row in range(rows):
            height = min(8, eighths - 8 * (rows - 1 - row))
            if height > 0:
                lines[row][cell] = full if height == 8 else EIGHTHS[height]
                styles[row][cell] = _style(view, pace)
    return [_runs(line, row) for line, row in zip(lines, styles, strict=True)]


def _axis(view: View, axis: Axis) -> Text:
    """Draw the axis with its rates, the target in brackets."""
    placed: list[tuple[int, str, Style]] = []
    if view.target is not None:
        label = f"[{view.target:g}]"
        placed.append((_start(label, axis.cell(view.target), axis.width), label, view.theme.bold))
    for tick in TICKS:
        start = _start(f"{tick}", axis.cell(tick), axis.width)
        if _free(start, f"{tick}", placed, gap=2):
            placed.append((start, f"{tick}", view.theme.dim))
    line = _line(placed, axis.width, "─", view.theme.dim)
    band = _band(view, axis)
    if band:
        middle = line.plain[band.start : band.stop].replace("─", "━")
        line = line[: band.start] + Text(middle, view.theme.bold) + line[band.stop :]
    return line


def _band(view: View, axis: Axis) -> range:
    """Return the cells of the rates that match."""
    if view.target is None:
        return range(0)
    low, high = view.target * (1.0 - view.tolerance), view.target * (1.0 + view.tolerance)
    return range(axis.cell(low), axis.cell(high) + 1)


def _start(label: str, cell: int, width: int) -> int:
    """Return where `label` begins if `cell` is its middle."""
    return max(0, min(width - len(label), cell - (len(label) - 1) // 2))


def _free(start: int, label: str, placed: Iterable[tuple[int, str, Style]], *, gap: int) -> bool:
    stop = start + len(label)
    return all(stop + gap <= other or other + len(text) + gap <= start for other, text, _ in placed)


def _line(placed: Iterable[tuple[int, str, Style]], width: int, fill: str, style: Style) -> Text:
    line = Text()
    for start, label, own in sorted(placed, key=lambda item: item[0]):
        line.append(fill * (start - len(line)), style).append(label, own)
    return line.append(fill * (width - len(line)), style)


def _runs(characters: list[str], styles: list[Style]) -> Text:
    """Join cells to a line, one piece for neighbours of the same style."""
    line = Text()
    start = 0
    for cell in range(1, len(characters) + 1):
        if cell == len(characters) or styles[cell] != styles[start]:
            line.append("".join(characters[start:cell]), styles[start])
            start = cell
    return line
