"""The baselines as programs of their own: some need another Python, or other versions of a package."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError
from training.evaluate.run import baselines
from training.evaluate.run.baselines import BASELINES

ENVIRONMENTS = Path(".venv-baselines")
"""Folder of the virtual environments that ``make baselines`` sets up."""
OnTempo = Callable[[Path, float], None]
"""Called with a file and its tempo."""


@dataclass(frozen=True, slots=True)
class Program:
    """A baseline with the Python that has its package.

    Attributes
    ----------
    name
        A key of `BASELINES`.
    python
        Path of that Python.
    """

    name: str
    python: str

    def version(self) -> str:
        """Return the version of the package that holds it, empty if it is unknown."""
        code = (
            "import importlib.metadata as m, sys; "
            "name = m.packages_distributions()[sys.argv[1]][0]; print(name, m.version(name))"
        )
        command = [self.python, "-c", code, BASELINES[self.name].package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    def tempi(self, paths: Sequence[Path], *, workers: int = 1, on_tempo: OnTempo = lambda _path, _bpm: None) -> None:
        """Find the tempo of each file, beats per minute, 0 if there is none; `on_tempo` gets each at once.

        Raises
        ------
        TrainingError
            If the program fails.
        """
        with ThreadPoolExecutor(workers) as threads:
            for _ in threads.map(lambda first: self._run(paths[first::workers], on_tempo), range(workers)):
                pass

    def _run(self, paths: Sequence[Path], on_tempo: OnTempo) -> None:
        command = [self.python, "-m", baselines.__name__, self.name]
        left = list(reversed(paths))
        if not left:
            return
        with tempfile.TemporaryFile("w+") as names, tempfile.TemporaryFile("w+") as log:
            names.writelines(f"{path}\n" for path in paths)
            names.seek(0)
            with subprocess.Popen(command, stdin=names, stdout=subprocess.PIPE, stderr=log, text=True) as process:
                for line in process.stdout or ():
                    on_tempo(left.pop(), float(line))
            log.seek(0)
            message = log.read()
        if process.returncode or left:
            last = message.strip().rpartition("\n")[2][-200:]
            raise TrainingError(f"{self.name} failed at {(left or paths)[-1]}: {last}")


def programs(folder: Path = ENVIRONMENTS) -> tuple[list[Program], list[str]]:
    """Return the baselines that are installed, each in its environment or else here, and the names of the others."""
    found: list[Program] = []
    missing: list[str] = []
    for name, one in BASELINES.items():
        python = folder / (one.environment or one.package) / "bin" / "python"
        if python.exists():
            found.append(Program(name, str(python)))
        elif importlib.util.find_spec(one.package) is not None:
            found.append(Program(name, sys.executable))
        else:
            missing.append(name)
    return found, missing
