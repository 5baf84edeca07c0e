"""More songs: a chunk joins the old ones, and the data log shows its effect."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.options import CORES, JOINED, WORK, Cluster, Work, Workers, console, model_of, progress


def add(
    chunk: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Corpus: a folder with songs and audio.")],
    work: Work = WORK,
    joined: Annotated[Path, typer.Option(help="New work folder for the old and the new songs.")] = JOINED,
    workers: Workers = CORES,
    cluster: Cluster = None,
) -> None:
    """Split a chunk of new songs, cut them into cases, and join them to the old ones, which do not move.

    Example: python -m training add more/corpus --joined .work/joined
    """
    from training.dataset.chunks import add as join

    with progress("shards") as on_done:
        came = join(chunk, work, joined, workers=workers, cluster=cluster, on_done=on_done)
    console.print(f"{came['songs']} songs added: {came['splits']}, {came['meters']}", highlight=False)
    console.print(f"continue with: python -m training train --work {joined}", highlight=False, soft_wrap=True)


def log(
    after: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The model trained with the chunk.")],
    work: Work = WORK,
    before: Annotated[
        Path | None, typer.Option(help="The model trained without it; WORK/model/paces.tflite by default.")
    ] = None,
    joined: Annotated[Path, typer.Option(help="The folder that `add` made.")] = JOINED,
    path: Annotated[
        Path | None, typer.Option(help="The data log, WORK/data-log.jsonl by default; its table goes next to it.")
    ] = None,
) -> None:
    """Write the effect of a chunk into the data log; evaluate both models in the joined folder first.

    Example: python -m training log .work/joined/model/paces.tflite
    """
    from training.evaluate.report.data_log import log as append

    path = path or work / "data-log.jsonl"
    line = append(joined, model_of(work, before, other="name one with --before"), after, path)
    console.print(f"{len(line['measures'])} measures before and after are in {path} and {path.with_suffix('.md')}")


def excerpt(
    songs: Annotated[list[str], typer.Argument(metavar="ID=TITLE", help="Songs of the test split, and their titles.")],
    work: Work = WORK,
    folder: Annotated[Path | None, typer.Option(help="Folder of the excerpt; WORK/excerpt by default.")] = None,
) -> None:
    """Make an excerpt for the demo from songs of the corpus.

    Example: python -m training excerpt "00121=Corner Shop Soul" "00927=Kitchen Waltz"
    """
    from training.corpus.excerpt import excerpt as write

    titles = {name: title or name for name, _, title in (song.partition("=") for song in songs)}
    for song in write(work / "corpus", titles, folder or work / "excerpt"):
        console.print(f"{song.start:5.1f} to {song.end:5.1f} s: {song.title}, {song.meter}, {song.tempo:.1f} bpm")
