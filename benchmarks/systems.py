"""paces-live and the baselines, as commands that estimate paces or a tempo each second, as live programs do."""

import json
import subprocess
import sys
from types import MappingProxyType

from training.evaluate.run import baselines
from training.evaluate.run.baselines import BASELINES

OWN = "paces-live, a reading per second"
"""Name of paces-live among the systems."""
SHORTER = MappingProxyType({"essentia RhythmExtractor2013": 60.0, "madmom comb filter": 60.0})
"""Seconds of music for the slowest baselines, whose cost per second does not depend on the length."""


def own(rate: int) -> list[str]:
    """Return the command of paces-live for raw PCM on standard input, as fast as possible."""
    raw = ("--input", "-", "--rate", f"{rate}", "--format", "s16le", "--channels", "1")
    return [sys.executable, "-m", "paces_live", "listen", *raw, "--fast", "--json"]


def baseline(python: str, name: str, wav: str) -> list[str]:
    """Return the command of a baseline for a file, in the Python that has its package."""
    return [python, "-m", baselines.__name__, name, wav]


def installed(python: str, name: str) -> bool:
    """Return whether a Python has the package of a baseline."""
    done = subprocess.run([python, "-c", f"import {BASELINES[name].package}"], capture_output=True, check=False)
    return done.returncode == 0


def installed_mb(python: str, package: str) -> float | None:
    """Return the installed size of a package and its requirements, megabytes, or None if it is unknown."""
    command = [python, "-m", "benchmarks.installed", package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sizes = json.loads(done.stdout) if done.returncode == 0 else {}
    return sum(sizes.values()) / 1e6 if sizes else None
