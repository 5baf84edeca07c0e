"""Measure the exported model."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from training.commands.options import (
    CORES,
    MODEL,
    WORK,
    Limit,
    Model,
    RealMusic,
    Seed,
    Split,
    Work,
    Workers,
    console,
    progress,
    show,
)
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluate.run.songs import Evaluated


def evaluate(
    work: Work = WORK, model: Model = MODEL, split: Split = "test", seed: Seed = 1, workers: Workers = CORES
) -> None:
    """Measure the exported model on held-out songs; write the manifest and the model card.

    Example: python -m training evaluate
    """
    from training.evaluate.report.manifest import HELD_OUT, record
    from training.evaluate.run.measures import held_out

    with progress("songs") as on_done:
        measures, evaluated = held_out(
            work / "corpus", work / "megabatch", model, split=split, seed=seed, workers=workers, on_done=on_done
        )
    Console().print_json(data=measures)
    show(_mistakes(evaluated))
    if split == "test":
        record(model, HELD_OUT, measures)


def real_music(
    csv: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="List of the real-music set.")],
    work: Work = WORK,
    model: Model = MODEL,
    report: Annotated[Path, typer.Option(help="File of the page.")] = Path("docs/real-music.md"),
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Render the real-music set, measure the exported model and librosa on it, and write a page.

    Example: python -m training real-music --csv tracks.csv
    """
    from training.evaluate.report.manifest import REAL_MUSIC, record
    from training.evaluate.report.real_music import page
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.measures import real_music_set

    listed, folder = tracks.read(csv), tracks.folder(work)
    with progress("tracks") as on_done:
        numbers = count(1)
        _, failed = tracks.render_all(
            listed, folder, on_done=lambda _track, _reason: on_done(next(numbers), len(listed))
        )
    for track, reason in failed:
        console.print(f"not rendered: {track.id}: {reason}")
    evaluated = {}
    for condition, name in REAL_MUSIC.items():
        with progress(condition) as on_done:
            measures, evaluated[condition] = real_music_set(
                csv, folder, model, condition, seed=seed, workers=workers, on_done=on_done
            )
        Console().print_json(data=measures)
        record(model, name, measures)
    report.write_text(page(evaluated["clean"], evaluated["degraded"]), "utf-8")
    console.print(f"the page on {len(evaluated['clean'])} tracks is {report}")


def report(
    work: Work = WORK,
    model: Model = MODEL,
    folder: Annotated[Path, typer.Option(help="Folder of the page and its figures.")] = Path("docs/report"),
    csv: RealMusic = None,
    compare: Annotated[
        list[str] | None, typer.Option("--compare", "--beside", help="NAME=PATH of another exported model; repeatable.")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.0, help="Hours of each kind of sound without a pace.")] = 3.0,
    limit: Limit = None,
    figures: Annotated[Literal["svg", "png"], typer.Option(help="Format of the figures.")] = "svg",
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure the exported model and the installed baselines on everything; write a page with figures.

    Example: python -m training report --csv tracks.csv --compare stage0=.work/stage0/paces.tflite
    """
    from training.evaluate.report.page import write
    from training.evaluate.run.findings import measure

    others = {}
    for pair in compare or []:
        name, equals, path = pair.partition("=")
        if not (name and equals and Path(path).is_file()):
            raise TrainingError(f"{pair} is not NAME=PATH of an exported model: check --compare")
        others[name] = Path(path)
    with progress("songs and sounds") as on_done:
        findings = measure(
            work,
            model,
            csv=csv,
            others=others,
            hours=hours,
            limit=limit,
            seed=seed,
            workers=workers,
            on_done=on_done,
        )
    write(findings, folder, figures)
    console.print(f"the report is {folder / 'README.md'}, the list of songs to make {folder / 'more.json'}")


def latency(
    work: Work = WORK,
    model: Model = MODEL,
    csv: RealMusic = None,
    split: Split = "test",
    page: Annotated[Path, typer.Option(help="File of the page; the curve goes next to it.")] = Path("docs/latency.md"),
    limit: Limit = None,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure how soon a live session is right, at the start of a song and after a song change; write a page.

    Example: python -m training latency --csv tracks.csv
    """
    from training.corpus.songs import load
    from training.evaluate.report import latency as written
    from training.evaluate.run import latency as measure
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.songs import generated, real

    items = {f"{split} split, degraded": generated(load(work / "corpus"), split)[:limit]}
    if csv is not None:
        items["real-music set"] = real(tracks.read(csv), tracks.folder(work), "clean")[:limit]
    sets = {}
    for name, some in items.items():
        with progress(f"{name}: starts") as on_start, progress(f"{name}: song changes") as on_change:
            sets[name] = measure.Latency(
                measure.starts(some, model, seed=seed, workers=workers, on_done=on_start),
                measure.changes(some, model, seed=seed, workers=workers, on_done=on_change),
            )
    figure = page.with_suffix(".svg")
    written.curve(sets, figure)
    page.write_text(written.page(sets, figure.name), "utf-8")
    table = Table("measure", *sets)
    for row in written.rows(sets):
        table.add_row(*row)
    show(table)


def _mistakes(evaluated: "Sequence[Evaluated]") -> Table:
    table = Table("song", "meter", "tempo", "compatible", "found", "wrong", "missed")
    for song in evaluated:
        result = song.result()
        if result.wrong() or result.missed():
            columns = (result.truth.compatible, result.found, result.wrong(), result.missed())
            paces = (" ".join(f"{spm:.1f}" for spm in column) for column in columns)
            table.add_row(song.item.id, song.item.meter, f"{song.item.tempo:.1f}", *paces)
    return table
