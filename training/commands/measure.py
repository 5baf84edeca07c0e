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
    REAL_MUSIC,
    SHIPPED,
    WORK,
    Limit,
    Model,
    RealMusic,
    Seed,
    Split,
    Work,
    Workers,
    console,
    exported,
    is_in,
    progress,
    show,
)
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluate.run.songs import Evaluated


def evaluate(
    work: Work = WORK, model: Model = None, split: Split = "test", seed: Seed = 1, workers: Workers = CORES
) -> None:
    """Measure the exported model on held-out songs. In the work folder, write its manifest, and its card next to it.

    Example: python -m training evaluate
    """
    from training.evaluate.report.manifest import HELD_OUT, HELD_OUT_ANNOTATED, record
    from training.evaluate.run.measures import held_out

    model = exported(work, model)
    with progress("songs") as on_done:
        measures, evaluated = held_out(
            work / "corpus", work / "megabatch", model, split=split, seed=seed, workers=workers, on_done=on_done
        )
    Console().print_json(data=measures)
    show(_mistakes(evaluated))
    if split == "test":
        generated = all(song.item.meter != "unknown" for song in evaluated)
        if is_in(work, model):
            record(model, HELD_OUT if generated else HELD_OUT_ANNOTATED, measures)


def evaluate_folder(
    labels: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: file and paces, or file, tempo_bpm and meter.")
    ],
    audio: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of the files.")],
    model: Annotated[Path, typer.Option(help="Model to judge; the one that ships by default.")] = SHIPPED,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write, which must not exist; LABELS-results.csv by default.")
    ] = None,
    workers: Workers = CORES,
) -> None:
    """Judge every file of your own labelled folder, as `paces-live analyze` does; any length from 10 s.

    The first line of the CSV names its columns: file, and either paces, such as "82 164", or tempo_bpm and meter.

    The table shows the mistakes, the CSV has all rows. Nothing is overwritten.

    Example: python -m training evaluate-folder labels.csv --audio music
    """
    from training.annotations.labelled import read
    from training.evaluate.report.folder import mistakes, summary, write_csv
    from training.evaluate.run.folder import judge

    out = out or labels.with_name(f"{labels.stem}-results.csv")
    if out.exists():
        raise TrainingError(f"{out} exists: delete it, or name another file with --out")
    labelled = read(labels)
    with progress("files") as on_done:
        judged = judge(labelled, audio, exported(WORK, model), workers=workers, on_done=on_done)
    show(mistakes(judged))
    show(summary(judged))
    write_csv(judged, out)
    console.print(f"{sum(not one.error for one in judged)} of {len(judged)} files were judged; all rows are in {out}")
    if all(one.error for one in judged):
        raise typer.Exit(1)


def real_music(
    csv: RealMusic = REAL_MUSIC,
    work: Work = WORK,
    model: Model = None,
    report: Annotated[Path | None, typer.Option(help="File of the page; WORK/real-music.md by default.")] = None,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Render the real-music set, measure the exported model and librosa on it, and write a page.

    Example: python -m training real-music --model models/paces.tflite
    """
    from training.evaluate.report.manifest import REAL_MUSIC_MEASURES, record
    from training.evaluate.report.real_music import page
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.measures import real_music_set

    model, report = exported(work, model), report or work / "real-music.md"
    listed, folder = tracks.read(csv), tracks.folder(work)
    with progress("tracks") as on_done:
        numbers = count(1)
        _, failed = tracks.render_all(
            listed, folder, on_done=lambda _track, _reason: on_done(next(numbers), len(listed))
        )
    for track, reason in failed:
        console.print(f"not rendered: {track.id}: {reason}")
    evaluated = {}
    for condition, name in REAL_MUSIC_MEASURES.items():
        with progress(condition) as on_done:
            measures, evaluated[condition] = real_music_set(
                csv, folder, model, condition, seed=seed, workers=workers, on_done=on_done
            )
        Console().print_json(data=measures)
        if is_in(work, model):
            record(model, name, measures)
    report.write_text(page(evaluated["clean"], evaluated["degraded"]), "utf-8")
    console.print(f"the page on {len(evaluated['clean'])} tracks is {report}")


def report(
    work: Work = WORK,
    model: Model = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of the page and its figures; WORK/report by default.")
    ] = None,
    csv: RealMusic = REAL_MUSIC,
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

    Example: python -m training report --compare stage0=.work/stage0/paces.tflite
    """
    from training.evaluate.report.page import write
    from training.evaluate.run.findings import measure

    others = {}
    for pair in compare or []:
        name, equals, path = pair.partition("=")
        if not (name and equals and Path(path).is_file()):
            raise TrainingError(f"{pair} is not NAME=PATH of an exported model: check --compare")
        others[name] = Path(path)
    model, folder = exported(work, model), folder or work / "report"
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
    model: Model = None,
    csv: RealMusic = REAL_MUSIC,
    split: Split = "test",
    page: Annotated[
        Path | None, typer.Option(help="File of the page, the curve next to it; WORK/latency.md by default.")
    ] = None,
    limit: Limit = None,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure how soon a live session is right, at the start of a song and after a song change; write a page.

    Example: python -m training latency
    """
    from training.corpus.songs import load
    from training.evaluate.report import latency as written
    from training.evaluate.run import latency as measure
    from training.evaluate.run import real_music as tracks
    from training.evaluate.run.songs import generated, real

    model, page = exported(work, model), page or work / "latency.md"
    items = {
        f"{split} split, degraded": generated(load(work / "corpus"), split)[:limit],
        "real-music set": real(tracks.read(csv), tracks.folder(work), "clean")[:limit],
    }
    items = {name: some for name, some in items.items() if some}
    if not items:
        raise TrainingError(
            f"{work} has no songs of the {split} split and no rendered track: "
            "make some with python -m training corpus, or real-music"
        )
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
