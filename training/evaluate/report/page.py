"""The report: one page of Markdown with its figures, from everything that was measured."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from training import live
from training.annotations.truth import TOLERANCE
from training.corpus.contents import kinds
from training.dataset.megabatch import EXACT
from training.evaluate.metrics.reliability import calibration_error
from training.evaluate.metrics.songs import OUTCOMES
from training.evaluate.report import breakdown, corpus, figures
from training.evaluate.report.comparison import comparison
from training.evaluate.report.markdown import table
from training.evaluate.report.wording import WORDS, text
from training.evaluate.run.findings import HELD_OUT, Findings
from training.evaluate.run.songs import EXCERPT_S, LIVE_S, measures

CANDIDATES = (
    *("cases", "larger_class", "accuracy", "balanced_accuracy", "auc", "precision", "recall", "f1"),
    *("exact_accuracy", "exact_balanced_accuracy", "calibration_error"),
)
SONGS = (
    *("songs", "set_precision", "set_recall", "set_f1", "songs_without_wrong_pace"),
    *("flags", "flag_precision", "flag_recall", "flag_f1", "tempo_error_median", "tempo_error_p95"),
    *("acc1", "acc2", *OUTCOMES, "verdict_median_s", "verdict_p90_s", "no_verdict"),
)
"""Measures in the tables."""
INTRODUCTION = """\
# Report

Written by `python -m training report`. Every figure was measured on the exported int8 file `{model}`
(`{identity}`), through the runtime and the live path that runners use.

{sets}
"""
REAL_MUSIC = "The real-music set was not used for training, and no choice depended on it."
CANDIDATE_WORDS = f"""\
Predictions on single candidates at a probability of one half. The megabatch has windows of 3 to 25 s, and negatives.
The other columns are the candidates of a live session in full windows of 25 s, evenly spaced over each song. Ambiguous
candidates are left out. Exact candidates are all but those that are {100.0 * EXACT:g} to {100.0 * TOLERANCE:g} % away
from a compatible pace. Those count as compatible, but their beats drift through the fold, no model learns from them,
and the periodicity proposes the exact candidate next to them.

"""
SONG_WORDS = f"""\
Whole songs, as `paces-live analyze` hears them, from long tracks the first {EXCERPT_S:.0f} s after the margin. A
metrical level is a group of beats, the beat, or a division of the beat. The time to verdict is that of the first
reading that is right and stays right, within the first {LIVE_S:.0f} s of a song.

"""
SOUND_WORDS = f"""\
Negatives in a live session with the target {live.TARGET:.0f}, degraded like the music. The flag is up if a pace within
5 % of the target is shown; each time it goes up counts as a false flag. Rubato is held-out music at a speed that
changes by a third within seconds.

"""
CALIBRATION_WORDS = """\
`export` gave the logits the slope {slope:.2f} and the offset {offset:.2f}, fitted on the validation split.

"""
COST_WORDS = """\
A live session at one reading per second, in a process of its own, on the machine that made this page.

"""


def write(findings: Findings, folder: Path, suffix: str = "svg") -> None:
    """Write the page, its figures and ``more.json``, the list of songs to make, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = figures.draw(findings, folder, suffix)
    (folder / "README.md").write_text(markdown(findings, drawn), "utf-8")
    record = {
        "families": {name: round(share, 5) for name, share in findings.needs.more.items()},
        "meters": {name: round(group.error_rate, 5) for name, group in findings.needs.meters.items()},
    }
    (folder / "more.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def markdown(findings: Findings, drawn: Mapping[str, str]) -> str:
    """Return the page; `drawn` names the file of each figure."""
    songs = {name: measures(found) for name, found in findings.songs.items()}
    song_by_song = "\n".join(breakdown.songs(name, found) for name, found in findings.songs.items())
    sections = [
        _introduction(findings),
        "## Single candidates\n\n" + CANDIDATE_WORDS + _columns(findings.candidate_measures(), CANDIDATES),
        "## Whole songs\n\n" + SONG_WORDS + _columns(songs, SONGS),
        f"![time to verdict]({drawn['verdict']})\n",
        "## Sounds without a pace\n\n" + SOUND_WORDS + _sounds(findings),
        "## Comparison with other programs\n\n" + comparison(findings),
        "## Calibration\n\n" + _calibration(findings, drawn["reliability"]),
        "## Wrong predictions by ratio\n\n" + breakdown.ratios(findings, drawn["ratios"]),
        "## Wrong predictions by meter, tempo and groove family\n\n" + breakdown.groups(findings, drawn),
        "## Groups that need more data\n\n" + breakdown.needs(findings),
        "## Cost\n\n" + COST_WORDS + _cost(findings.cost),
        "## Song by song\n\n" + song_by_song,
    ]
    return "\n".join(sections)


def _introduction(findings: Findings) -> str:
    missing = "".join(f"- {line}\n" for line in findings.missing)
    held_out = corpus.held_out(
        corpus.title(f"held-out {' and '.join(kinds(findings.contents, 'test'))} songs"), own=findings.own
    )
    sets = [f"The {HELD_OUT} are {held_out}", *[REAL_MUSIC] * (len(findings.songs) > 1)]
    words = textwrap.fill(" ".join(sets), corpus.WIDTH, break_on_hyphens=False)
    return INTRODUCTION.format(model=findings.model.name, identity=findings.identity, sets=words) + (
        f"\nNot in this report:\n\n{missing}" if missing else ""
    )


def _sounds(findings: Findings) -> str:
    rows = [
        (
            flags.kind,
            f"{flags.seconds / 3600.0:.2f}",
            str(flags.flags),
            f"{flags.hourly(flags.flags):.1f}",
            f"{flags.hourly(flags.flagged_s):.0f}",
            f"{flags.hourly(flags.shown_s):.0f}",
        )
        for flags in findings.flags
    ]
    heads = (
        *("sound", "hours", "false flags", "false flags per hour"),
        *("seconds with the flag up, per hour", "seconds with any pace shown, per hour"),
    )
    return table(heads, rows)


def _calibration(findings: Findings, figure: str) -> str:
    sets = {f"{HELD_OUT}, validation": findings.predictions["validation"]} | findings.tests
    rows = [(name, f"{calibration_error(found.label, found.probability):.4f}") for name, found in sets.items()]
    words = CALIBRATION_WORDS.format(slope=findings.slope, offset=findings.offset)
    return f"{words}{table(('set', 'expected calibration error'), rows)}\n![reliability diagram]({figure})\n"


def _cost(cost: Mapping[str, float]) -> str:
    rows = [
        ("CPU time for a second of audio", f"{1000.0 * cost['cpu']:.1f} ms"),
        (f"CPU time of the model for {live.CANDIDATES} candidates", f"{1000.0 * cost['inference_s']:.2f} ms"),
        ("from the import to the first reading", f"{cost['first_reading_s']:.2f} s"),
        ("peak memory", f"{cost['peak_mb']:.0f} MB"),
        ("model file", f"{cost['model_kb']:.1f} kB"),
    ]
    return table(("measure", "value"), rows)


def _columns(columns: Mapping[str, Mapping[str, float]], shown: Iterable[str]) -> str:
    rows = [(WORDS[measure], *(text(measure, column[measure]) for column in columns.values())) for measure in shown]
    return table(("measure", *columns), rows)
