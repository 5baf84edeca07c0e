"""Where the model is right and wrong: by ratio, by group of songs, song by song."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from training.evaluate.metrics.diagnosis import failure, ratio_confusion, ratio_name
from training.evaluate.metrics.groups import Group, grouped
from training.evaluate.report.markdown import folded, percent, table
from training.evaluate.report.wording import of_songs, told
from training.evaluate.run.findings import HELD_OUT, Findings
from training.evaluate.run.predictions import tempo_band
from training.evaluate.run.songs import Heard

LONG = 12
"""Tables with more rows are folded."""
NEED_WORDS = """\
The groups that are surely worse than all together, with enough cases to tell. The test split has no say in it. More
songs are only made of families that are trained on; families of the validation split stay there, so songs of their
meter are asked for instead. `more.json` beside this page holds the shares, and this makes them:

```console
$ python -m training corpus --more docs/report/more.json --songs 200
```

"""


def ratios(findings: Findings, figure: str) -> str:
    """Return the confusion over the ratios of candidates to the felt tempo, a table for each set."""
    text = (
        "Candidates by their ratio to the felt tempo, within 5 %. Those that are a matter of taste are left out, which "
        f"is why some\nratios have few cases.\n\n![ratios]({figure})\n"
    )
    for name, verdicts in findings.tests.items():
        rows = [
            (row.name, f"{row.count:,}", *(percent(share) for share in (row.true, row.said, row.wrong)))
            for row in ratio_confusion(verdicts)
        ]
        text += f"\n### {name}\n\n" + table(("ratio", "cases", "truly compatible", "judged so", "wrong"), rows)
    return text


def groups(findings: Findings, drawn: Mapping[str, str]) -> str:
    """Return the errors by meter, tempo band and groove family, or kind of source, of each set."""
    text = f"![groups]({drawn['groups']})\n\n![families]({drawn['families']})\n"
    for name, verdicts in findings.tests.items():
        heard = findings.heard.get(name, [])
        family = "groove family" if name == HELD_OUT else "source"
        text += f"\n### {name}\n"
        text += "\n" + _grouped("meter", grouped(verdicts.meter, verdicts.wrong), heard, _meter)
        bands = grouped(verdicts.band, verdicts.wrong)
        by_tempo = sorted(bands.items(), key=lambda item: float(item[0].partition("-")[0].replace("none", "inf")))
        text += "\n" + _grouped("tempo band", dict(by_tempo), heard, _band)
        families = grouped(verdicts.family, verdicts.wrong)
        worst_first = sorted(families.items(), key=lambda item: -item[1].error_rate)
        text += "\n" + _grouped(family, dict(worst_first), heard, _family)
    return text


def needs(findings: Findings) -> str:
    """Return which groups need more data, and how to make it."""
    wanted = findings.needs
    if not wanted.more:
        return "No groove family and no meter is surely worse than all together: nothing is asked for.\n"
    text = NEED_WORDS
    for title, bad in (
        ("meter, validation", wanted.meters),
        ("groove family, training", wanted.families),
        ("groove family, validation", wanted.lacking),
    ):
        rows = [(name, f"{g.cases:,}", percent(g.error_rate, 2), percent(g.at_least, 2)) for name, g in bad.items()]
        heads = (title, "cases", "wrong verdicts", "at least (95 %)")
        text += (table(heads, rows) if rows else f"No {title} stands out.\n") + "\n"
    return text


def songs(name: str, heard: Sequence[Heard]) -> str:
    """Return the songs of a set: those with a pace missed or wrong, the blunders first, then the others, folded."""
    failed: list[tuple[str, ...]] = []
    fine: list[tuple[str, ...]] = []
    for one in heard:
        item, result = one.item, one.judged().result
        kind = failure(item.tempo, item.meter, result)
        plain = (" ".join(f"{spm:.1f}" for spm in sorted(paces)) for paces in (result.truth.compatible, result.found))
        named = (
            ", ".join(f"{spm:.1f} ({ratio_name(spm, item.tempo)})" for spm in sorted(paces))
            for paces in (result.missed(), result.wrong())
        )
        row = (item.id, item.group, item.meter, f"{item.tempo:.1f}", *plain)
        if kind == "right":
            fine.append(row)
        else:
            failed.append((*row, *named, f"**{kind}**"))
    heads = ("song", "group", "meter", "tempo", "compatible", "found", "missed", "wrong", "kind of failure")
    failed.sort(key=lambda row: row[-1], reverse=True)
    text = f"### {name}: {len(failed)} of {len(heard)} with a pace missed or wrong\n\n"
    text += table(heads, failed) if failed else ""
    return text + ("\n" + folded(f"{len(fine)} songs without fault", table(heads[:6], fine)) if fine else "")


def _grouped(title: str, found: Mapping[str, Group], heard: Sequence[Heard], of: Callable[[Heard], str]) -> str:
    rows = []
    for name, group in found.items():
        members = [one for one in heard if of(one) == name]
        measured = of_songs(members) if members else {}
        figures = (told(measure, measured[measure]) if members else "" for measure in ("set_f1", "flag_f1"))
        rows.append((name, f"{group.cases:,}", percent(group.error_rate, 2), str(len(members)), *figures))
    text = table((title, "cases", "wrong verdicts", "songs", "pace set F1", "flag F1"), rows)
    return folded(f"all {len(rows)}, by {title}", text) if len(rows) > LONG else text


def _meter(one: Heard) -> str:
    return one.item.meter


def _band(one: Heard) -> str:
    return str(tempo_band(np.array([one.item.tempo]))[0])


def _family(one: Heard) -> str:
    return one.item.group
