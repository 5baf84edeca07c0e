"""The figures of the report: drawn without a screen, in colours that colour-blind readers tell apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.evaluation.diagnosis import ratio_confusion
from training.evaluation.findings import Findings
from training.evaluation.needs import grouped, worst
from training.evaluation.reliability import reliability
from training.evaluation.verdicts import Verdicts

BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
"""Of the palette of Okabe and Ito (2008); a marker's shape says the same as its colour."""
STYLES = ((BLUE, "o"), (RED, "s"), (GREEN, "^"), (GREY, "D"))
WIDTH = 8.0
ENOUGH = 20
"""Cases that a bin of the reliability diagram must have: fewer would only show chance."""
SHOWN = 20
"""Groove families in the figure of the worst."""
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.hashsalt": "paces-live",
}


def draw(findings: Findings, folder: Path, suffix: str = "svg") -> dict[str, str]:
    """Draw every figure into `folder`; return the file's name of each."""
    test = findings.singles["test"]
    sets = {"validation, generated": findings.singles["validation"]} | findings.tests
    names = {}
    with mpl.rc_context(STYLE):
        drawn = {
            "reliability": reliability_figure(sets),
            "ratios": ratio_figure(test),
            "groups": group_figure(test),
            "families": family_figure(test),
            "verdict": verdict_figure({n: [one.verdict_s for one in heard] for n, heard in findings.heard.items()}),
        }
        for name, figure in drawn.items():
            names[name] = f"{name}.{suffix}"
            metadata = {"Date": None} if suffix == "svg" else None
            figure.savefig(folder / names[name], dpi=110, bbox_inches="tight", metadata=metadata)
    return names


def reliability_figure(sets: Mapping[str, Verdicts]) -> Figure:
    """Return the reliability diagram: the share of compatible candidates over the probability told."""
    figure = Figure(figsize=(WIDTH, 6.4))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="calibrated")
    for (name, verdicts), (color, marker) in zip(sets.items(), STYLES, strict=False):
        bins = [part for part in reliability(verdicts.label, verdicts.probability) if part.count >= ENOUGH]
        said = [part.said for part in bins]
        upper.plot(said, [part.true for part in bins], color=color, marker=marker, label=name)
        lower.plot(said, [part.count / len(verdicts.label) for part in bins], color=color, marker=marker)
    upper.set_ylabel("share that is compatible")
    upper.legend(loc="upper left")
    lower.set_yscale("log")
    lower.set_ylabel("share of cases")
    lower.set_xlabel("probability told by the model (bins of 1/15 with at least 20 cases)")
    return figure


def ratio_figure(verdicts: Verdicts) -> Figure:
    """Return truth and verdict over the ratio of the candidate to the felt tempo, and the errors below."""
    rows = [row for row in ratio_confusion(verdicts) if row.count]
    places = np.arange(len(rows))
    figure = Figure(figsize=(WIDTH, 5.6))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    upper.bar(places, [100 * row.true for row in rows], color="#c9c9c9", label="truly compatible")
    upper.plot(
        places, [100 * row.said for row in rows], color=BLUE, marker="o", linestyle="", label="judged compatible"
    )
    upper.set_ylabel("candidates (%)")
    upper.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    lower.bar(places, [100 * row.wrong for row in rows], color=RED)
    lower.set_ylabel("wrong (%)")
    lower.set_xticks(places, [f"{row.name}\n{row.count}" for row in rows], fontsize=9)
    lower.set_xlabel("candidate / felt tempo (ratio), and number of cases; matters of taste left out")
    return figure


def group_figure(verdicts: Verdicts) -> Figure:
    """Return the share of wrong verdicts for each meter and each tempo band."""
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    music = verdicts.meter != "none"
    _bars(left, grouped_rates(verdicts.meter, verdicts.wrong))
    left.set_ylabel("meter (cases)")
    left.set_xlabel("wrong verdicts (%)")
    right.set_xlabel("wrong verdicts (%)")
    rates = grouped_rates(verdicts.band[music], verdicts.wrong[music])
    _bars(right, dict(sorted(rates.items(), key=lambda item: float(item[0].partition("-")[0]))))
    right.set_ylabel("felt tempo, beats a minute (cases)")
    return figure


def grouped_rates(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, tuple[float, int]]:
    """Return the per cent of wrong verdicts and the number of cases of each group."""
    return {name: (100.0 * group.error_rate, group.cases) for name, group in grouped(keys, wrong).items()}


def family_figure(verdicts: Verdicts) -> Figure:
    """Return the share of wrong verdicts of the families that are surely worse than the rest."""
    groups = worst(grouped(verdicts.family, verdicts.wrong), enough=1, count=SHOWN)
    figure = Figure(figsize=(WIDTH, 1.2 + 0.26 * max(1, len(groups))))
    axes = figure.subplots()
    names = list(groups)[::-1]
    axes.barh(range(len(names)), [100.0 * groups[name].error_rate for name in names], color=BLUE)
    axes.set_yticks(range(len(names)), [f"{name}  (n={groups[name].cases})" for name in names], fontsize=8)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("wrong verdicts (%)")
    overall = 100.0 * float(verdicts.wrong.mean())
    axes.axvline(overall, color=RED, linestyle="--", label=f"all families together: {overall:.1f} %")
    axes.legend(loc="lower right")
    return figure


def verdict_figure(sets: Mapping[str, list[float | None]]) -> Figure:
    """Return the share of songs whose verdict has come and stays, over the seconds heard."""
    figure = Figure(figsize=(WIDTH, 3.4))
    axes = figure.subplots()
    for (name, times), (color, _), line in zip(sets.items(), STYLES, ("-", "--", "-."), strict=False):
        known = sorted(time for time in times if time is not None)
        share = 100.0 * np.arange(len(known) + 1) / max(1, len(times))
        axes.step([0.0, *known], share, where="post", color=color, linestyle=line, label=name)
    axes.set_xlabel("audio heard from the start of the song (s)")
    axes.set_ylabel("songs with the right\nverdict, for good (%)")
    axes.set_xlim(0, 60)
    axes.set_ylim(0, 101)
    axes.legend(loc="lower right")
    return figure


def _bars(axes: Axes, rates: Mapping[str, tuple[float, int]]) -> None:
    places = range(len(rates))
    axes.barh(places, [rate for rate, _ in rates.values()], color=BLUE)
    axes.set_yticks(places, [f"{name}\n({count:,})" for name, (_, count) in rates.items()], fontsize=8)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
