"""What was measured, as a page with a plot and a JSON file."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import OWN

BUDGET = {"cpu": 0.004, "aubio": 2.0, "librosa": 0.5, "memory": 90.0, "screen": 125.0, "started": 0.6, "reading": 8.0}
"""CPU s for a second of audio; times aubio's and librosa's; MB without and with the terminal UI; s; ms."""
BLUE, GREY, ORANGE = "#0072B2", "#666666", "#D55E00"
"""Of the palette of Okabe and Ito (2008)."""


def write(found: dict[str, Any], folder: Path) -> None:
    """Write ``cost.md``, ``cost.svg`` and ``cost.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cost.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    plot(found, folder / "cost.svg")
    (folder / "cost.md").write_text(text(found), "utf-8")


def text(found: dict[str, Any]) -> str:
    """Return the page in Markdown."""
    systems, own = found["systems"], found["systems"][OWN]
    missing = f"\nNot installed, so not measured: {', '.join(found['missing'])}.\n" if found["missing"] else ""
    return f"""# What it costs

Written by `python -m benchmarks` ({found["machine"]}): {found["seconds"]:.0f} s of music, one thread, medians of
{found["rounds"]} rounds in which the systems took turns. Compare what stands in one table; another machine gives other
figures. All of them are in [cost.json](cost.json).

![processor time for a second of audio](cost.svg)

## Budgets

{_table(("", "budget", "found", ""), budgets(found))}
## Beside other programs

All but aubio, which keeps a state, estimate anew each second from the last 25 s, as one would use them live. Installed
is the package with all that it requires.

{
        _table(
            (
                "system",
                "CPU s for 1 s of audio",
                "times paces-live",
                "peak MB",
                "first output, s",
                "first estimate, s",
                "installed MB",
            ),
            (
                (
                    name,
                    f"{one['cpu']:.4f}",
                    f"{one['cpu'] / own['cpu']:.2f}",
                    f"{one['memory_mb']:.0f}",
                    f"{one['started_s']:.2f}",
                    f"{one['first_s']:.2f}",
                    f"{one['installed_mb']:.0f}" if one["installed_mb"] else "–",
                )
                for name, one in systems.items()
            ),
        )
    }{missing}
## Where the time goes

Processor time of each stage in one process, for a second of audio, a reading a second. What *boundaries* use of the
other stages counts as theirs.

{_table(("stage", "ms for 1 s of audio", "share"), _stages(found["stages"]))}
A reading takes a processor {1000 * found["stages"]["reading_s"][0]:.1f} ms in the median, {
        1000 * found["stages"]["reading_s"][1]:.1f} ms
at the 99th percentile.

## What it depends on

The engine alone, without the start of the process; 25 s, 16 candidates, one reading a second unless the table says
otherwise. The peak memory is that of the process.

{_growth(found["growth"])}"""


def budgets(found: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield each budget, what was found, and whether it is kept."""
    systems, own, stages = found["systems"], found["systems"][OWN], found["stages"]
    yield _kept("CPU s for 1 s of audio, whole process", BUDGET["cpu"], own["cpu"], "{:.4f}")
    for name, one in systems.items():
        for peer in ("aubio", "librosa"):
            if name.startswith(peer):
                yield _kept(f"CPU, times {name}", BUDGET[peer], own["cpu"] / one["cpu"], "{:.2f}")
    yield _kept("peak memory, MB", BUDGET["memory"], own["memory_mb"], "{:.0f}")
    yield _kept("peak memory with the terminal UI, MB", BUDGET["screen"], found["terminal"]["memory_mb"], "{:.0f}")
    yield _kept("from the start of the process to listening, s", BUDGET["started"], own["started_s"], "{:.2f}")
    yield _kept("a reading, 99th percentile, ms", BUDGET["reading"], 1000 * stages["reading_s"][1], "{:.1f}")
    first, *_, last = found["growth"]["audio heard"]
    yield _kept("CPU for a second of audio in hour 6, times that in 10 min", 1.1, last["cpu"] / first["cpu"], "{:.2f}")


def plot(found: dict[str, Any], path: Path) -> None:
    """Draw the processor time of each system, and what that of the engine depends on."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "paces-live",
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        systems = dict(sorted(found["systems"].items(), key=lambda item: -item[1]["cpu"]))
        values = [1000 * one["cpu"] for one in systems.values()]
        colors = [BLUE if name == OWN else GREY for name in systems]
        left.barh(list(systems), values, color=colors)
        left.bar_label(left.containers[0], [f" {value:.1f}" for value in values])
        left.set_xscale("log")
        left.set_xlim(0.5, 3 * max(values))
        left.axvline(1000 * BUDGET["cpu"], color=ORANGE, linestyle="--", linewidth=1)
        left.set_xlabel("processor time for 1 s of audio (ms, logarithmic); dashed: the budget")
        stages = {name: ms for name, ms, _ in _stage_rows(found["stages"])}
        right.barh(list(stages)[::-1], list(stages.values())[::-1], color=BLUE)
        right.set_xlabel("processor time of each stage for 1 s of audio (ms)")
        figure.savefig(path, metadata={"Date": None})


def _kept(what: str, budget: float, value: float, form: str) -> tuple[str, ...]:
    verdict = "kept" if value <= budget else f"**over by {form.format(value - budget)}**"
    return what, f"at most {budget:g}", form.format(value), verdict


def _stage_rows(stages: dict[str, Any]) -> list[tuple[str, float, float]]:
    total, known = stages["cpu_s"], stages["stages"]
    rows = dict(sorted(known.items(), key=lambda item: -item[1])) | {"other": max(0.0, total - sum(known.values()))}
    return [(name, 1000 * spent / stages["seconds"], spent / total) for name, spent in rows.items()]


def _stages(stages: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    return [(name, f"{ms:.3f}", f"{100 * share:.0f} %") for name, ms, share in _stage_rows(stages)]


def _growth(growth: dict[str, list[dict[str, Any]]]) -> str:
    return "\n".join(
        _table(
            (what, "CPU s for 1 s of audio", "peak MB"),
            [(str(one["value"]), f"{one['cpu']:.4f}", f"{one['memory_mb']:.0f}") for one in rows],
        )
        for what, rows in growth.items()
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
