"""Music to cases, and new music to old."""

from pathlib import Path
from typing import Annotated

import typer

from paces_live.analysis.feature_config import FeatureConfig
from training.commands.options import CORES, JOINED, MODEL, WORK, Cluster, Seed, Work, Workers, console, progress


def megabatch(
    work: Work = WORK,
    variants: Annotated[int, typer.Option(min=1, help="Degraded versions of each song.")] = 3,
    windows: Annotated[int, typer.Option(min=1, help="Windows drawn from each version.")] = 7,
    seed: Seed = 1,
    workers: Workers = CORES,
    cluster: Cluster = None,
) -> None:
    """Cut the songs into cases through the live feature path.

    Example: python -m training megabatch --windows 7
    """
    from training.dataset.megabatch import build

    with progress("shards") as on_done:
        build(
            work / "corpus",
            work / "megabatch",
            FeatureConfig(),
            seed=seed,
            variants=variants,
            windows=windows,
            workers=workers,
            cluster=cluster,
            on_done=on_done,
        )


def add(
    chunk: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Corpus: a folder with songs and audio.")],
    work: Work = WORK,
    joined: Annotated[Path, typer.Option(help="Work folder to be made, with the old songs and the new.")] = JOINED,
    workers: Workers = CORES,
    cluster: Cluster = None,
) -> None:
    """Split a chunk of new songs, cut them into cases, and join them to the old ones, of which none is moved.

    Example: python -m training add more/corpus --joined .work/joined
    """
    from training.dataset.chunks import add as join

    with progress("shards") as on_done:
        came = join(chunk, work, joined, workers=workers, cluster=cluster, on_done=on_done)
    console.print(f"{came['songs']} songs came: {came['splits']}, {came['meters']}", highlight=False)
    console.print(f"go on with: python -m training train --work {joined}", highlight=False, soft_wrap=True)


def log(
    after: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The model trained with the chunk.")],
    before: Annotated[Path, typer.Option(help="The model trained without it.")] = MODEL,
    joined: Annotated[Path, typer.Option(help="The folder that `add` made.")] = JOINED,
    path: Annotated[Path, typer.Option(help="The data log; its table is written beside it.")] = Path(
        "docs/data-log.jsonl"
    ),
) -> None:
    """Write into the data log what a chunk brought: both models must have been evaluated.

    Example: python -m training log .work/joined/model/paces.tflite
    """
    from training.dataset.chunks import log as append

    line = append(joined, before, after, path)
    console.print(f"{len(line['measures'])} measures before and after are in {path} and {path.with_suffix('.md')}")
