"""The figures of the report, drawn without a screen, in colours that colour-blind readers can distinguish."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.evaluate.metrics.candidates import NO_SONG, Predictions
from training.evaluate.metrics.groups import grouped, worst
from training.evaluate.metrics.ratios import ratio_confusion
from training.evaluate.metrics.reliability import BINS, reliability
from training.evaluate.run.findings import Findings
from training.evaluate.run.songs import LIVE_S

BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
"""Colours of Okabe and Ito (2008)."""
STYLES = ((BLUE, "o"), (RED, "s"), (GREEN, "^"), (GREY, "D"))
"""Colour and marker of each set; the marker alone distinguishes the sets too."""
WIDTH = 8.0
"""Width of a figure, inches."""
ENOUGH = 20
"""Smallest number of cases of a bin of the reliability diagram, or of a ratio: fewer would only show chance."""
SHOWN = 20
"""Largest number of groove families in a figure."""
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
    """Draw every figure into `folder`; return the name of each file."""
    test = findings.predictions["test"]
    sets = {"validation, generated": findings.predictions["validation"]} | findings.tests
    times = {name: [song.verdict_s for song in songs] for name, songs in findings.songs.items()}
    names = {}
    with mpl.rc_context(STYLE):
        drawn = {
            "reliability": reliability_figure(sets),
            "ratios": ratio_figure(findings.tests),
            "groups": group_figure(test),
            "families": family_figure(test),
            "verdict": verdict_figure(times),
        }
        for name, figure in drawn.items():
            names[name] = f"{name}.{suffix}"
            metadata = {"Date": None} if suffix == "svg" else None
            figure.savefig(folder / names[name], dpi=110, bbox_inches="tight", metadata=metadata)
    return names


def reliability_figure(sets: Mapping[str, Predictions]) -> Figure:
    """Return the reliability diagram: the share of compatible candidates by predicted probability."""
    figure = Figure(figsize=(WIDTH, 6.4))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="calibrated")
    for (name, found), (color, marker) in zip(sets.items(), STYLES, strict=False):
        bins = [part for part in reliability(found.label, found.probability) if part.count >= ENOUGH]
        predicted = [part.predicted for part in bins]
        upper.plot(predicted, [part.compatible for part in bins], color=color, marker=marker, label=name)
        lower.plot(predicted, [part.count / len(found.label) for part in bins], color=color, marker=marker)
    upper.set_ylabel("share of compatible candidates")
    upper.legend(loc="upper left")
    lower.set_yscale("log")
    lower.set_ylabel("share of cases")
    lower.set_xlabel(f"predicted probability (bins of 1/{BINS} with at least {ENOUGH} cases)")
    return figure


def ratio_figure(sets: Mapping[str, Predictions]) -> Figure:
    """Return truth and prediction by the ratio of the candidate to the felt tempo, with the errors below."""
    tables = {name: {row.name: row for row in ratio_confusion(found)} for name, found in sets.items()}
    first = next(iter(tables.values()))
    ratios = [name for name in first if any(rows[name].count >= ENOUGH for rows in tables.values())]
    places, width = np.arange(len(ratios)), 0.8 / len(tables)
    figure = Figure(figsize=(WIDTH, 6.0))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for number, ((name, rows), (color, marker)) in enumerate(zip(tables.items(), STYLES, strict=False)):
        shown = [rows[ratio] if rows[ratio].count >= ENOUGH else None for ratio in ratios]
        at = places + width * (number - 0.5 * (len(tables) - 1))
        compatible, predicted, wrong = (
            [np.nan if row is None else 100.0 * getattr(row, share) for row in shown]
            for share in ("compatible", "predicted", "wrong")
        )
        upper.bar(at, compatible, width, color="#c9c9c9", label="compatible" if not number else None)
        upper.plot(at, predicted, color=color, marker=marker, linestyle="", label=f"predicted: {name}")
        lower.bar(at, wrong, 0.9 * width, color=color)
    upper.set_ylabel("candidates (%)")
    upper.set_ylim(-5, 105)
    upper.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    lower.set_ylabel("wrong predictions (%)")
    lower.set_xticks(places, ratios)
    lower.set_xlabel(f"candidate / felt tempo, for sets with at least {ENOUGH} cases")
    for axes in (upper, lower):
        axes.grid(visible=False, axis="x")
    return figure


def group_figure(predictions: Predictions) -> Figure:
    """Return the share of wrong predictions for each meter and each tempo band of the music."""
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    music = predictions.meter != NO_SONG
    _bars(left, grouped_rates(predictions.meter[music], predictions.wrong[music]))
    left.set_ylabel("meter (cases)")
    rates = grouped_rates(predictions.band[music], predictions.wrong[music])
    _bars(right, dict(sorted(rates.items(), key=lambda item: float(item[0].partition("-")[0]))))
    right.set_ylabel("felt tempo, bpm (cases)")
    for axes in (left, right):
        axes.set_xlabel("wrong predictions (%)")
        _average(axes, predictions)
    return figure


def grouped_rates(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, tuple[float, int]]:
    """Return the per cent of wrong predictions and the number of cases of each group."""
    return {name: (100.0 * group.error_rate, group.cases) for name, group in grouped(keys, wrong).items()}


def family_figure(predictions: Predictions) -> Figure:
    """Return the share of wrong predictions of the families that are significantly worse than all together."""
    music = predictions.family != NO_SONG
    groups = worst(grouped(predictions.family[music], predictions.wrong[music]), enough=1, count=SHOWN)
    figure = Figure(figsize=(WIDTH, 1.6 + 0.26 * len(groups)), layout="constrained")
    axes = figure.subplots()
    _bars(axes, {name: (100.0 * group.error_rate, group.cases) for name, group in groups.items()}, apart=" ")
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_ylabel("groove family (cases)")
    axes.set_xlabel("wrong predictions (%)")
    _average(axes, predictions)
    return figure


def verdict_figure(sets: Mapping[str, Sequence[float | None]]) -> Figure:
    """Return the share of songs with the right verdict for good, by the seconds heard."""
    figure = Figure(figsize=(WIDTH, 3.4))
    axes = figure.subplots()
    for (name, times), (color, _), line in zip(sets.items(), STYLES, ("-", "--", "-."), strict=False):
        axes.step(*cumulative(times), where="post", color=color, linestyle=line, label=name)
    axes.set_xlabel("heard from the start of the song (s)")
    axes.set_ylabel("songs with the right\nverdict, for good (%)")
    axes.set_xlim(0, LIVE_S)
    axes.set_ylim(0, 102)
    axes.legend(loc="lower right")
    return figure


def cumulative(times: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """Return the steps of the share of events that came, per cent, up to `LIVE_S`.

    Examples
    --------
    >>> cumulative([4.0, None, 2.0, 3.0])
    ([0.0, 2.0, 3.0, 4.0, 60.0], [0.0, 25.0, 50.0, 75.0, 75.0])
    """
    known = sorted(time for time in times if time is not None)
    share = [100.0 * count / max(1, len(times)) for count in range(len(known) + 1)]
    return [0.0, *known, LIVE_S], [*share, share[-1]]


def _bars(axes: Axes, rates: Mapping[str, tuple[float, int]], *, apart: str = "\n") -> None:
    places = range(len(rates))
    axes.barh(places, [rate for rate, _ in rates.values()], 0.7, color=BLUE)
    axes.set_yticks(places, [f"{name}{apart}({count:,})" for name, (_, count) in rates.items()], fontsize=8)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")


def _average(axes: Axes, predictions: Predictions) -> None:
    overall = 100.0 * float(predictions.wrong[predictions.meter != NO_SONG].mean())
    axes.axvline(overall, color=RED, linestyle="--", label=f"all music: {overall:.1f} %")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0))
