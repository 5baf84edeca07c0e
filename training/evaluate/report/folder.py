"""The results of a labelled folder: a table of its mistakes, the measures, and all rows as CSV."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from training.evaluate.metrics.songs import OUTCOMES, song_measures
from training.evaluate.report.wording import WORDS, text
from training.evaluate.run.folder import Judged

COLUMNS = ("file", "seconds", "meter", "tempo_bpm", "compatible", "found", "wrong", "missed", "outcome", "error")


def mistakes(judged: Sequence[Judged]) -> Table:
    """Return the files in which something is wrong or missed, and those that were not judged."""
    table = Table("file", "compatible", "found", "wrong", "missed", "what happened")
    for one in judged:
        if one.error:
            table.add_row(one.labelled.file, _rates(one.labelled.truth.compatible), "", "", "", one.error)
        elif one.result and (one.result.wrong() or one.result.missed()):
            result = one.result
            columns = (result.truth.compatible, result.found, result.wrong(), result.missed())
            table.add_row(one.labelled.file, *map(_rates, columns), one.outcome or "")
    return table


def summary(judged: Sequence[Judged]) -> Table:
    """Return the measures of all files that were judged, and how often a wrong pace had which ratio to the tempo."""
    results = [one.result for one in judged if one.result]
    table = Table("measure", "value")
    if not results:
        return table
    outcomes = Counter(one.outcome for one in judged if one.result)
    measures = song_measures(results) | {kind: outcomes[kind] / len(results) for kind in OUTCOMES}
    for name, value in measures.items():
        table.add_row(WORDS[name], text(name, value))
    ratios = Counter(round(spm / one.labelled.tempo, 2) for one in judged if one.result for spm in one.result.wrong())
    for ratio, count in sorted(ratios.items()):
        table.add_row(f"wrong paces at {ratio:g} times the tempo", str(count))
    return table


def write_csv(judged: Sequence[Judged], path: Path) -> None:
    """Write a row for each file; `path` must not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for one in judged:
            label, result = one.labelled, one.result
            found = [_rates(part) for part in (result.found, result.wrong(), result.missed())] if result else [""] * 3
            writer.writerow(
                [
                    *(label.file, f"{one.seconds:.1f}", label.meter, f"{label.tempo:g}"),
                    *(_rates(label.truth.compatible), *found, one.outcome or "", one.error),
                ]
            )


def _rates(paces: Iterable[float]) -> str:
    return " ".join(f"{spm:.1f}" for spm in sorted(paces))
