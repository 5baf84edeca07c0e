"""The report as one page of Markdown: what was found, in words and tables."""

from collections.abc import Iterable, Mapping
from math import isnan

from training.annotations.truth import TOLERANCE
from training.dataset.megabatch import EXACT
from training.evaluate.metrics.diagnosis import FAILURES
from training.evaluate.metrics.reliability import CALIBRATED, calibration_error
from training.evaluate.report import breakdown
from training.evaluate.report.comparison import beside
from training.evaluate.report.goals import outcomes
from training.evaluate.report.markdown import table
from training.evaluate.report.wording import WORDS, of_songs, told
from training.evaluate.run.findings import Findings
from training.evaluate.run.songs import EXCERPT_S, LIVE_S
from training.evaluate.run.sounds import TARGET

SINGLES = (
    *("cases", "larger_class", "accuracy", "balanced_accuracy", "auc", "precision", "recall", "f1"),
    *("exact_accuracy", "exact_balanced_accuracy", "calibration_error"),
)
SONGS = (
    *("songs", "set_precision", "set_recall", "set_f1", "songs_without_wrong_pace"),
    *("flags", "flag_precision", "flag_recall", "flag_f1", "tempo_error_median", "tempo_error_p95"),
    *("acc1", "acc2", *FAILURES, "verdict_median_s", "verdict_p90_s", "no_verdict"),
)
SINGLE_WORDS = f"""\
The verdicts on single candidates at a probability of one half. The megabatch holds windows of 3 to 25 s and sounds
without a pace; the other columns are the candidates that the live engine judges in full windows of 25 s of music,
evenly spaced over each song. Candidates that are a matter of taste are left out. Exact candidates are all but those
that are {100.0 * EXACT:g} to {100.0 * TOLERANCE:g} % off a compatible pace: these count as compatible, but their beats
drift through the fold, no model learns from them, and beside them the tempogram proposes the exact one.

"""
SONG_WORDS = f"""\
Whole songs, heard as `paces-live analyze` hears them; of long tracks the first {EXCERPT_S:.0f} s after the margin.
Ambiguous means that a compatible pace is shown and others are missed or wrong, but all that is shown is a metrical
level of the song (groups of beats, the beat, its division) or a matter of taste; no compatible pace, that only such
levels are shown; off the ladder, that something else is. The time to verdict is that of the first of the engine's
readings that is right and stays right, over the first {LIVE_S:.0f} s of a song.

"""


def markdown(findings: Findings, drawn: Mapping[str, str]) -> str:
    """Return the page; `drawn` names the file of each figure."""
    songs = {name: of_songs(heard) for name, heard in findings.heard.items()}
    sections = [
        _introduction(findings),
        "## Figures to reach\n\n" + _goals(findings),
        "## Single verdicts\n\n" + SINGLE_WORDS + _columns(findings.columns(), SINGLES),
        "## Whole songs\n\n" + SONG_WORDS + _columns(songs, SONGS),
        f"![time to verdict]({drawn['verdict']})\n",
        "## Sounds without a pace\n\n" + _sounds(findings),
        "## Beside other programs\n\n" + beside(findings),
        "## Calibration\n\n" + _calibration(findings, drawn["reliability"]),
        "## Which ratios are confused\n\n" + breakdown.ratios(findings, drawn["ratios"]),
        "## By meter, tempo and groove family\n\n" + breakdown.groups(findings, drawn),
        "## What needs more data\n\n" + breakdown.needs(findings),
        "## Cost\n\n" + _cost(findings.cost),
        "## Song by song\n\n" + "\n".join(breakdown.songs(name, heard) for name, heard in findings.heard.items()),
    ]
    return "\n".join(sections)


def _introduction(findings: Findings) -> str:
    missing = "".join(f"- {line}\n" for line in findings.missing)
    return f"""\
# Report

Written by `python -m training report`; every figure was measured on the exported int8 file `{findings.model.name}`
(`{findings.identity}`), through the runtime and the engine that a runner uses. The held-out songs are of groove
families that were never trained on, and degraded as by a room and a cheap microphone; one in five stays clean. The open
real set was never trained on or tuned to.
{chr(10) + "Not in this report:" + chr(10) + chr(10) + missing if missing else ""}"""


def _goals(findings: Findings) -> str:
    rows = outcomes(findings)
    measured = sum(not isnan(row.missed_by) for row in rows)
    reached = sum(row.reached for row in rows)
    text = f"Of {len(rows)} figures {measured} were measured and {reached} reached.\n\n"
    return text + table(("data", "measure", "goal", "found", ""), [row.row() for row in rows])


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
    words = (
        f"Heard by the live engine with the target {TARGET:.0f}, degraded like the music. A false flag is a rise of "
        "the flag within 5 %.\nRubato is held-out music whose speed wanders by a third within seconds.\n\n"
    )
    heads = (
        *("sound", "hours", "false flags", "false flags an hour"),
        *("seconds flagged an hour", "seconds an hour with any pace shown"),
    )
    return words + table(heads, rows)


def _calibration(findings: Findings, figure: str) -> str:
    sets = {"held-out generated, validation": findings.singles["validation"]} | findings.tests
    errors = {name: calibration_error(verdicts.label, verdicts.probability) for name, verdicts in sets.items()}
    words = (
        f"At most {CALIBRATED} is asked for. `export` gave the logits the slope {findings.slope:.2f} and the offset "
        f"{findings.offset:.2f}, fitted on the validation split.\n\n"
    )
    rows = [(name, f"{error:.4f}") for name, error in errors.items()]
    return f"{words}{table(('set', 'expected calibration error'), rows)}\n![reliability]({figure})\n"


def _cost(cost: Mapping[str, float]) -> str:
    words = "The engine at one reading a second, in a process of its own, on the machine that made this page.\n\n"
    rows = [
        ("CPU time for a second of audio", f"{1000.0 * cost['cpu']:.1f} ms"),
        ("CPU time of the model for 16 candidates", f"{1000.0 * cost['inference_s']:.2f} ms"),
        ("from the import to the first reading", f"{cost['first_reading_s']:.2f} s"),
        ("peak memory", f"{cost['peak_mb']:.0f} MB"),
        ("model file", f"{cost['model_kb']:.1f} kB"),
    ]
    return words + table(("measure", "value"), rows)


def _columns(columns: Mapping[str, Mapping[str, float]], measures: Iterable[str]) -> str:
    rows = [(WORDS[measure], *(told(measure, column[measure]) for column in columns.values())) for measure in measures]
    return table(("measure", *columns), rows)
