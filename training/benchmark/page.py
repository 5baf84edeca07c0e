"""The page of the benchmark, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.benchmark.figures import BAND, SAMPLES, SLOW_HALF, Figure, figures
from training.benchmark.judging import Judged
from training.benchmark.pieces import CONDITIONS, DRUMS, NO_BEAT, REAL, Split
from training.benchmark.rendering import EXCERPT_S
from training.evaluate.metrics.reliability import calibration_error
from training.evaluate.metrics.times import quantile, share_within
from training.evaluate.report.markdown import folded, percent, table
from training.evaluate.run.latency import TARGETS, Latency
from training.evaluate.run.songs import LIVE_S, NAME, window_predictions
from training.evaluate.run.sounds import total_flags

HEAD = """\
# Benchmark

Hard music with known paces, made from what installs by name; the model was trained on none of it. The music:

- **With drums**: the MIDI files of [Freedoom](https://freedoom.github.io/) (Debian `freedoom`) that have one tempo and
  a meter that can be read and checked. In the test split also those of the real-music set, with people's timing.
- **Folk tunes**: dances of *Ryan's Mammoth Collection*, O'Neill's *Music of Ireland* and Aird's *Airs*, which come with
  `music21`: reels, hornpipes and marches in 2 and 4, waltzes and others in 3/4, jigs in 6/8, slip jigs in 9/8; melody
  alone or with bass and chords, on nine leads, at a tempo drawn from what dancers use.
- **The real-music set**: see [real-music.md](real-music.md).
- **Without a beat**: held chords, speech, noise, scattered sounds, places with people, music in free time.

Each piece lasts {excerpt:.0f} s. *Room* is the same music in a live room (0.8 s), with pink noise 15 dB below it.
*Drift* is people's timing: the spread of the bar lengths within 25 s; the truth is the mean tempo of what is heard. The
splits share no tune, no variant of a tune, and no MIDI file. Validation is for choices; this page shows the **{split}
split**.

paces-live hears a piece as `paces-live analyze` does. Another program estimates one tempo; its set is {{tempo, half,
double}}, as a runner would use it. Of TempoCNN's two tempi the more salient one counts. All heard the same files.
Intervals are 95 % by bootstrap over families of pieces, {samples:,} samples. *Band* is the F1 of paces from {low:.0f}
to {high:.0f} alone. *To taste* leaves halves slower than {slow:.0f} out.

```console
$ make setup-training
$ sh requirements/debian.sh benchmark
$ make baselines
$ .venv/bin/python -m training benchmark --model models/paces.tflite
```

"""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page shows.

    Attributes
    ----------
    split
        The split of the pieces.
    judged
        The pieces.
    programs
        Names of the model and the baselines, with their versions.
    missing
        What could not be done, with the reason.
    """

    split: Split
    judged: Sequence[Judged]
    programs: Mapping[str, str]
    missing: Sequence[str]


Groups = Mapping[str, list[Judged]]


def page(findings: Findings) -> str:
    """Return the page."""
    head = HEAD.format(
        excerpt=EXCERPT_S, split=findings.split, samples=SAMPLES, low=BAND[0], high=BAND[1], slow=SLOW_HALF
    )
    beats = [one for one in findings.judged if one.rendered.piece.part != NO_BEAT]
    names = list(findings.programs)
    by_part = {name: figures(group, names) for name, group in parts(beats).items()}
    text = head + _programs(findings) + "\n## In short\n\n" + _short(by_part, parts(beats))
    text += "\n## Live\n\n" + _live(parts(beats))
    if silent := [one for one in findings.judged if one.rendered.piece.part == NO_BEAT]:
        text += "\n## Without a beat\n\n" + _no_beat(silent, names)
    text += "\n## All programs\n\n"
    for name, found in by_part.items():
        text += folded(f"{name}: {len(parts(beats)[name])} pieces", _all(found)) + "\n"
    text += "\n## By kind of music\n\nSet F1 / flag F1.\n\n" + _kinds(beats, names)
    return text


def parts(judged: Iterable[Judged]) -> Groups:
    """Return the pieces by part; folk tunes clean and in the room."""
    found: dict[str, list[Judged]] = {}
    threes = ("waltz", "jig", "slip jig")
    for part in (*DRUMS.values(), "folk in 2 and 4", "waltz, jig, slip jig", *threes, REAL):
        names = threes if part == "waltz, jig, slip jig" else (part,)
        group = [one for one in judged if one.rendered.piece.part in names]
        if part in (*DRUMS.values(), REAL):
            found[part] = group
        else:
            for condition in CONDITIONS:
                found[f"{part}, {condition}"] = [one for one in group if one.rendered.piece.condition == condition]
    return {name: group for name, group in found.items() if group}


def kinds(judged: Iterable[Judged]) -> Groups:
    """Return the pieces by drift, meter, drums and accompaniment, lead, and condition."""
    found: dict[str, list[Judged]] = {}
    for one in judged:
        piece = one.rendered.piece
        names = [f"timing: {piece.timing}", f"meter: {one.rendered.meter}", f"heard: {piece.condition}"]
        if piece.lead:
            names += [f"lead: {piece.lead}", "melody and accompaniment" if piece.accompanied else "melody alone"]
        else:
            names.append("bands, most with drums")
        for name in names:
            found.setdefault(name, []).append(one)
    return dict(sorted(found.items()))


def _programs(findings: Findings) -> str:
    lines = [f"- {name}" + f" ({version})" * bool(version) for name, version in findings.programs.items()]
    return "\n".join(["Programs:", "", *lines, *(f"- missing: {reason}" for reason in findings.missing)]) + "\n"


def _short(by_part: Mapping[str, Mapping[str, Mapping[str, Figure]]], groups: Groups) -> str:
    heads = ("part", "pieces", "set F1", "flag F1", "no wrong pace", "band", "to taste", "calibration error")
    rows = []
    for name, found in by_part.items():
        own = found[NAME]
        windows = window_predictions([one.evaluated for one in groups[name]])
        shown = [own[measure] for measure in ("set F1", "flag F1")]
        plain = [own[measure].value for measure in ("band F1", "set F1, slow halves to taste")]
        rows.append(
            (
                *(name, str(len(groups[name])), *map(interval, shown), percent(own["no wrong pace"].value)),
                *(*map(share, plain), f"{calibration_error(windows.label, windows.probability):.3f}"),
                *(_best(found, measure) for measure in ("set F1", "flag F1")),
            )
        )
    return table((*heads, "best other, set F1", "best other, flag F1"), rows)


def _best(found: Mapping[str, Mapping[str, Figure]], measure: str) -> str:
    """Return the best baseline, marked if it is ahead by more than chance."""
    others = {name: one for name, one in found.items() if name != NAME}
    if not others:
        return ""
    name = max(others, key=lambda other: np.nan_to_num(others[other][measure].value))
    ahead = others[name][f"ahead in {measure}"]
    return f"{share(others[name][measure].value)} {name}" + " (ahead)" * (ahead.low > 0.0)


def _all(found: Mapping[str, Mapping[str, Figure]]) -> str:
    wide = ("set F1", "flag F1", "ahead in set F1", "ahead in flag F1")
    names = list(dict.fromkeys(name for one in found.values() for name in one))
    rows = [
        (program, *((interval if name in wide else _value)(one[name]) if name in one else "" for name in names))
        for program, one in found.items()
    ]
    return table(("program", *names), rows)


def _kinds(judged: Sequence[Judged], names: Sequence[str]) -> str:
    rows = []
    for kind, group in kinds(judged).items():
        found = figures(group, names)
        cells = (f"{share(found[name]['set F1'].value)} / {share(found[name]['flag F1'].value)}" for name in names)
        rows.append((kind, str(len(group)), *cells))
    return table(("music", "pieces", *names), rows)


def _live(groups: Groups) -> str:
    rows = []
    for name, group in groups.items():
        one = Latency([piece.start for piece in group if piece.start], [])
        hourly = one.imagined / max(one.minutes, 1e-9) * 20.0
        median = quantile(one.paces, 0.5)
        rows.append(
            (
                *(name, f"{median:.0f} s" if np.isfinite(median) else "never"),
                *(percent(share_within(one.paces, seconds)) for seconds in (12.0, LIVE_S)),
                f"{hourly:.2f}",
            )
        )
    heads = (
        "part",
        "right for good, median",
        "within 12 s",
        f"within {LIVE_S:.0f} s",
        "song changes imagined in 20 min",
    )
    return table(heads, rows)


def _no_beat(judged: Sequence[Judged], names: Sequence[str]) -> str:
    kinds: dict[str, list[Judged]] = {}
    for one in judged:
        piece = one.rendered.piece
        kinds.setdefault("held chords" if piece.source == "chords" else piece.name, []).append(one)
    rows = []
    for kind, group in {**kinds, "all": list(judged)}.items():
        totals = [
            total_flags([replace(one.flags[place], kind=kind) for one in group])[0] for place in range(len(TARGETS))
        ]
        worst = max(total.hourly(total.flags) for total in totals)
        shown = [sum(bool(one.result(name).found) for one in group) / len(group) for name in names]
        rows.append(
            (
                *(kind, f"{totals[0].seconds / 3600.0:.2f}", f"{worst:.1f}"),
                percent(totals[0].shown_s / totals[0].seconds),
                *map(percent, shown),
            )
        )
    text = (
        f"Flags are those of the worst target from {TARGETS[0]} to {TARGETS[-1]}. The last columns are the share of\n"
    )
    text += "the sounds in which a program names a pace at all.\n\n"
    return text + table(("sound", "hours", "flags an hour", "readings with a pace", *names), rows)


def interval(figure: Figure) -> str:
    """Return a figure with its interval.

    Examples
    --------
    >>> interval(Figure(0.958, 0.94, 0.9712))
    '.958 (.940 to .971)'
    """
    if np.isnan(figure.value):
        return ""
    return f"{share(figure.value)} ({share(figure.low)} to {share(figure.high)})"


def share(value: float) -> str:
    """Return a share or a difference of shares with three decimals.

    Examples
    --------
    >>> share(0.9581), share(1.0), share(-0.02), share(float("nan"))
    ('.958', '1.000', '-.020', '')
    """
    return "" if np.isnan(value) else f"{value:.3f}".replace("0.", ".", 1)


def _value(figure: Figure) -> str:
    return share(figure.value)
