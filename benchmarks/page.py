"""Write the measured cost as a page, a plot and a JSON file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.systems import OWN
from paces_live.session import SessionConfig
from training.evaluate.report.markdown import percent, table

BLUE, GREY = "#0072B2", "#666666"
"""Colours of Okabe and Ito (2008)."""
COST, MEMORY = "CPU s for 1 s of audio", "peak MB"
SYSTEM_HEADS = (
    *("system", COST, "relative to paces-live", MEMORY),
    *("first output, s", "first estimate, s", "installed MB"),
)
PAGE = """\
# What it costs

Written by `python -m benchmarks` ({machine}): {seconds:.0f} s of music, one thread, medians of {rounds} rounds in which
the systems took turns. Compare figures only within one table: other machines give other figures. All figures are in
[cost.json](cost.json).

![processor time for a second of audio](cost.svg)

## Comparison with other programs

paces-live gets raw samples on standard input, as it would from a microphone. The baselines read the same samples from
a WAV file at once. aubio keeps a state. The others make a new estimate each second from the last 25 s, as in a live
program. *Installed* is the package with all its requirements.

{systems}{missing}
With the terminal UI, the peak memory of paces-live is {terminal_mb:.0f} MB.

## Decoding

FFmpeg, through PyAV, decodes files and stations. Before, it was libsndfile, which 32-bit systems still use. Both decode
and resample two minutes of stereo in turns; the least of the rounds counts.

{decoding}
paces-live takes {installed_mb:.0f} MB with all its requirements, {av_mb:.0f} MB of them for PyAV with FFmpeg. With
libsndfile ({soundfile_mb:.0f} MB) instead it would take {before_mb:.0f} MB.

## Stages

Processor time of each stage in one process, for a second of audio, at one reading per second. The *song change*
includes the other stages that it uses.

{stages}
A reading takes {median_ms:.1f} ms of processor time in the median and {high_ms:.1f} ms at the 99th percentile.

## Settings

The session alone, without the start of the process, by default with a window of 25 s, {candidates} candidates and
one reading per second. The peak memory is that of the whole process.

{growth}"""


def write(found: dict[str, Any], folder: Path) -> None:
    """Write ``cost.md``, ``cost.svg`` and ``cost.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cost.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    plot(found, folder / "cost.svg")
    (folder / "cost.md").write_text(text(found), "utf-8")


def text(found: Mapping[str, Any]) -> str:
    """Return the page in Markdown."""
    median_s, high_s = found["stages"]["reading_s"]
    return PAGE.format(
        candidates=SessionConfig().max_candidates,
        machine=found["machine"],
        seconds=found["seconds"],
        rounds=found["rounds"],
        systems=table(SYSTEM_HEADS, [_system(name, one, found) for name, one in found["systems"].items()]),
        missing=f"\nNot installed: {', '.join(found['missing'])}.\n" if found["missing"] else "",
        terminal_mb=found["terminal"]["memory_mb"],
        **_decoding(found["decoding"]),
        stages=table(
            ("stage", "ms for 1 s of audio", "share"),
            [(name, f"{ms:.3f}", percent(share, 0)) for name, ms, share in stages(found["stages"])],
        ),
        median_ms=1000 * median_s,
        high_ms=1000 * high_s,
        growth="\n".join(
            table(
                (setting, COST, MEMORY),
                [(str(one["value"]), f"{one['cpu']:.4f}", f"{one['memory_mb']:.0f}") for one in values],
            )
            for setting, values in found["growth"].items()
        ),
    )


def stages(measured: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return name, milliseconds for a second of audio and share of each stage, largest first, and of the rest."""
    total, known = measured["cpu_s"], measured["stages"]
    rows = dict(sorted(known.items(), key=lambda item: -item[1])) | {"other": max(0.0, total - sum(known.values()))}
    return [(name, 1000 * spent / measured["seconds"], spent / total) for name, spent in rows.items()]


def _decoding(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the page that are about decoding."""
    av, soundfile = measured["decoders_mb"].values()
    whole = measured["installed_mb"]
    return {
        "decoding": table(
            ("format", "FFmpeg, ms for 1 s of audio", "libsndfile", "ratio"),
            [
                (name, f"{1000 * ffmpeg:.2f}", f"{1000 * libsndfile:.2f}", f"{ffmpeg / libsndfile:.2f}")
                for name, (ffmpeg, libsndfile) in ((name, one.values()) for name, one in measured["cpu"].items())
            ],
        ),
        "installed_mb": whole,
        "av_mb": av,
        "soundfile_mb": soundfile,
        "before_mb": whole - av + soundfile,
    }


def plot(found: Mapping[str, Any], path: Path) -> None:
    """Draw the processor time of each system and of each stage."""
    import matplotlib as mpl  # here, because the process that starts the systems must stay small
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
        left.set_xlabel("processor time for 1 s of audio (ms, logarithmic)")
        times = {name: ms for name, ms, _ in stages(found["stages"])}
        right.barh(list(times)[::-1], list(times.values())[::-1], color=BLUE)
        right.set_xlabel("the same, by stage (ms)")
        figure.savefig(path, metadata={"Date": None})


def _system(name: str, one: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        name,
        f"{one['cpu']:.4f}",
        f"{one['cpu'] / found['systems'][OWN]['cpu']:.2f}",
        f"{one['memory_mb']:.0f}",
        f"{one['started_s']:.2f}",
        f"{one['first_s']:.2f}",
        f"{one['installed_mb']:.0f}" if one["installed_mb"] else "–",
    )
