"""The page on latency: how soon a live session is right, as a table and a curve."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from training.evaluate.metrics.times import quantile, share_within
from training.evaluate.report.figures import STYLE, STYLES, WIDTH, cumulative
from training.evaluate.report.markdown import percent, table
from training.evaluate.run.latency import TARGETS, Latency
from training.evaluate.run.songs import LIVE_S

HEAD = """\
# How soon it is right

Written by `python -m training latency`, measured on the exported model in live sessions with a reading per second.

**Start of a song.** Seconds of sound until the screen is right, and stays right for the first {live:.0f} s. The *flags*
are right if a pace is shown, and the flag is up or down as it should be at each target from {low} to {high}. The
*paces* are right if all shown paces are compatible.

**Song change.** One song stops and another begins in the same moment, without a common pace. The old paces are *gone*
when none of them is shown any more. A song change is *imagined* if it is reported within a song, at a break, a solo, a
drop-out of the drums or an ending.
"""
WITHIN_S = (4.0, 6.0, 8.0, 12.0, 20.0, LIVE_S)
"""Times for which the page shows the share of songs that are right, seconds."""
IMAGINED_PER_MIN = 20.0
"""Length of music to which imagined song changes refer, minutes."""


def page(sets: Mapping[str, Latency], figure: str) -> str:
    """Return the page in Markdown; `figure` is the file of the curve."""
    head = HEAD.format(live=LIVE_S, low=TARGETS[0], high=TARGETS[-1])
    return f"{head}\n![share of songs that are right, by seconds heard]({figure})\n\n" + table(
        ("measure", *sets), rows(sets)
    )


def rows(sets: Mapping[str, Latency]) -> list[tuple[str, ...]]:
    """Return the rows of the table, a column for each set."""
    found = list(sets.values())
    lines = [("songs", *(str(len(latency.starts)) for latency in found))]
    for name in ("flags", "paces"):
        times = [getattr(latency, name) for latency in found]
        lines += [
            (f"{name} right within {seconds:g} s", *(percent(share_within(each, seconds)) for each in times))
            for seconds in WITHIN_S
        ]
    lines.append(("flags right, median", *(_seconds(quantile(latency.flags, 0.5)) for latency in found)))
    lines.append(("song changes", *(str(len(latency.changes)) for latency in found)))
    for field, words in (("gone_s", "old paces gone"), ("there_s", "new paces shown"), ("reported_s", "reported")):
        for share, name in ((0.5, "median"), (0.9, "90th percentile")):
            events = [[getattr(change, field) for change in latency.changes] for latency in found]
            lines.append((f"{words}, {name}", *(_seconds(quantile(times, share)) for times in events)))
    lines.append(("hours of songs", *(f"{latency.minutes / 60:.1f}" for latency in found)))
    lines.append(("imagined song changes", *(str(latency.imagined) for latency in found)))
    rates = (IMAGINED_PER_MIN * latency.imagined / max(1e-9, latency.minutes) for latency in found)
    lines.append((f"imagined song changes in {IMAGINED_PER_MIN:g} minutes", *(f"{rate:.2f}" for rate in rates)))
    return lines


def curve(sets: Mapping[str, Latency], path: Path) -> None:
    """Draw the share of songs that are right by the seconds heard."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.8))
        axes = figure.subplots()
        for (name, latency), (color, _) in zip(sets.items(), STYLES, strict=False):
            for times, kind, line in ((latency.flags, "flags", "-"), (latency.paces, "paces", ":")):
                seconds, share = cumulative(times)
                axes.step(seconds, share, line, where="post", color=color, label=f"{name}: {kind}")
        axes.set_xlabel("heard from the start of the song (s)")
        axes.set_ylabel("songs that are right,\nfor good (%)")
        axes.set_xlim(0, 30)
        axes.set_ylim(0, 102)
        axes.legend(loc="lower right")
        figure.savefig(path, dpi=110, bbox_inches="tight", metadata={"Date": None} if path.suffix == ".svg" else None)


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if np.isfinite(value) else f"not within {LIVE_S:g} s"
