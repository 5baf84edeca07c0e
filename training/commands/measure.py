"""Measure the exported model."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from training.commands.options import (
    CORES,
    TRACKS,
    WORK,
    Limit,
    Model,
    RealMusic,
    Seed,
    Split,
    Work,
    Workers,
    console,
    model_of,
    progress,
    show,
)
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluate.run.songs import Evaluated


def evaluate(
    work: Work = WORK, model: Model = None, split: Split = "test", seed: Seed = 1, workers: Workers = CORES
) -> None:
    """Measure the exported model on held-out songs; write the measures into its manifest, and its model card.

    Example: python -m training evaluate
    """
    from training.corpus.contents import contents
    from training.corpus.songs import load
    from training.evaluate.report.manifest import held_out, record
    from training.evaluate.run import measures as run

    model = model_of(work, model)
    with progress("songs") as on_done:
        measures, evaluated = run.held_out(
            work / "corpus", work / "megabatch", model, split=split, seed=seed, workers=workers, on_done=on_done
        )
    Console().print_json(data=measures)
    mistakes = _mistakes(evaluated)
    if mistakes.row_count:
        show(mistakes)
    if split == "test":
        _say(record(work, model, held_out(contents(load(work / "corpus"))), measures))


def real_music(
    csv: RealMusic = TRACKS,
    work: Work = WORK,
    model: Model = None,
    report: Annotated[Path | None, typer.Option(help="File of the page; WORK/real-music.md by default.")] = None,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Render the real-music set, measure the exported model and librosa on it, and write a page.

    Example: python -m training real-music --model models/paces.tflite
    """
    from training.evaluate.report.manifest import REAL_MUSIC, record
    from training.evaluate.report.real_music import page
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.measures import real_music_set

    model, report = model_of(work, model), report or work / "real-music.md"
    listed, folder = tracks.read(csv), tracks.folder(work)
    with progress("tracks") as on_done:
        numbers = count(1)
        _, failed = tracks.render_all(
            listed, folder, on_done=lambda _track, _reason: on_done(next(numbers), len(listed))
        )
    for reason, number in Counter(reason for _, reason in failed).items():
        console.print(f"not rendered: {reason}" + f" ({number} tracks)" * (number > 1), soft_wrap=True)
    evaluated = {}
    for condition, name in REAL_MUSIC.items():
        with progress(condition) as on_done:
            measures, evaluated[condition] = real_music_set(
                csv, folder, model, condition, seed=seed, workers=workers, on_done=on_done
            )
        Console().print_json(data=measures)
        written = record(work, model, name, measures)
    _say(written)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(page(evaluated["clean"], evaluated["degraded"]), "utf-8")
    _say(report, f"the page on {len(evaluated['clean'])} tracks is ")


def report(
    work: Work = WORK,
    model: Model = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of the page and its figures; WORK/report by default.")
    ] = None,
    csv: RealMusic = TRACKS,
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

    Example: python -m training report --compare shipped=models/paces.tflite
    """
    from training.evaluate.report.page import write
    from training.evaluate.run.findings import measure

    model, folder = model_of(work, model), folder or work / "report"
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
    _say(folder / "README.md", "the report is ")
    _say(folder / "more.json", "the list of songs to make is ")


def latency(
    work: Work = WORK,
    model: Model = None,
    csv: RealMusic = TRACKS,
    split: Split = "test",
    page: Annotated[
        Path | None, typer.Option(help="File of the page, WORK/latency.md by default; the curve goes next to it.")
    ] = None,
    limit: Limit = None,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure how soon a live session is right, at the start of a song and after a song change; write a page.

    Example: python -m training latency --limit 20
    """
    from training.corpus.songs import load
    from training.evaluate.report import latency as written
    from training.evaluate.run import latency as measure
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.songs import generated, real

    model, page = model_of(work, model), page or work / "latency.md"
    found = {
        f"{split} split, degraded": generated(load(work / "corpus"), split),
        "real-music set": real(tracks.read(csv), tracks.folder(work), "clean"),
    }
    items = {name: some[:limit] for name, some in found.items() if some}
    if not items:
        raise TrainingError(
            f"nothing to hear: {work / 'corpus'} has no song of the {split} split, and {tracks.folder(work)} no track; "
            f"make songs with python -m training corpus --work {work}, or tracks with python -m training real-music"
        )
    sets = {}
    for name, some in items.items():
        with progress(f"{name}: starts") as on_start, progress(f"{name}: song changes") as on_change:
            sets[name] = measure.Latency(
                measure.starts(some, model, seed=seed, workers=workers, on_done=on_start),
                measure.changes(some, model, seed=seed, workers=workers, on_done=on_change),
            )
    page.parent.mkdir(parents=True, exist_ok=True)
    figure = page.with_suffix(".svg")
    written.curve(sets, figure)
    page.write_text(written.page(sets, figure.name), "utf-8")
    table = Table("measure", *sets)
    for row in written.rows(sets):
        table.add_row(*row)
    show(table)
    _say(page, "the page is ")


def _say(path: Path, words: str = "the measures are in ") -> None:
    console.print(f"{words}{path}", highlight=False, soft_wrap=True)


def _mistakes(evaluated: "Sequence[Evaluated]") -> Table:
    table = Table("song", "meter", "tempo", "compatible", "found", "wrong", "missed")
    for song in evaluated:
        result = song.result()
        if result.wrong() or result.missed():
            columns = (result.truth.compatible, result.found, result.wrong(), result.missed())
            paces = (" ".join(f"{spm:.1f}" for spm in column) for column in columns)
            table.add_row(song.item.id, song.item.meter, f"{song.item.tempo:.1f}", *paces)
    return table
