"""The exported model, measured."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from training.commands.options import CORES, MODEL, WORK, Model, Seed, Work, Workers, console, progress
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluate.run.songs import Condition, Heard

CONDITIONS: "Mapping[Condition, str]" = MappingProxyType(
    {"clean": "open real set, constant tempo", "degraded": "open real set, constant tempo, degraded"}
)
"""What the manifest calls the measures of the open real set as it is, and degraded."""


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
    from training.evaluate.run.evaluate import evaluate as measure
    from training.evaluate.run.evaluate import record

    with progress("songs") as on_done:
        measures, heard = measure(
            work / "corpus",
            work / "megabatch",
            model,
            split=split,
            seed=seed,
            workers=workers,
            on_done=on_done,
        )
    Console().print_json(data=measures)
    Console(width=150).print(_faulty(heard))
    if split == "test":
        record(model, "held-out generated songs, degraded", measures)


def openset(
    csv: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The list of tracks.")],
    work: Work = WORK,
    model: Model = MODEL,
    report: Annotated[Path, typer.Option(help="Where the table of all tracks goes.")] = Path("docs/real-music.md"),
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Render the open real set, which is never trained on, and measure the exported model on it, librosa beside it.

    Example: python -m training openset --csv open-real-set.csv
    """
    from training.evaluate.report.card import real_music
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.evaluate import evaluate_openset, record

    listed = tracks.read(csv)
    with progress("tracks") as on_done:
        numbers = count(1)
        _, failed = tracks.render_all(
            listed, work / "openset", on_done=lambda _track, _reason: on_done(next(numbers), len(listed))
        )
    for track, reason in failed:
        console.print(f"not rendered: {track.id}: {reason}")
    heard = {}
    for condition, name in CONDITIONS.items():
        with progress(condition) as on_done:
            measures, heard[condition] = evaluate_openset(
                csv, work / "openset", model, condition, seed=seed, workers=workers, on_done=on_done
            )
        Console().print_json(data=measures)
        record(model, name, measures)
    report.write_text(real_music(heard["clean"], heard["degraded"]), "utf-8")
    console.print(f"the table of {len(heard['clean'])} tracks is in {report}")


def report(
    work: Work = WORK,
    model: Model = MODEL,
    folder: Annotated[Path, typer.Option(help="Where the page and its figures go.")] = Path("docs/report"),
    csv: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The open real set's list.")] = None,
    beside: Annotated[list[str] | None, typer.Option(help="NAME=PATH of another exported model; repeatable.")] = None,
    hours: Annotated[float, typer.Option(min=0.0, help="Of each kind of sound without a pace.")] = 3.0,
    limit: Annotated[int | None, typer.Option(min=1, help="So many songs of each set, for a quick look.")] = None,
    figures: Annotated[Literal["svg", "png"], typer.Option(help="What the figures are drawn as.")] = "svg",
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure the exported model on everything, other programs beside it; writes a page with figures.

    Example: python -m training report --csv open-real-set.csv --beside stage0=stage0/paces.tflite
    """
    from training.evaluate.run.everything import report as measure

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


def latency(
    work: Work = WORK,
    model: Model = MODEL,
    csv: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The open real set's list.")] = None,
    split: Annotated[str, typer.Option(help="test, or validation while choosing.")] = "test",
    page: Annotated[Path, typer.Option(help="Where the page goes; the curve goes beside it.")] = Path(
        "docs/latency.md"
    ),
    limit: Annotated[int | None, typer.Option(min=1, help="So many songs of each set, for a quick look.")] = None,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure how quickly the live engine is right, from the start of a song and after a change; writes a page.

    Example: python -m training latency --csv open-real-set.csv
    """
    from training.corpus.songs import load
    from training.evaluate.report.latency import Latency, curve, outcomes
    from training.evaluate.report.latency import page as written
    from training.evaluate.run import latency as measure
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.songs import generated, open_set

    items = {f"{split} split, degraded": generated(load(work / "corpus"), split)[:limit]}
    if csv is not None:
        items["open real set"] = open_set(tracks.read(csv), work / "openset", "clean")[:limit]
    sets = {}
    for name, some in items.items():
        with progress(f"{name}: starts") as on_start, progress(f"{name}: changes") as on_change:
            sets[name] = Latency(
                measure.starts(some, model, seed=seed, workers=workers, on_done=on_start),
                measure.changes(some, model, seed=seed, workers=workers, on_done=on_change),
            )
    figure = page.with_suffix(".svg")
    curve(sets, figure)
    page.write_text(written(sets, figure.name), "utf-8")
    for name, found in sets.items():
        for outcome in outcomes(name, found):
            console.print(*outcome.row(), sep="  ", highlight=False)


def _faulty(heard: "Sequence[Heard]") -> Table:
    table = Table("song", "meter", "tempo", "compatible", "found", "wrong", "missed")
    for one in heard:
        result = one.judged().result
        if result.wrong() or result.missed():
            columns = (result.truth.compatible, result.found, result.wrong(), result.missed())
            paces = (" ".join(f"{spm:.1f}" for spm in column) for column in columns)
            table.add_row(one.item.id, one.item.meter, f"{one.item.tempo:.1f}", *paces)
    return table
