"""Other programs that find the tempo of whole files, each as its users run it, and with its own decoder.

``python -m benchmarks.whole_files NAME FILE...`` prints a tempo for each file, in the Python that has the program. So
this module needs nothing but that program.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Program:
    """A program: the package that it needs, the folder of its environment, and what finds the tempi of files."""

    package: str
    environment: str
    tempi: Callable[[Sequence[str]], Iterator[float]]

    def python(self, environments: Path) -> str | None:
        """Return a Python that has it: that of its environment, or else this one; None if none has."""
        own = environments / self.environment / "bin" / "python"
        if own.exists():
            return str(own)
        return sys.executable if importlib.util.find_spec(self.package) else None


def _librosa(paths: Sequence[str]) -> Iterator[float]:
    librosa = importlib.import_module("librosa")
    for path in paths:
        samples, rate = librosa.load(path)
        # An array of one number in newer versions.
        yield float(max(librosa.beat.beat_track(y=samples, sr=rate)[0], default=0.0))


def _essentia(paths: Sequence[str]) -> Iterator[float]:
    essentia = importlib.import_module("essentia")
    essentia.log.infoActive = essentia.log.warningActive = False
    standard = importlib.import_module("essentia.standard")
    rhythm = standard.RhythmExtractor2013(method="multifeature")
    for path in paths:
        yield float(rhythm(standard.MonoLoader(filename=path)())[0])


def _mixxx(paths: Sequence[str]) -> Iterator[float]:
    for found in importlib.import_module("mixxx_analyzer").analyze_many(list(paths)):
        yield float(found.bpm or 0.0)


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "librosa beat_track": Program("librosa", "librosa", _librosa),
        "Essentia RhythmExtractor2013": Program("essentia", "essentia", _essentia),
        "Mixxx's analyser": Program("mixxx_analyzer", "mixxx", _mixxx),
    }
)
"""The programs by name."""


def main(name: str, *paths: str) -> None:
    """Print the tempo of each file, beats per minute."""
    for bpm in PROGRAMS[name].tempi(paths):
        sys.stdout.write(f"{bpm:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
