"""The sections of the report on where the model is right and wrong: by ratio, by group of songs, song by song."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from training.corpus.contents import ANNOTATED, GENERATED
from training.evaluate.metrics.candidates import tempo_band
from training.evaluate.metrics.groups import Group, grouped
from training.evaluate.metrics.ratios import ratio_confusion, ratio_name
from training.evaluate.metrics.songs import outcome
from training.evaluate.report.markdown import folded, paces, percent, table
from training.evaluate.report.wording import text
from training.evaluate.run.findings import HELD_OUT, Findings
from training.evaluate.run.songs import Evaluated, measures

LONG = 12
"""Largest number of rows of a table that is not folded."""
NEEDS = """\
These groups are significantly worse than all together, and have enough cases to tell. The test split does not count.
More songs are made only of families of the training split: families of the validation split stay there, so the list
asks for training songs of their meters. `more.json` in this folder holds the shares, and this command makes the songs:

```console
$ python -m training corpus --more .work/report/more.json --songs 200
```

"""
FAMILY = {GENERATED: "groove family", ANNOTATED: "artist"}
"""What the family of a held-out song is."""
OUTCOME_WORDS = {
    "ambiguous": "metrical level",
    "no compatible pace": "no compatible pace",
    "off the ladder": "unrelated pace",
    "nothing found": "no pace",
}
"""Kinds of mistakes, by outcome."""


def ratios(findings: Findings, figure: str) -> str:
    """Return the confusion over the ratios of candidates to the felt tempo, one table for each set."""
    result = (
        "Candidates by their ratio to the felt tempo, within 5 %. Ambiguous candidates are left out, so some ratios "
        f"have few cases.\n\n![wrong predictions by ratio]({figure})\n"
    )
    for name, predictions in findings.tests.items():
        rows = [
            (row.name, f"{row.count:,}", *(percent(share) for share in (row.compatible, row.predicted, row.wrong)))
            for row in ratio_confusion(predictions)
        ]
        heads = ("ratio", "cases", "compatible", "predicted compatible", "wrong")
        result += f"\n### {name}\n\n" + table(heads, rows)
    return result


def groups(findings: Findings, drawn: Mapping[str, str]) -> str:
    """Return the errors of each set by meter, tempo band, and groove family or kind of source."""
    result = f"![wrong predictions by meter and tempo]({drawn['groups']})\n\n"
    result += f"![wrong predictions by groove family]({drawn['families']})\n"
    for name, predictions in findings.tests.items():
        songs = findings.songs.get(name, [])
        family = " or ".join(FAMILY[kind] for kind in findings.contents) if name == HELD_OUT else "source"
        result += f"\n### {name}\n"
        result += "\n" + _grouped("meter", grouped(predictions.meter, predictions.wrong), songs, _meter)
        bands = grouped(predictions.band, predictions.wrong)
        by_tempo = sorted(bands.items(), key=lambda item: float(item[0].partition("-")[0].replace("none", "inf")))
        result += "\n" + _grouped("tempo band", dict(by_tempo), songs, _band)
        families = grouped(predictions.family, predictions.wrong)
        worst_first = sorted(families.items(), key=lambda item: -item[1].error_rate)
        result += "\n" + _grouped(family, dict(worst_first), songs, _family)
    return result


def needs(findings: Findings) -> str:
    """Return the groups that need more data, and the command that makes it."""
    wanted = findings.needs
    if not wanted.more:
        return "No groove family and no meter is significantly worse than all together.\n"
    result = NEEDS
    for title, bad in (
        ("meter, validation", wanted.meters),
        ("groove family, training", wanted.families),
        ("groove family, validation", wanted.lacking),
    ):
        rows = [(name, f"{g.cases:,}", percent(g.error_rate, 2), percent(g.at_least, 2)) for name, g in bad.items()]
        heads = (title, "cases", "wrong predictions", "at least (95 %)")
        result += (table(heads, rows) if rows else f"No {title} is significantly worse.\n") + "\n"
    return result


def songs(name: str, evaluated: Sequence[Evaluated]) -> str:
    """Return the songs of a set: those with a pace missed or wrong, unrelated paces first, then the others, folded."""
    failed: list[tuple[str, ...]] = []
    fine: list[tuple[str, ...]] = []
    for song in evaluated:
        item, result = song.item, song.result()
        kind = outcome(item.tempo, item.meter, result)
        row = (
            *(item.id, item.group, item.meter, f"{item.tempo:.1f}"),
            *(paces(result.truth.compatible), paces(result.found)),
        )
        if kind == "right":
            fine.append(row)
        else:
            named = (_named(spm, item.tempo) for spm in (result.missed(), result.wrong()))
            failed.append((*row, *named, OUTCOME_WORDS[kind]))
    heads = ("song", "group", "meter", "tempo", "compatible", "found", "missed", "wrong", "mistake")
    failed.sort(key=lambda row: row[-1], reverse=True)
    result_text = f"### {name}: {len(failed)} of {len(evaluated)} with a pace missed or wrong\n\n"
    result_text += table(heads, failed) if failed else ""
    return result_text + ("\n" + folded(f"{len(fine)} songs without a mistake", table(heads[:6], fine)) if fine else "")


def _named(spm: Sequence[float], tempo: float) -> str:
    return ", ".join(f"{pace:.1f} ({ratio_name(pace, tempo)})" for pace in sorted(spm))


def _grouped(
    title: str, found: Mapping[str, Group], evaluated: Sequence[Evaluated], key: Callable[[Evaluated], str]
) -> str:
    rows = []
    for name, group in found.items():
        members = [song for song in evaluated if key(song) == name]
        measured = measures(members) if members else {}
        figures = (text(measure, measured[measure]) if members else "" for measure in ("set_f1", "flag_f1"))
        rows.append((name, f"{group.cases:,}", percent(group.error_rate, 2), str(len(members)), *figures))
    lines = table((title, "cases", "wrong predictions", "songs", "pace set F1", "flag F1"), rows)
    return folded(f"all {len(rows)}, by {title}", lines) if len(rows) > LONG else lines


def _meter(song: Evaluated) -> str:
    return song.item.meter


def _band(song: Evaluated) -> str:
    return str(tempo_band(np.array([song.item.tempo]))[0])


def _family(song: Evaluated) -> str:
    return song.item.group
