"""``python -m training``: from nothing to the model that ships, a command a step."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from paces_live.config import FeatureConfig
from paces_live.errors import PacesError
from training.errors import TrainingError

app = typer.Typer(
    help="Makes the model of paces-live: corpus, megabatch, train, export, evaluate, in this order.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console(stderr=True)

Work = Annotated[Path, typer.Option(help="Folder for everything made on the way.")]
Seed = Annotated[int, typer.Option(help="Fixes all that is drawn at random.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes at a time.")]
Model = Annotated[Path, typer.Option(help="The exported model; its manifest lies beside it.")]

if TYPE_CHECKING:
    from training.metrics import Judged

WORK = Path(".work")
MODEL = Path("models/paces.tflite")
CORES = os.cpu_count() or 1


@app.command()
def corpus(
    work: Work = WORK,
    songs: Annotated[int, typer.Option(min=1, help="Number of songs.")] = 1400,
    seed: Seed = 20190129,
    workers: Workers = CORES,
) -> None:
    """Generate songs of exactly known tempo and meter.

    Example: python -m training corpus --songs 1400
    """
    from training.corpus import generate

    with _progress("songs") as on_done:
        outcome = generate(work / "corpus", songs=songs, seed=seed, workers=workers, on_done=on_done)
    for song, reason in outcome.failed.items():
        console.print(f"not made: {song}: {reason}")
    console.print(f"{outcome.made} songs made, {outcome.found} were there, {len(outcome.failed)} failed")


@app.command()
def megabatch(
    work: Work = WORK,
    variants: Annotated[int, typer.Option(min=1, help="Degraded versions of each song.")] = 2,
    windows: Annotated[int, typer.Option(min=1, help="Windows drawn from each version.")] = 6,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Cut the songs into cases through the live feature path.

    Example: python -m training megabatch --windows 6
    """
    from training.megabatch import build

    with _progress("shards") as on_done:
        build(
            work / "corpus",
            work / "megabatch",
            FeatureConfig(),
            seed=seed,
            variants=variants,
            windows=windows,
            workers=workers,
            on_done=on_done,
        )


@app.command()
def train(
    work: Work = WORK,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training cases.")] = 14,
    seed: Seed = 1,
) -> None:
    """Train the network; continues where it was interrupted.

    Example: python -m training train --epochs 14
    """
    from training.train import train as fit

    measures = fit(work / "megabatch", work / "run", FeatureConfig(), seed=seed, epochs=epochs)
    console.print("validation: " + ", ".join(f"{name} {value:.4f}" for name, value in measures.items()))


@app.command()
def export(work: Work = WORK, model: Model = MODEL) -> None:
    """Quantize the trained network to int8 and write it with its manifest.

    Example: python -m training export
    """
    from training.corpus import load
    from training.export import export as convert

    songs = load(work / "corpus")
    provenance = {
        "songs": len(songs),
        "training_songs": sum(song.split == "train" for song in songs),
        "soundfonts": ", ".join(sorted({song.soundfont for song in songs if song.soundfont})),
        "training": json.loads((work / "run" / "validation.json").read_text("utf-8")),
    }
    convert(work / "run", work / "megabatch", model, FeatureConfig(), provenance)
    size = model.stat().st_size + model.with_suffix(".json").stat().st_size
    console.print(f"{model} and its manifest: {size:,} bytes")


@app.command()
def evaluate(
    work: Work = WORK,
    model: Model = MODEL,
    split: Annotated[str, typer.Option(help="test, or validation while choosing.")] = "test",
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure the exported model on held-out songs; writes the manifest's figures and the model card.

    Example: python -m training evaluate
    """
    from training.evaluate import evaluate as measure
    from training.evaluate import record

    with _progress("songs") as on_done:
        measures, judged = measure(
            work / "corpus",
            work / "megabatch",
            model,
            split=split,
            seed=seed,
            workers=workers,
            on_done=on_done,
        )
    Console().print_json(data=measures)
    wrong = [song for song in judged if song.result.wrong() or song.result.missed()]
    Console(width=150).print(_songs(wrong))
    if split == "test":
        record(model, "held-out generated songs, degraded", measures)


@app.command()
def openset(
    csv: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The list of tracks.")],
    work: Work = WORK,
    model: Model = MODEL,
    report: Annotated[Path, typer.Option(help="Where the table of all tracks goes.")] = Path("docs/real-music.md"),
) -> None:
    """Render the open real set, which is never trained on, and measure the exported model on it, librosa beside it.

    Example: python -m training openset --csv open-real-set.csv
    """
    from training import openset as tracks
    from training.card import real_music
    from training.evaluate import evaluate_openset, librosa_tempo, record

    listed = tracks.read(csv)
    with _progress("tracks") as on_done:
        numbers = count(1)
        _, failed = tracks.render_all(
            listed, work / "openset", on_done=lambda _track, _reason: on_done(next(numbers), len(listed))
        )
    for track, reason in failed:
        console.print(f"not rendered: {track.id}: {reason}")
    measures, judged = evaluate_openset(csv, work / "openset", model)
    beside = [librosa_tempo(work / "openset" / f"{song.id}.flac") for song in judged]
    report.write_text(real_music(judged, beside), "utf-8")
    Console().print_json(data=measures)
    console.print(f"the table of {len(judged)} tracks is in {report}")
    record(model, "open real set, constant tempo", measures)


@app.command()
def excerpt(
    songs: Annotated[list[str], typer.Argument(help="Songs of the test split, by their ids.")],
    work: Work = WORK,
    folder: Annotated[Path, typer.Option(help="Where the excerpt goes.")] = Path("paces_live/data"),
) -> None:
    """Make the bundled demo excerpt from songs of the corpus.

    Example: python -m training excerpt 00012 00034
    """
    from training.excerpt import excerpt as write

    for song in write(work / "corpus", songs, folder):
        console.print(f"{song.start:5.1f} to {song.end:5.1f} s: {song.meter}, {song.tempo:.1f} a minute")


def _songs(judged: "list[Judged]") -> Table:
    table = Table("song", "group", "tempo", "compatible", "found", "wrong", "missed")
    for song in judged:
        columns = (song.result.truth.compatible, song.result.found, song.result.wrong(), song.result.missed())
        table.add_row(
            song.id,
            song.group,
            f"{song.tempo:.1f}",
            *(" ".join(f"{x:.1f}" for x in column) for column in columns),
        )
    return table


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on standard error, driven by the function that is yielded."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def main() -> None:
    """Run the command line; what the user can put right is told in one line."""
    try:
        app()
    except (TrainingError, PacesError) as error:
        console.print(f"training: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
