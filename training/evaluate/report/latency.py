"""How quickly the live engine is right, as a page: goals, a table, the curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from training.evaluate.report.figures import STYLE, STYLES, WIDTH
from training.evaluate.report.goals import Outcome
from training.evaluate.report.markdown import percent, table
from training.evaluate.run.latency import LIVE_S, TARGETS, Change, Start, quantile, share_within

HALF_S, MOST_S, MOST = 6.0, 12.0, 0.95
GONE_S, THERE_S, IMAGINED = 4.0, 10.0, 1.0
"""What is asked for: half of the songs right within the first, most within the second; after a change the old verdict
gone and the new one there (medians); and fewer imagined changes in 20 minutes than the last."""

HEAD = """# How quickly it is right

Written by `python -m training latency`, measured on the exported model through the live engine, a reading a second.

**From the start of a song**: seconds of sound until the screen is right and stays right for the first {live:.0f} s.
*Flags*: something is shown, and the flag is what it should be at each target from {low} to {high}. *Paces*: all that is
shown is compatible.

**Changes**: a song is cut off and another begins in the same moment, with none of its paces. *Gone*: no pace of the old
song is shown any more. *Imagined* changes are those told while one song went on, with its breaks, solos, drop-outs of
the drums and its ending.
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured on a set of songs."""

    starts: Sequence[Start]
    changes: Sequence[Change]

    @property
    def flags(self) -> list[float | None]:
        """Seconds to the right flags of each song."""
        return [start.flags_s for start in self.starts]

    @property
    def paces(self) -> list[float | None]:
        """Seconds to the right paces of each song."""
        return [start.paces_s for start in self.starts]

    @property
    def imagined(self) -> float:
        """Changes told that were none, in 20 minutes."""
        return (
            20.0 * sum(start.changes for start in self.starts) / max(1e-9, sum(start.minutes for start in self.starts))
        )


def page(sets: Mapping[str, Latency], figure: str) -> str:
    """Return the page in Markdown; `figure` is the file of the curve."""
    goals = [outcome.row() for name, latency in sets.items() for outcome in outcomes(name, latency)]
    return "\n".join(
        [
            HEAD.format(live=LIVE_S, low=TARGETS[0], high=TARGETS[-1]),
            f"![share of songs right over the seconds heard]({figure})\n",
            "## Figures to reach\n",
            table(("data", "measure", "goal", "found", ""), goals),
            "## All\n",
            table(("measure", *sets), _rows(sets)),
        ]
    )


def outcomes(name: str, latency: Latency) -> list[Outcome]:
    """Return the figures to reach with what was found."""
    gone, there = ([getattr(change, side) for change in latency.changes] for side in ("gone_s", "there_s"))
    return [
        Outcome(
            name, "start: half of the songs' flags right within, s", HALF_S, quantile(latency.flags, 0.5), "at most"
        ),
        Outcome(name, f"start: share of flags right within {MOST_S:g} s", MOST, share_within(latency.flags, MOST_S)),
        Outcome(name, "change: the old paces are gone, median s", GONE_S, quantile(gone, 0.5), "at most"),
        Outcome(name, "change: the new paces are there, median s", THERE_S, quantile(there, 0.5), "at most"),
        Outcome(name, "imagined changes in 20 minutes", IMAGINED, latency.imagined, "less than"),
    ]


def curve(sets: Mapping[str, Latency], path: Path) -> None:
    """Draw the share of songs that are right over the seconds heard."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.8))
        axes = figure.subplots()
        for (name, latency), (color, _) in zip(sets.items(), STYLES, strict=False):
            for times, what, line in ((latency.flags, "flags", "-"), (latency.paces, "paces", ":")):
                known = sorted(time for time in times if time is not None)
                share = 100.0 * np.arange(len(known) + 1) / max(1, len(times))
                label = f"{name}: {what}"
                axes.step([0.0, *known, LIVE_S], [*share, share[-1]], line, where="post", color=color, label=label)
        axes.plot([HALF_S, MOST_S], [50.0, 100.0 * MOST], "k+", markersize=10, label="asked for")
        axes.set_xlabel("heard from the start of the song (s)")
        axes.set_ylabel("songs that are right,\nfor good (%)")
        axes.set_xlim(0, 30)
        axes.set_ylim(0, 102)
        axes.legend(loc="lower right")
        figure.savefig(path, dpi=110, bbox_inches="tight", metadata={"Date": None} if path.suffix == ".svg" else None)


def _rows(sets: Mapping[str, Latency]) -> list[tuple[str, ...]]:
    rows = [("songs", *(str(len(latency.starts)) for latency in sets.values()))]
    for what in ("flags", "paces"):
        found = [getattr(latency, what) for latency in sets.values()]
        rows += [
            (f"{what} right within {seconds:g} s", *(percent(share_within(times, seconds)) for times in found))
            for seconds in (4.0, 6.0, 8.0, 12.0, 20.0, LIVE_S)
        ]
    rows.append(("changes", *(str(len(latency.changes)) for latency in sets.values())))
    for side, words in (("gone_s", "old paces gone"), ("there_s", "new paces there"), ("told_s", "new song told")):
        for share, name in ((0.5, "median"), (0.9, "90th percentile")):
            each = [[getattr(change, side) for change in latency.changes] for latency in sets.values()]
            rows.append((f"{words}, {name}", *(_seconds(quantile(times, share)) for times in each)))
    rows.append(
        ("hours of songs", *(f"{sum(s.minutes for s in latency.starts) / 60:.1f}" for latency in sets.values()))
    )
    rows.append(("imagined changes", *(str(sum(s.changes for s in latency.starts)) for latency in sets.values())))
    return rows


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if np.isfinite(value) else "not by then"
