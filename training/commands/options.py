"""Options, console and progress bar of all commands."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from training.errors import TrainingError

console = Console(stderr=True)

Work = Annotated[Path, typer.Option(help="Folder for all intermediate files.")]

Seed = Annotated[int, typer.Option(help="Seed of all random draws.")]

Workers = Annotated[int, typer.Option(min=1, help="Number of processes.")]

ExperimentFile = Annotated[Path, typer.Option("--experiment", "--network", help="TOML file of the experiment.")]

ExperimentArgument = Annotated[Path, typer.Argument(help="TOML file of the experiment.")]

Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the cases; the experiment's by default.")]

Strategies = Literal["none", "mirrored"]

Model = Annotated[
    Path | None, typer.Option(help="Exported model, with its manifest next to it; WORK/model/paces.tflite by default.")
]

RealMusic = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="List of the real-music set.")]

Limit = Annotated[int | None, typer.Option(min=1, help="Largest number of songs of each set, for a quick look.")]

Split = Annotated[
    Literal["train", "validation", "test"],
    typer.Option(help="test, or validation as long as you choose between models."),
]

Cluster = Annotated[
    str | None, typer.Option(help="Make the shards on a Ray cluster: auto, or its address ray://HOST:PORT.")
]

AnnotationFiles = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="CSV of an annotator: song, up to three paces, remarks; or labels.",
    ),
]

Combination = Annotated[
    Literal["union", "intersection", "majority"],
    typer.Option(help="Paces that count: named by any, by all, or by more than half of the annotators."),
]

Tolerance = Annotated[
    float, typer.Option(min=0.001, max=0.15, help="Largest relative difference of paces that count as the same.")
]

WORK = Path(".work")

SHIPPED = Path("models/paces.tflite")
"""The model that ships; only the command ``ship`` changes it."""

TRACKS = Path("training/real_music.csv")
"""List of the real-music set."""

EXPERIMENT = Path("training/experiments/shipped.toml")

JOINED = Path(".work/joined")

CORES = os.cpu_count() or 1


def model_of(work: Path, model: Path | None, *, other: str = f"name the one that ships: --model {SHIPPED}") -> Path:
    """Return the model that the user names, by default that of the work folder; `other` says how to name one.

    Raises
    ------
    TrainingError
        If it does not exist, or has no manifest.
    """
    path = model or work / "model" / "paces.tflite"
    for file in (path, path.with_suffix(".json")):
        if not file.is_file():
            raise TrainingError(
                f"{file} is missing: make a model and its manifest with python -m training export --work {work}, "
                f"or {other}"
            )
    return path


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on standard error; the function that is yielded moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show(table: Table) -> None:
    """Print a table on standard output, wide enough for a file or a pipe."""
    Console(width=None if sys.stdout.isatty() else 150).print(table)
