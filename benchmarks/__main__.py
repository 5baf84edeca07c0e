"""What a second of audio costs: paces-live as a runner runs it, its peers beside it, and what the cost depends on.

``python -m benchmarks`` joins music to ten minutes (the bundled excerpt over and over, or the files it is given), runs
each system on it in a process of its own, one after the other and in rounds, and writes a page, a plot and all figures.
Ratios within a run are worth more than the figures: machines are noisy. Peers that are not installed are named.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import page, peers
from benchmarks.music import music
from benchmarks.process import Run, median, run, run_on_terminal
from paces_live.demo import excerpt

SECONDS = 600.0
TERMINAL_S = 20.0
GROWTH: Mapping[str, tuple[tuple[str, dict[str, float]], ...]] = {
    "window": tuple((f"{s:g} s", {"window": s}) for s in (12.0, 25.0, 50.0, 100.0)),
    "candidates": tuple((f"{n}", {"candidates": n}) for n in (4, 8, 16, 32)),
    "readings a second": tuple((f"{n}", {"interval": 1.0 / n}) for n in (1, 2, 4, 10)),
    "audio heard": (("10 min", {"seconds": 600}), ("1 h", {"seconds": 3600}), ("6 h", {"seconds": 21600})),
}


def main() -> None:
    """Parse the command line, run everything, write what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("music", nargs="*", type=Path, help="audio files to join; the bundled excerpt by default")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="audio to run on")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="a Python that has the peers installed")
    parser.add_argument("--folder", type=Path, default=Path("docs"), help="where cost.md, cost.svg and cost.json go")
    parser.add_argument("--only", choices=("peers", "growth", "stages"), help="only this; nothing is written")
    options = parser.parse_args()
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seconds": options.seconds,
        "rounds": options.rounds,
    }
    with tempfile.TemporaryDirectory() as folder:
        wav, short = Path(folder) / "music.wav", Path(folder) / "short.wav"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            # Its libraries must not come into this process, see `benchmarks.process.run`.
            paths = options.music or [excerpt()]
            found["seconds"] = pool.submit(music, paths, wav, options.seconds).result()
            pool.submit(music, paths, short, min(min(peers.SHORTER.values()), options.seconds)).result()
        if options.only in (None, "peers"):
            found |= side_by_side(wav, short, found["seconds"], options.rounds, options.peers)
        if options.only in (None, "stages"):
            found["stages"] = _variant(wav, {"seconds": found["seconds"]}, "--stages")
        if options.only in (None, "growth"):
            found["growth"] = growth(wav)
    if options.only is None:
        page.write(found, options.folder)
        print(f"written: {options.folder / 'cost.md'}")  # noqa: T201
    else:
        print(json.dumps(found, indent=1))  # noqa: T201


def side_by_side(wav: Path, short: Path, seconds: float, rounds: int, python: str) -> dict[str, Any]:
    """Return what each system took for a second of audio: the medians of the rounds, and the terminal UI's own run."""
    commands = {peers.OWN: (peers.own(str(wav)), seconds)}
    missing = []
    for name, program in peers.PEERS.items():
        if not peers.installed(python, name):
            missing.append(name)
            continue
        part = min(seconds, peers.SHORTER.get(name, seconds))
        commands[name] = ([python, "-c", program, str(short if name in peers.SHORTER else wav)], part)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, _) in commands.items():
            _tell(name)
            runs[name].append(run(name, command))
    systems = {}
    for name, (_, length) in commands.items():
        middle = median(runs[name])
        package = "paces_live" if name == peers.OWN else name.split()[0]
        systems[name] = {
            "cpu": middle.cpu_s / length,
            "memory_mb": middle.memory_mb,
            "started_s": middle.started_s,
            "first_s": middle.first_s,
            "installed_mb": peers.installed_mb(python if name != peers.OWN else sys.executable, package),
            "seconds": length,
            "cpu_of_runs": [one.cpu_s / length for one in runs[name]],
        }
    _tell("the terminal UI")
    screen = [sys.executable, "-m", "paces_live", "listen", "--input", str(wav)]
    shown = run_on_terminal("the terminal UI", screen, seconds=TERMINAL_S, end=b"q")
    return {"systems": systems, "missing": missing, "terminal": asdict(shown) | {"lines": None, "seconds": TERMINAL_S}}


def growth(wav: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what the engine alone takes with other settings."""
    return {
        what: [{"value": value, **_variant(wav, settings)} for value, settings in values]
        for what, values in GROWTH.items()
    }


def _variant(wav: Path, settings: Mapping[str, float], *more: str) -> dict[str, Any]:
    options = [f"--{name}={value:g}" for name, value in settings.items()]
    _tell(f"engine {' '.join(options)}")
    done = run("engine", [sys.executable, "-m", "benchmarks.variant", str(wav), *options, *more])
    record: dict[str, Any] = json.loads(done.lines[-1])
    return record | {"cpu": record["cpu_s"] / record["seconds"], "memory_mb": done.memory_mb}


def _tell(what: str) -> None:
    sys.stderr.write(f"running {what}\n")


if __name__ == "__main__":
    main()
