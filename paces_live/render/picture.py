"""Why a song has these paces, as a picture: what repeats, the verdicts on one scale, and the fold of one candidate."""

import importlib.util
import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paces_live.errors import UsageError, pip_install
from paces_live.library.explanation import Explanation, Judged
from paces_live.match import SPM_MAX, SPM_MIN
from paces_live.render.theme import DARK, LIGHT, Theme
from paces_live.render.wording import clock
from paces_live.storage import drafted
from paces_live.text import shown_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg")
TICKS = (40, 50, 60, 80, 100, 120, 160, 200, 240, 320)
"""Rates on the axis, steps per minute."""
BEAT = ("beat", "¼", "½", "¾", "beat")
"""What the columns of a fold are called; the beat is where onsets are strongest."""
READ = """Each row is a beat, and each cell
is a part of it. A strong cell
is an onset.

If onsets line up in columns,
your steps meet the music.
If they wander, or alternate,
they do not."""
SIZE = (9.0, 8.2)
"""Width and height, inches."""
PAD = 0.09
"""Empty space around and between the parts, inches."""
DPI = 150
LONGEST = 60
"""Most letters of a name."""
NEAREST = 0.09
"""Smallest relative distance between candidates that both have a label."""


def check_picture(picture: Path) -> None:
    """Raise an error if a picture cannot be drawn.

    Raises
    ------
    UsageError
        The name is not that of a picture, there is such a file, or the package that draws is missing.
    """
    if picture.suffix.lower() not in SUFFIXES:
        message = f"{shown_path(picture)}: is no name of a picture"
        raise UsageError(message, hint=f"choose one that ends with {' or '.join(SUFFIXES)}", code="usage.picture")
    if picture.exists() or picture.is_symlink():
        message = f"{shown_path(picture)}: is there already"
        raise UsageError(message, hint="choose another name, or delete it", code="usage.picture")
    if importlib.util.find_spec("matplotlib") is None:
        hint = f"run {pip_install('matplotlib')}"
        raise UsageError("a picture needs the package matplotlib", hint=hint, code="usage.picture")


def draw(why: Explanation, name: str, picture: Path, theme: Theme = DARK) -> None:
    """Draw an explanation as a PNG or SVG picture.

    Parameters
    ----------
    why : Explanation
    name : str
        Of the song, as people see it.
    picture : Path
        Its suffix is the format; it is there as a whole, or as it was before.
    theme : Theme
        The plain theme has no colours: the light one is taken instead.

    Raises
    ------
    UsageError
        See `check_picture`; or it cannot be written.
    """
    check_picture(picture)
    # Deferred: half a second. Not pyplot, which looks for a screen and keeps figures.
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    theme = theme if theme.background.startswith("#") else LIGHT
    style: Any = {
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), theme.faint),
        "font.size": 10.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        # A dollar in a name begins no formula.
        "text.parse_math": False,
        # The same explanation gives the same file.
        "svg.hashsalt": "paces-live",
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # The font has no Chinese, for instance: a box stands for each letter.
        warnings.filterwarnings("ignore", "Glyph")
        figure = Figure(figsize=SIZE, facecolor=theme.background, layout=ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD))
        grid = figure.add_gridspec(3, 2, height_ratios=(1.0, 1.0, 1.9), width_ratios=(2.2, 1.0))
        repeats, verdicts = figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, :])
        fold, words = figure.add_subplot(grid[2, 0]), figure.add_subplot(grid[2, 1])
        for axes in (repeats, verdicts, fold, words):
            axes.set_facecolor(theme.background)
        _draw_repeats(repeats, why, theme)
        _draw_verdicts(verdicts, why, theme)
        _draw_fold(fold, why, theme)
        _write_words(words, why, theme)
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
        title = f"{shown}, {clock(why.start)} to {clock(why.end)}"
        figure.suptitle(title, color=theme.text, fontsize=13, fontweight="bold", x=0.014, ha="left")
        metadata = {"Date": None} if picture.suffix.lower() == ".svg" else {}
        with drafted(picture) as draft:
            figure.savefig(draft, dpi=DPI, metadata=metadata)


