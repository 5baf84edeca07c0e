"""What the commands share: options, the console, the progress bar."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(stderr=True)

Work = Annotated[Path, typer.Option(help="Folder for everything made on the way.")]

Seed = Annotated[int, typer.Option(help="Fixes all that is drawn at random.")]

Workers = Annotated[int, typer.Option(min=1, help="Processes at a time.")]

Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the cases, instead of the description's.")]

Strategies = Literal["none", "mirrored"]

Model = Annotated[Path, typer.Option(help="The exported model; its manifest lies beside it.")]

Cluster = Annotated[
    str | None, typer.Option(help="Make the shards on a Ray cluster: auto, or its address ray://HOST:PORT.")
]

LabelFiles = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV: song, up to three paces, remarks; one a person.")
]

Combination = Annotated[
    Literal["union", "intersection", "majority"], typer.Option(help="Which paces are the truth, of several people's.")
]

Tolerance = Annotated[float, typer.Option(min=0.001, max=0.15, help="How far apart paces still are the same.")]

WORK = Path(".work")

MODEL = Path("models/paces.tflite")

NETWORK = Path("training/experiments/shipped.toml")

JOINED = Path(".work/joined")

CORES = os.cpu_count() or 1


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on standard error, driven by the function that is yielded."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
