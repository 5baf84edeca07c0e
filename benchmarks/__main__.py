"""Measure the cost of a second of audio: of paces-live, of the baselines, and by setting.

``python -m benchmarks`` joins music to ten minutes, by default the bundled excerpt again and again. It runs each system
on it in a process of its own, one after the other and in rounds, and writes a page, a plot and all figures. Machines
are noisy, so compare only figures of one run. Baselines that are not installed are named.

``python -m benchmarks serve`` measures a server instead, ``python -m benchmarks scaling`` what many runners cost,
``python -m benchmarks find`` a search, a plan and a report in a large library, and ``python -m benchmarks scan`` a
scan.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Mapping
from compileall import compile_dir
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import paces_live
from benchmarks import decoding, page, systems
from benchmarks.music import RATE, music
from benchmarks.process import Run, median, run, run_on_terminal
from paces_live.demo import excerpt
from training.evaluate.run.baselines import BASELINES

SECONDS = 600.0
"""Length of the music, seconds."""
PARTS = ("systems", "stages", "growth", "decoding")
"""What is measured; each has tables of its own, so each may come from another run."""
TERMINAL_S = 20.0
"""Time for which the terminal UI runs, seconds."""
GROWTH: Mapping[str, tuple[tuple[str, dict[str, float]], ...]] = {
    "window": tuple((f"{s:g} s", {"window": s}) for s in (12.0, 25.0, 50.0, 100.0)),
    "candidates": tuple((f"{n}", {"candidates": n}) for n in (4, 8, 12, 16, 32)),
    "readings per second": tuple((f"{n}", {"interval": 1.0 / n}) for n in (1, 2, 4, 10)),
    "length": (("10 min", {"seconds": 600}), ("1 h", {"seconds": 3600}), ("6 h", {"seconds": 21600})),
}


def main() -> None:
    """Parse the command line, run everything, and write the page."""
    if sys.argv[1:2] in (["find"], ["scan"], ["serve"], ["scaling"]):
        # Deferred: they measure something else, with options of their own; Ray is not needed for the rest.
        module = import_module(f"benchmarks.{sys.argv[1]}")
        module.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("music", nargs="*", type=Path, help="audio files to join; the bundled excerpt by default")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of the audio")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each system; their medians count")
    parser.add_argument("--baselines", default=sys.executable, help="a Python that has the baselines installed")
    parser.add_argument("--peers", dest="baselines", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=Path("docs"), help="folder for cost.md, cost.svg and cost.json")
    parser.add_argument("--only", choices=PARTS, help="measure only this, and keep the other figures")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        wav, short = Path(folder) / "music.wav", Path(folder) / "short.wav"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            # In another process, because its libraries would make this one large: see `benchmarks.process.run`.
            paths = options.music or [excerpt()]
            seconds = pool.submit(music, paths, wav, options.seconds).result()
            pool.submit(music, paths, short, min(min(systems.SHORTER.values()), options.seconds)).result()
        if options.only in (None, "systems"):
            found["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
            found |= {"seconds": seconds, "rounds": options.rounds}
            found |= side_by_side(wav, short, seconds, options.rounds, options.baselines)
        if options.only in (None, "stages"):
            found["stages"] = _variant(wav, {"seconds": seconds}, "--stages")
        if options.only in (None, "growth"):
            found["growth"] = growth(wav)
        if options.only in (None, "decoding"):
            _announce("decoders")
            found["decoding"] = decoding.side_by_side(Path(folder), options.rounds)
    if options.only:
        found = json.loads((options.folder / "cost.json").read_text("utf-8")) | found
    page.write(found, options.folder)
    print(f"written: {options.folder / 'cost.md'}")  # noqa: T201


def side_by_side(wav: Path, short: Path, seconds: float, rounds: int, python: str) -> dict[str, Any]:
    """Return the cost of each system for a second of audio, medians of the rounds, and that of the terminal UI."""
    compile_dir(paces_live.__path__[0], quiet=1)  # as pip does when it installs
    commands = {systems.OWN: (systems.own(RATE), seconds)}
    missing = []
    for name in BASELINES:
        if not systems.installed(python, name):
            missing.append(name)
            continue
        part = min(seconds, systems.SHORTER.get(name, seconds))
        commands[name] = (systems.baseline(python, name, str(short if name in systems.SHORTER else wav)), part)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, _) in commands.items():
            _announce(name)
            runs[name].append(run(name, command, wav.with_suffix(".pcm")))
    measured = {}
    for name, (_, length) in commands.items():
        middle = median(runs[name])
        where, package = (sys.executable, "paces_live") if name == systems.OWN else (python, BASELINES[name].package)
        measured[name] = {
            "cpu": middle.cpu_s / length,
            "memory_mb": middle.memory_mb,
            "started_s": middle.started_s,
            "first_s": middle.first_s,
            "installed_mb": systems.installed_mb(where, package),
            "seconds": length,
            "cpu_of_runs": [one.cpu_s / length for one in runs[name]],
        }
    _announce("the terminal UI")
    screen = [sys.executable, "-m", "paces_live", "listen", "--input", str(wav)]
    shown = run_on_terminal("the terminal UI", screen, seconds=TERMINAL_S, end=b"q")
    return {"systems": measured, "missing": missing, "terminal": asdict(shown) | {"lines": None, "seconds": TERMINAL_S}}


def growth(wav: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the cost of a session with other settings."""
    return {
        setting: [{"value": value, **_variant(wav, options)} for value, options in values]
        for setting, values in GROWTH.items()
    }


def _variant(wav: Path, settings: Mapping[str, float], *more: str) -> dict[str, Any]:
    options = [f"--{name}={value:g}" for name, value in settings.items()]
    _announce(f"session {' '.join(options)}")
    done = run("session", [sys.executable, "-m", "benchmarks.variant", str(wav), *options, *more])
    record: dict[str, Any] = json.loads(done.lines[-1])
    return record | {"cpu": record["cpu_s"] / record["seconds"], "memory_mb": done.memory_mb}


def _announce(system: str) -> None:
    sys.stderr.write(f"running {system}\n")


if __name__ == "__main__":
    main()
