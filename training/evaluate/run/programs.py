"""The baselines as programs of their own: some need another Python, or other versions of a package."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError
from training.evaluate.run import baselines
from training.evaluate.run.baselines import BASELINES
from training.workers import OnDone, ignore_progress

ENVIRONMENTS = Path(".venv-baselines")
"""Folder of the virtual environments that ``make baselines`` sets up."""


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

    def tempi(self, paths: Sequence[Path], *, workers: int = 1, on_done: OnDone = ignore_progress) -> list[float]:
        """Return the tempo of each file, beats per minute, 0 if there is none.

        Raises
        ------
        TrainingError
            If the program fails.
        """
        count = iter(range(1, len(paths) + 1))  # of all threads together; a step of it is atomic
        with ThreadPoolExecutor(workers) as threads:
            parts = list(
                threads.map(
                    lambda first: self._run(paths[first::workers], lambda: on_done(next(count), len(paths))),
                    range(workers),
                )
            )
        return [parts[place % workers][place // workers] for place in range(len(paths))]

    def _run(self, paths: Sequence[Path], on_file: Callable[[], None]) -> list[float]:
        command = [self.python, "-m", baselines.__name__, self.name]
        found: list[float] = []
        if not paths:
            return found
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            feed = ThreadPoolExecutor(1)
            said = feed.submit(process.stderr.read) if process.stderr else None
            if process.stdin and process.stdout:
                process.stdin.write("".join(f"{path}\n" for path in paths))
                process.stdin.close()
                for line in process.stdout:
                    found.append(float(line))
                    on_file()
            message = said.result() if said else ""
            feed.shutdown()
        if process.returncode or len(found) != len(paths):
            last = message.strip().rpartition("\n")[2][-200:]
            raise TrainingError(f"{self.name} failed at {paths[min(len(found), len(paths) - 1)]}: {last}")
        return found


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
