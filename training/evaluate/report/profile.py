"""Draw the pace sets of annotators next to those of the corpus and of the truth rule."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.annotations.truth import FASTEST, SALIENT, SLOWEST, Truth, acceptance
from training.evaluate.metrics.profile import Profile, Share, levels, measures

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(profiles: Sequence[Profile], path: Path, truths: Sequence[Truth] = ()) -> None:
    """Draw the shares of all profiles into an SVG, PNG or PDF file, which holds only such totals.

    Bars are shares, thin lines the 95 % interval of the first profile, pale tops ambiguous paces. With the annotators'
    `truths`, a panel below shows the salience of a metrical level by its rate, and the shares behind the curve.
    """
    import matplotlib as mpl  # half a second, only needed here

    mpl.use("Agg")
    from matplotlib import pyplot

    panels = {
        "Paces of a song": [m for m in measures() if "pace" in m or m == "more"],
        "Ratio of neighbouring paces": [m for m in measures() if ":1" in m or "ratio" in m],
        "Half of a pace is compatible too (pale: ambiguous)": [m for m in measures() if m.startswith("half")],
        "Double of a pace is compatible too (pale: ambiguous)": [m for m in measures() if m.startswith("double")],
    }
    with mpl.rc_context({"svg.hashsalt": "paces-live", "svg.fonttype": "none", "font.size": 9}):
        figure = pyplot.figure(figsize=(11, 10 if truths else 7), layout="constrained")
        cells = figure.add_gridspec(3 if truths else 2, 2)
        grid = np.array([[figure.add_subplot(cells[row, column]) for column in (0, 1)] for row in (0, 1)])
        if truths:
            _draw_acceptance(figure.add_subplot(cells[2, :]), truths)
        width = 0.8 / len(profiles)
        for axes, (title, names) in zip(grid.flat, panels.items(), strict=True):
            places = np.arange(len(names))
            for number, each in enumerate(profiles):
                shares = [each.shares[name] for name in names]
                at = places - 0.4 + (number + 0.5) * width
                low = 100 * np.nan_to_num([share.low for share in shares])
                top = 100 * np.nan_to_num([share.high for share in shares]) - low
                color = f"C{number}"
                axes.bar(at, low, 0.9 * width, color=color, label=f"{each.name} ({each.songs} songs)")
                axes.bar(at, top, 0.9 * width, bottom=low, color=color, alpha=0.3)
                if not number:
                    asked = [i for i, share in enumerate(shares) if share.whole]
                    ends = 100 * np.array([shares[i].interval for i in asked]).T
                    axes.vlines(at[asked], *ends, colors="black", linewidth=1)
            axes.set_title(title)
            axes.set_xticks(places, [name.partition(" of ")[2] or name for name in names])
            axes.set_ylim(0, 100)
            axes.set_ylabel("%")
        for axes in grid[1]:
            axes.set_xlabel("pace, steps per minute")
        grid[0, 1].legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        pyplot.close(figure)


def _draw_acceptance(axes: "Axes", truths: Sequence[Truth]) -> None:
    """Draw the curve of acceptance, and the annotators' shares in bins of a sixth of an octave with 95 % intervals."""
    rate, fits, half = levels(truths)
    fine = np.geomspace(SLOWEST, FASTEST, 300)
    axes.plot(fine, 100 * acceptance(fine), color="C1", label="rule: salience of a level with common off-beats")
    axes.axhline(100 * SALIENT, color="C1", linestyle=":", label="ambiguous below")
    edges = SLOWEST * 2.0 ** (np.arange(19) / 6)
    for side, color, name in ((half, "C0", "half"), (~half, "C2", "double")):
        bins = np.digitize(rate[side], edges)
        for number, place in enumerate(np.unique(bins)):
            inside = fits[side][bins == place]
            share = Share(int(inside.sum()), len(inside))
            at, (low, high) = math.sqrt(edges[place - 1] * edges[min(place, 18)]), share.interval
            axes.vlines(at, 100 * low, 100 * high, color=color, linewidth=1)
            label = None if number else f"annotators: {name} of a pace"
            axes.plot(at, 100 * share.low, "o", color=color, label=label)
    axes.set_xscale("log")
    axes.set_xticks([40, 50, 60, 80, 110, 160, 220, 280, 320])
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.xaxis.set_minor_formatter("")
    axes.set_title("A metrical level is a compatible pace, by its rate")
    axes.set_xlabel("rate of the level, steps per minute")
    axes.set_ylabel("%")
    axes.set_ylim(0, 102)
    axes.legend(frameon=False)
