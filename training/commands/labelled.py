"""Measure a model on a folder of labelled songs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from training.commands.options import CORES, SHIPPED, WORK, Work, Workers, console, progress, show
from training.errors import TrainingError

SUMMARY = (
    *("songs", "right", "songs_without_wrong_pace", "set_precision", "set_recall", "set_f1"),
    *("flag_precision", "flag_recall", "flag_f1", "tempo_error_median", "acc1", "acc2"),
)


def evaluate_folder(
    labels: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="CSV with the columns file, tempo_bpm and meter, or paces."),
    ],
    audio: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of the files.")],
    work: Work = WORK,
    model: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Exported model.")] = SHIPPED,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="CSV with all rows; WORK/LABELS-evaluated.csv by default.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the CSV of an earlier run.")] = False,
    workers: Workers = CORES,
) -> None:
    """Measure a model on your own labelled songs, of any length from 10 s; nothing is trained or changed.

    Example: python -m training evaluate-folder labels.csv --audio music
    """
    from training.annotations.labels import read
    from training.evaluate.metrics.songs import accuracies, song_measures
    from training.evaluate.report.wording import WORDS, text
    from training.evaluate.run.labelled import judge_all, ratios, write

    out = out or work / f"{labels.stem}-evaluated.csv"
    if out.resolve() == labels.resolve():
        raise TrainingError(f"{out} holds the labels: name another file with --out")
    if out.exists() and not overwrite:
        raise TrainingError(f"{out} exists: name another file with --out, or replace it with --overwrite")
    with progress("songs") as on_done:
        judged = judge_all(read(labels), audio, model, workers=workers, on_done=on_done)
    write(judged, out)
    songs = [one for one in judged if not one.reason]
    for one in judged:
        if one.reason:
            console.print(f"not judged: {one.label.file}: {one.reason}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"all {len(judged)} rows are in {out}", highlight=False, soft_wrap=True)
    if not songs:
        raise TrainingError(f"none of the {len(judged)} files could be judged: see the reasons above")
    mistakes = Table("file", "meter", "tempo", "compatible", "found", "wrong", "missed")
    for one in songs:
        result = one.result
        if one.outcome != "right":
            columns = (result.truth.compatible, result.found, result.wrong(), result.missed())
            paces = (" ".join(f"{spm:.1f}" for spm in column) for column in columns)
            mistakes.add_row(escape(one.label.file), one.label.meter, f"{one.label.tempo:.1f}", *paces)
    if mistakes.row_count:
        show(mistakes)
    measures = song_measures([one.result for one in songs])
    tempi = [one.found[0] if one.found else None for one in songs]
    measures |= accuracies([one.label.tempo for one in songs], tempi)
    measures["right"] = sum(one.outcome == "right" for one in songs) / len(songs)
    table = Table("measure", "value")
    for name in SUMMARY:
        table.add_row(WORDS[name], text(name, measures[name]))
    show(table)
    if errors := ratios(songs):
        table = Table("ratio to the tempo", "wrong paces", "missed paces")
        for name, wrong, missed in errors:
            table.add_row(name, str(wrong), str(missed))
        show(table)
