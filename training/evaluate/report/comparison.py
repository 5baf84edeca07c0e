"""The model beside other models and other programs, on the same audio in the same run."""

from collections.abc import Sequence

import numpy as np

from training.evaluate.report.markdown import table
from training.evaluate.report.wording import of_songs, of_windows, told
from training.evaluate.run.findings import HELD_OUT, Findings
from training.evaluate.run.songs import Heard

WORDS = """\
On the same audio in the same run. Programs that tell one tempo are given the pace set {tempo, half, double}, which is
what a runner would make of it, and the verdicts on candidates that follow from it; Acc1 and Acc2 are of the tempo
itself, for a model of the most probable pace, which is not meant to be the beat. The processor time is the median of
the songs, at a reading every 2.5 s.
"""
HEADS = (
    *("program", "candidate accuracy", "balanced accuracy", "pace set F1", "flag F1"),
    *("songs without wrong pace", "Acc1", "Acc2", "CPU ms for 1 s of audio"),
)
MEASURES = ("set_f1", "flag_f1", "songs_without_wrong_pace", "acc1", "acc2")


def beside(findings: Findings) -> str:
    """Return a table for each set of songs, and one for the cases of the megabatch."""
    text = WORDS
    if findings.beside:
        verdicts = {findings.models[0]: findings.singles["test"]} | findings.beside
        measures = ("accuracy", "balanced_accuracy", "auc", "precision", "recall")
        rows = []
        for name, judged in verdicts.items():
            measured = judged.measures()
            rows.append((name, *(f"{measured[measure]:.4f}" for measure in measures)))
        heads = ("model", "candidate accuracy", "balanced accuracy", "ROC AUC", "precision", "recall")
        text += f"\n### {HELD_OUT}, cases of the megabatch\n\n" + table(heads, rows)
    for name, heard in findings.heard.items():
        names = (*findings.models, *findings.rivals(heard))
        text += f"\n### {name}, full windows and whole songs: {len(heard)}\n\n"
        text += table(HEADS, [_row(one, heard) for one in names])
    return text


def _row(name: str, heard: Sequence[Heard]) -> tuple[str, ...]:
    windows, songs = of_windows(heard, name).measures(), of_songs(heard, name)
    figures = (
        *(told(measure, windows[measure]) for measure in ("accuracy", "balanced_accuracy")),
        *(told(measure, songs[measure]) for measure in MEASURES),
    )
    took = 1000.0 * float(np.median([one.took_s[name] for one in heard]))
    return name, *figures, f"{took:.1f}"