def _draw_repeats(axes: "Axes", why: Explanation, theme: Theme) -> None:
    """Draw the periodicity and the agreement."""
    _scale(axes, theme)
    axes.fill_between(
        why.rates, why.periodicity, color=theme.faint, alpha=0.25, lw=0, label="after one beat: periodicity"
    )
    label = "after 1, 2, 4 and 8 beats: agreement"
    axes.plot(why.rates, why.agreement, color=theme.text, lw=1.2, label=label)
    axes.set_ylim(0.0, 1.2 * max(0.1, float(why.agreement.max()), float(why.periodicity.max())))
    for one in why.candidates:
        axes.plot(one.spm, one.agreement, **_mark(one, theme))
    axes.set_ylabel("repeats")
    axes.legend(loc="upper right", frameon=False, labelcolor=theme.faint, fontsize=9, ncols=2, borderaxespad=0.0)


def _draw_verdicts(axes: "Axes", why: Explanation, theme: Theme) -> None:
    """Draw how probable it is that each candidate is compatible."""
    _scale(axes, theme)
    axes.set_ylim(-0.06, 1.28)
    axes.set_yticks([0.0, 0.5, 1.0], ["0 %", "50 %", "100 %"])
    axes.axhline(why.threshold, color=theme.faint, lw=0.8, ls=(0, (4, 3)))
    words = f"compatible from {100 * why.threshold:.0f} %"
    axes.annotate(words, (SPM_MIN, why.threshold), (2, 4), textcoords="offset points", color=theme.faint, fontsize=9)
    labelled: list[float] = []
    for one in (why.chosen, *(other for other in why.candidates if other != why.chosen)):
        axes.vlines(one.spm, 0.0, one.probability, color=_colour(one, theme), lw=2.0)
        axes.plot(one.spm, one.probability, **_mark(one, theme))
        if all(abs(math.log(one.spm / other)) > NEAREST for other in labelled):
            labelled.append(one.spm)
            place: dict[str, Any] = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center", "fontsize": 9}
            place["weight"] = "bold" if one.compatible else "normal"
            axes.annotate(f"{one.spm:.1f}", (one.spm, one.probability), color=_colour(one, theme), **place)
    axes.set_ylabel("compatible")
    axes.set_xlabel("steps per minute")


def _draw_fold(axes: "Axes", why: Explanation, theme: Theme) -> None:
    """Draw the fold, its oldest beat at the top."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("fold", [theme.surface, _colour(why.chosen, theme)])
    beats, steps = why.fold.shape
    axes.pcolormesh(why.fold, cmap=colours, vmin=0.0, vmax=1.0, edgecolors=theme.background, linewidth=1.0)
    axes.invert_yaxis()
    axes.set_xticks([steps * quarter / 4 for quarter in range(5)], BEAT)
    axes.set_yticks([0.5, beats - 0.5], ["1", f"{beats}"])
    axes.set_ylabel("beats, one below the other")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"the fold at {why.chosen.spm:.1f}", color=_colour(why.chosen, theme), loc="left", weight="bold")


def _write_words(axes: "Axes", why: Explanation, theme: Theme) -> None:
    """Say what there is to see."""
    axes.set_axis_off()
    verdict = "compatible" if why.chosen.compatible else "not compatible"
    axes.text(0.0, 1.0, f"{verdict}: {100 * why.chosen.probability:.0f} %", color=_colour(why.chosen, theme), **_TOP)
    axes.text(0.0, 0.86, READ, color=theme.text, fontsize=10, va="top", linespacing=1.4)
    for row, (compatible, words) in enumerate(((True, "compatible"), (False, "not compatible"))):
        one = Judged(0.0, 0.0, 0.0, compatible)
        axes.plot(0.03, 0.22 - 0.09 * row, **_mark(one, theme))
        axes.text(0.09, 0.22 - 0.09 * row, words, color=_colour(one, theme), va="center")
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)


_TOP: dict[str, Any] = {"fontsize": 12, "weight": "bold", "va": "top"}


def _scale(axes: "Axes", theme: Theme) -> None:
    """Give an axis of step rates to a plot: twice a rate is the same distance to the right everywhere."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xlim(0.97 * SPM_MIN, 1.03 * SPM_MAX)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(TICKS, [f"{tick}" for tick in TICKS])
    axes.grid(axis="x", color=theme.surface, lw=1.0)
    axes.set_axisbelow(True)


def _mark(one: Judged, theme: Theme) -> dict[str, Any]:
    """Return how a candidate is marked: full if it is compatible, hollow if not, so that nobody needs the colours."""
    face = _colour(one, theme) if one.compatible else theme.background
    return {"marker": "o", "ms": 7, "mec": _colour(one, theme), "mfc": face, "mew": 1.6, "ls": "", "zorder": 3}


def _colour(one: Judged, theme: Theme) -> str:
    colour = (theme.yes if one.compatible else theme.no).color
    assert colour is not None
    return colour.name
