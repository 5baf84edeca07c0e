"""The screen as a pure function: a view goes in, lines of styled text come out.

From top to bottom: the input, the best pace and the verdict, all paces on a scale, the periodicity, the songs, the
state of the capture.
"""

from dataclasses import dataclass
from textwrap import wrap

from rich.text import Text

from paces_live.render.theme import Theme
from paces_live.render.wording import clock
from paces_live.session.health import LEVEL_WORDS
from paces_live.tui.help import draw_help, help_pages
from paces_live.tui.hero import draw_hero
from paces_live.tui.lines import bar, spread
from paces_live.tui.scale import Axis, draw_periodicity, draw_scale
from paces_live.tui.songs import draw_songs
from paces_live.tui.view import View

ROOMY, MAX_WIDTH = 70, 160
"""Least width of a line with room for words, and largest width, beyond which figures and words drift apart; cells."""
METER_DBFS = (-60.0, 0.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How large parts of the screen are: dots of the figures, lines of the columns and of the periodicity."""

    figures: int
    columns: int
    periodicity: int


SIZES = (
    (140, 44, Size(figures=4, columns=7, periodicity=5)),
    (98, 34, Size(figures=3, columns=5, periodicity=4)),
    (ROOMY, 20, Size(figures=2, columns=3, periodicity=2)),
    (ROOMY, 17, Size(figures=2, columns=1, periodicity=1)),
    (0, 0, Size(figures=1, columns=1, periodicity=1)),
)
"""Least width and height of each size, cells; the first that fits is used."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawn screen, and where on it a click means a rate.

    Attributes
    ----------
    lines : tuple of Text
        As many as the screen is high, none wider than it.
    axis : Axis
        The axis of the scale.
    left : int
        First column of the axis.
    scale : range
        Lines of the scale and the periodicity.
    """

    lines: tuple[Text, ...]
    axis: Axis
    left: int
    scale: range

    def spm(self, column: int, line: int) -> float | None:
        """Return the rate at a place on the screen; None if it is not on the scale."""
        inside = line in self.scale and 0 <= column - self.left < self.axis.width
        return self.axis.spm(column - self.left) if inside else None


def draw(view: View, width: int, height: int) -> Picture:
    """Draw the whole screen: `height` lines of at most `width` cells.

    Examples
    --------
    >>> picture = draw(View(), width=80, height=24)
    >>> len(picture.lines)
    24
    """
    inner, size = _fitting(width, height)
    roomy = size.figures > 1
    gap = [Text()] * roomy
    lines = [_header(view, inner, roomy=roomy), *[_caption(view)] * roomy]
    footing = _footing(view, inner) if roomy or not view.help else []
    rest = height - len(footing)
    scale = range(0)
    if view.help:
        lines = [*lines * roomy, *draw_help(view, inner, rest - 2 * roomy)]
    else:
        lines += [*draw_hero(view, inner, size.figures), *gap]
        top = len(lines)
        lines += draw_scale(view, inner, size.columns)
        if view.periodicity:
            lines += draw_periodicity(view, inner, size.periodicity)
        scale = range(top, max(top, min(len(lines), rest)))
        lines += gap
        lines += draw_songs(view, inner, rest - len(lines), roomy=roomy)
    lines += [Text()] * (rest - len(lines))
    lines = [*lines[: max(0, rest)], *footing][-height:]
    left = (width - inner) // 2
    for line in lines:
        line.truncate(inner, overflow="ellipsis")
    return Picture(tuple(Text(" " * left) + line for line in lines), Axis(inner), left, scale)


def next_page(view: View, width: int, height: int) -> int:
    """Return the page of the help that follows the one that is shown; 0 after the last.

    Examples
    --------
    >>> next_page(View(), 80, 23), next_page(View(help=2), 80, 23)
    (1, 0)
    """
    inner, size = _fitting(width, height)
    roomy = size.figures > 1
    room = height - len(_footing(view, inner)) * roomy - 2 * roomy
    return view.help + 1 if view.help < len(help_pages(inner, room, elsewhere=view.elsewhere)) else 0


def _fitting(width: int, height: int) -> tuple[int, Size]:
    """Return the width inside the margins, and the size of the parts."""
    inner = max(1, min(width - 2, MAX_WIDTH))
    return inner, next(size for least, lowest, size in SIZES if inner >= least and height >= lowest)


def render(view: View, width: int, height: int) -> Text:
    """Return the whole screen as one text; see `draw`."""
    return Text("\n").join(draw(view, width, height).lines)


def _header(view: View, width: int, *, roomy: bool) -> Text:
    theme = view.theme
    if roomy:
        left = Text.assemble(("paces-live  ", theme.bold), (view.stream.input, theme.dim))
    else:
        left = Text(f"♪ {view.caption}" if view.caption else view.stream.input, theme.bold)
    return spread(left, Text(f"song {view.song}  {clock(view.song_time)}", theme.dim), width)


def _caption(view: View) -> Text:
    if view.caption is None:
        return Text()
    return Text.assemble((f"♪ {view.caption}", view.theme.bold), ("  recalled" * view.recalled, view.theme.dim))


def _footing(view: View, width: int) -> list[Text]:
    """Return the state of the capture: level, what is wrong, lost audio, interval of the readings, load."""
    theme = view.theme
    if view.stream.error is not None:
        return _warning(view.stream.error, width, theme)
    if view.reading is None:
        return [Text()]
    health = view.reading.health
    roomy = width >= ROOMY
    note = LEVEL_WORDS.get(health.status, "")
    lost = Text(f"lost {health.dropped_s:.1f} s" if health.dropped_s > 0.0 else "", theme.no)
    # A pause is not a problem, and the verdict shows it in large letters. Lost audio has a place of its own.
    # When it goes on, the newest reading still says "paused", for up to a second.
    if health.status not in ("ok", "lost_audio", "paused", *LEVEL_WORDS) and not view.paused:
        *above, last = _warning(health.message or "", width - lost.cell_len * roomy, theme)
        return [*above, spread(last, lost, width) if roomy else last]
    right = [lost] if lost else []
    if roomy:
        right.append(Text(f"every {health.interval:.2g} s", theme.dim))
    if roomy or not (lost or note):
        right.append(Text(f"load {100.0 * health.load:.2g} %", theme.dim))
    low, high = METER_DBFS
    fraction = min(1.0, max(0.0, (health.level_dbfs - low) / (high - low)))
    left = Text("level  " if roomy else "", theme.dim)
    left += bar(fraction, width // (5 if roomy else 6), theme.no if note else theme.normal, theme.dim)
    left.append(f" {max(health.level_dbfs, -99.0):4.0f} dBFS".replace("-", "−"), theme.dim)
    left.append(f"  {note}", theme.no)
    return [spread(left, Text("  ").join(right), width)]


def _warning(words: str, width: int, theme: Theme) -> list[Text]:
    """Return what is wrong with the input, on two lines at most."""
    lines = wrap(f"! {words}", max(3, width), max_lines=2, placeholder="…", subsequent_indent="  ")
    return [Text(line, theme.no) for line in lines]
