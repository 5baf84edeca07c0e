"""Programs that estimate the tempo of a whole excerpt, each in the Python that has it.

Not all of them install together, so each runs as a process of its own: ``python -m training.recordings.programs NAME``
reads the paths of WAV files from standard input and prints one tempo for each. This module runs on old Pythons too, and
imports the programs where it uses them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from training.errors import TrainingError
from training.evaluate.run.baselines import BASELINES

Tempo = Callable[[str], float]
"""Function from the path of a mono WAV file to beats per minute, 0 if there is no tempo."""

TEMPOCNN_MODEL = "cnn"
"""Weights of TempoCNN: the most accurate ones in its package."""

ONE_THREAD: Mapping[str, str] = MappingProxyType(
    {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
)
"""Variables that keep each program on one processor."""


@dataclass(frozen=True)
class Program:
    """A program that estimates one tempo.

    Attributes
    ----------
    package : str
        The Python package that it needs.
    trusted : bool
        Whether it is right so often that a song is left out if it says two thirds or three quarters of the others.
    slow : bool
        Whether it takes longer than all others together: it is asked only where they do not agree.
    prepare : callable
        Imports the program; returns a function from a file to its tempo.
    """

    package: str
    trusted: bool
    slow: bool
    prepare: Callable[[], Tempo]


def _baseline(name: str) -> Callable[[], Tempo]:
    one = BASELINES[name]

    def prepare() -> Tempo:
        import numpy as np
        import soundfile
        import soxr

        estimate = one.estimator()

        def tempo(path: str) -> float:
            samples, rate = soundfile.read(path, dtype="float32")
            return estimate(np.asarray(soxr.resample(samples, rate, one.rate), np.float32))

        return tempo

    return prepare


def _tempocnn() -> Tempo:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    classifier = importlib.import_module("tempocnn.classifier").TempoClassifier(TEMPOCNN_MODEL)
    features = importlib.import_module("tempocnn.feature").read_features
    return lambda path: float(classifier.estimate_tempo(features(path), interpolate=True))


def _mixxx() -> Tempo:
    analyze = importlib.import_module("mixxx_analyzer").analyze
    return lambda path: float(analyze(path).bpm or 0.0)


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "tempocnn": Program("tempocnn", True, False, _tempocnn),
        "mixxx": Program("mixxx_analyzer", True, False, _mixxx),
        "essentia-percival": Program("essentia", True, False, _baseline("essentia Percival")),
        "aubio": Program("aubio", False, False, _baseline("aubio tempo")),
        "essentia-rhythm": Program("essentia", True, True, _baseline("essentia RhythmExtractor2013")),
        "madmom": Program("madmom", True, True, _baseline("madmom comb filter")),
    }
)
"""All programs, by name, in the order in which they are asked. librosa is right too seldom to be one of them."""


def installed(pythons: list[Path]) -> dict[str, Path]:
    """Return, for each program that any of the Pythons has, the first Python that has it."""
    found: dict[str, Path] = {}
    for python in pythons:
        code = f"import importlib.util as u; print(*[n for n in {_packages()!r} if u.find_spec(n)])"
        has = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for name, program in PROGRAMS.items():
            if program.package in has:
                found.setdefault(name, python)
    return found


@contextlib.contextmanager
def running(pythons: Mapping[str, Path]) -> Iterator[Callable[[Path, str], float]]:
    """Start programs; the function that is yielded asks one, by name, for the tempo of a WAV file; 0 if it fails.

    Parameters
    ----------
    pythons : mapping of str to Path
        The Python of each program, see `installed`.
    """
    root = str(Path(__file__).parents[2])
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": root}
    with contextlib.ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                subprocess.Popen(
                    [python, "-m", __name__, name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    env=environment,
                )
            )
            for name, python in pythons.items()
        }

        def ask(wav: Path, name: str) -> float:
            process = processes[name]
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(f"{wav}\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            except BrokenPipeError:
                answer = ""
            if not answer:
                raise TrainingError(f"{name} has ended: run it by hand with {pythons[name]} -m {__name__} {name}")
            return float(answer)

        yield ask


def _packages() -> list[str]:
    return sorted({program.package for program in PROGRAMS.values()})


def main(name: str) -> None:
    """Print the tempo of each file whose path comes from standard input, 0 if the program fails."""
    # Programs print what they like; only tempi may reach the reader.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    tempo = PROGRAMS[name].prepare()
    for line in sys.stdin:
        try:
            found = tempo(line.rstrip("\n"))
        except Exception as error:  # noqa: BLE001  (another program may raise anything)
            sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
            found = 0.0
        answers.write(f"{found}\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
