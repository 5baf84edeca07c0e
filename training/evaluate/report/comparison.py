"""The section of the report that compares the model with other models and with baselines."""

from collections.abc import Sequence

import numpy as np

from training.evaluate.report.markdown import table
from training.evaluate.report.wording import text
from training.evaluate.run.findings import HELD_OUT, Findings
from training.evaluate.run.songs import Evaluated, measures, window_predictions

INTRODUCTION = """\
All heard the same audio in the same run. A baseline estimates one tempo; its pace set is {tempo, half, double}, as a
runner would use it, and its predictions on candidates follow from this set. Acc1 and Acc2 are those of the tempo, or of
a model's most probable pace, which need not be the beat. The processor time is the median over the songs, at a reading
every 2.5 s.
"""
HEADS = (
    *("program", "candidate accuracy", "balanced accuracy", "pace set F1", "flag F1"),
    *("songs without a wrong pace", "Acc1", "Acc2", "CPU ms for 1 s of audio"),
)
MEASURES = ("set_f1", "flag_f1", "songs_without_wrong_pace", "acc1", "acc2")


def comparison(findings: Findings) -> str:
    """Return a table for the cases of the megabatch, and one for each set of songs."""
    result = INTRODUCTION
    if findings.others:
        models = {findings.models[0]: findings.predictions["test"]} | findings.others
        shown = ("accuracy", "balanced_accuracy", "auc", "precision", "recall")
        rows = []
        for name, predictions in models.items():
            measured = predictions.measures()
            rows.append((name, *(f"{measured[measure]:.4f}" for measure in shown)))
        heads = ("model", "candidate accuracy", "balanced accuracy", "ROC AUC", "precision", "recall")
        result += f"\n### {HELD_OUT}, cases of the megabatch\n\n" + table(heads, rows)
    for name, songs in findings.songs.items():
        names = (*findings.models, *findings.baselines(songs))
        result += f"\n### {name}, full windows and whole songs: {len(songs)}\n\n"
        result += table(HEADS, [_row(each, songs) for each in names])
    return result


def _row(name: str, songs: Sequence[Evaluated]) -> tuple[str, ...]:
    windows, whole = window_predictions(songs, name).measures(), measures(songs, name)
    figures = (
        *(text(measure, windows[measure]) for measure in ("accuracy", "balanced_accuracy")),
        *(text(measure, whole[measure]) for measure in MEASURES),
    )
    cpu_ms = 1000.0 * float(np.median([song.cpu_s[name] for song in songs]))
    return name, *figures, f"{cpu_ms:.1f}"
