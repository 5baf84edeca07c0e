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
    Path | None,
    typer.Option(help="Exported model, with its manifest next to it; WORK/model/paces.tflite by default."),
]

RealMusic = Annotated[Path, typer.Option("--csv", exists=True, dir_okay=False, help="List of the real-music set.")]

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
    typer.Argument(exists=True, dir_okay=False, help="CSV of one annotator: song, up to three paces, remarks."),
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

REAL_MUSIC = Path("training/real_music.csv")

EXPERIMENT = Path("training/experiments/shipped.toml")

JOINED = Path(".work/joined")

CORES = os.cpu_count() or 1


def exported(work: Path, model: Path | None) -> Path:
    """Return `model`, or else the model of the work folder.

    Raises
    ------
    TrainingError
        There is no such file.
    """
    model = model or work / "model" / SHIPPED.name
    if not model.is_file():
        raise TrainingError(f"there is no model {model}: make it with python -m training export, or name one: --model")
    return model


def is_in(work: Path, model: Path) -> bool:
    """Return whether `model` is in the work folder: the manifests of other models stay as they are.

    Examples
    --------
    >>> is_in(Path(".work"), Path(".work/model/paces.tflite")), is_in(Path(".work"), Path("models/paces.tflite"))
    (True, False)
    """
    return model.resolve().is_relative_to(work.resolve())


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
