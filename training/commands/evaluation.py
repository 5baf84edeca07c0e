"""The exported model, measured."""

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from training.commands.console import CORES, MODEL, WORK, Model, Seed, Work, Workers, console, progress
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluation.metrics import Judged


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
    from training.evaluation.evaluate import evaluate as measure
    from training.evaluation.evaluate import record

    with progress("songs") as on_done:
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


def openset(
    csv: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The list of tracks.")],
    work: Work = WORK,
    model: Model = MODEL,
    report: Annotated[Path, typer.Option(help="Where the table of all tracks goes.")] = Path("docs/real-music.md"),
) -> None:
    """Render the open real set, which is never trained on, and measure the exported model on it, librosa beside it.

    Example: python -m training openset --csv open-real-set.csv
    """
    from training.evaluation import openset as tracks
    from training.evaluation.card import real_music
    from training.evaluation.evaluate import evaluate_openset, librosa_tempo, record

    listed = tracks.read(csv)
    with progress("tracks") as on_done:
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


def report(
    work: Work = WORK,
    model: Model = MODEL,
    folder: Annotated[Path, typer.Option(help="Where the page and its figures go.")] = Path("docs/report"),
    csv: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The open real set's list.")] = None,
    beside: Annotated[list[str] | None, typer.Option(help="NAME=PATH of another exported model; repeatable.")] = None,
    hours: Annotated[float, typer.Option(min=0.0, help="Of each kind of sound without a pace.")] = 1.0,
    limit: Annotated[int | None, typer.Option(min=1, help="So many songs of each set, for a quick look.")] = None,
    figures: Annotated[str, typer.Option(help="svg or png.")] = "svg",
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure the exported model on everything, other programs beside it; writes a page with figures.

    Example: python -m training report --csv open-real-set.csv --beside stage0=stage0/paces.tflite
    """
    from training.evaluation.report import report as measure

    models = {}
    for pair in beside or []:
        name, equals, path = pair.partition("=")
        if not (name and equals and Path(path).is_file()):
            raise TrainingError(f"--beside wants NAME=PATH of an exported model, not {pair}")
        models[name] = Path(path)
    with progress("songs and sounds") as on_done:
        measure(
            work,
            model,
            folder,
            csv=csv,
            beside=models,
            hours=hours,
            limit=limit,
            seed=seed,
            workers=workers,
            suffix=figures,
            on_done=on_done,
        )
    console.print(f"the report is {folder / 'README.md'}, what needs more data {folder / 'more.json'}")


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
