"""The figures to reach: which are, and by how much the others are missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, nan
from typing import Literal

from training.evaluate.metrics.reliability import CALIBRATED
from training.evaluate.report.wording import WORDS, of_songs, of_verdicts, of_windows, told
from training.evaluate.run.findings import HELD_OUT, OPEN_CLEAN, Findings
from training.evaluate.run.sounds import TARGET

SINGLES = (
    (HELD_OUT, "accuracy", 0.98),
    (HELD_OUT, "balanced_accuracy", 0.975),
    (OPEN_CLEAN, "accuracy", 0.99),
    (OPEN_CLEAN, "balanced_accuracy", 0.98),
)
"""Set, measure of single verdicts, and its least value."""
SONGS = ((HELD_OUT, "flag_f1", 0.98), (OPEN_CLEAN, "flag_f1", 0.99))
"""Set, measure of whole songs, and its least value."""
ERRORS = (("tempo_error_median", 0.001), ("tempo_error_p95", 0.005))
"""Tempo error of the true positives, and its greatest value."""
FALSE_FLAGS = 1.0
"""An hour of sounds without a pace must have fewer."""
BASELINE, AHEAD = "stage0", 0.04
"""The research's best network, and how far to be ahead of its accuracy."""
MODEL_KB, INFERENCE_MS = 120.0, 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A figure to reach, and what was found.

    Attributes
    ----------
    data, measure : str
        What was measured of what, in words.
    goal : float
    found : float or None
        None where it was not measured.
    bound : str
        What the found value must be of the goal.
    kind : str
        How `told` writes the values; "" for plain numbers.
    """

    data: str
    measure: str
    goal: float
    found: float | None
    bound: Literal["at least", "at most", "less than"] = "at least"
    kind: str = ""

    @property
    def missed_by(self) -> float:
        """How far `found` is on the wrong side of the goal, 0 where it is not; nan where it was not measured."""
        if self.found is None or isnan(self.found):
            return nan
        return max(0.0, self.goal - self.found if self.bound == "at least" else self.found - self.goal)

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.missed_by == 0.0 and not (self.bound == "less than" and self.found == self.goal)

    def row(self) -> tuple[str, ...]:
        """Return the outcome in words: data, measure, goal, found, verdict."""
        goal = f"{self.bound} {self._written(self.goal)}"
        if self.found is None or isnan(self.found):
            return self.data, self.measure, goal, "not measured", ""
        found = self._written(self.found)
        verdict = "reached" if self.reached else f"**missed by {self._written(self.missed_by)}**"
        return self.data, self.measure, goal, found, verdict

    def _written(self, value: float) -> str:
        return told(self.kind, value) if self.kind else f"{value:.3g}"


def outcomes(findings: Findings) -> list[Outcome]:
    """Return all figures to reach with what was found, computed from the findings."""
    return [*_right(findings), *_ahead(findings), *_quiet(findings), *_small(findings)]


def _right(findings: Findings) -> Iterator[Outcome]:
    tests, songs = findings.tests, {name: of_songs(heard) for name, heard in findings.heard.items()}
    singles = {name: of_verdicts(verdicts) for name, verdicts in tests.items()}
    for data, measure, goal in SINGLES:
        yield Outcome(data, f"candidates: {WORDS[measure]}", goal, singles.get(data, {}).get(measure), kind=measure)
    for data, measure, goal in SONGS:
        yield Outcome(data, WORDS[measure], goal, songs.get(data, {}).get(measure), kind=measure)
    for data in (HELD_OUT, OPEN_CLEAN):
        for measure, goal in ERRORS:
            found = songs.get(data, {}).get(measure)
            yield Outcome(data, WORDS[measure], goal, found, bound="at most", kind=measure)
        measure = "calibration_error"
        yield Outcome(
            data, WORDS[measure], CALIBRATED, singles.get(data, {}).get(measure), bound="at most", kind=measure
        )


def _ahead(findings: Findings) -> Iterator[Outcome]:
    measured: dict[str, float | None] = {HELD_OUT: None, OPEN_CLEAN: None}
    if BASELINE in findings.beside:
        test = findings.singles["test"].measures()["accuracy"]
        measured[HELD_OUT] = test - findings.beside[BASELINE].measures()["accuracy"]
    if BASELINE in findings.models and (heard := findings.heard.get(OPEN_CLEAN)):
        accuracies = [of_windows(heard, name).measures()["accuracy"] for name in (None, BASELINE)]
        measured[OPEN_CLEAN] = accuracies[0] - accuracies[1]
    for data, ahead in measured.items():
        yield Outcome(data, f"candidates: accuracy ahead of {BASELINE}", AHEAD, ahead, kind="accuracy")


def _quiet(findings: Findings) -> Iterator[Outcome]:
    for flags in findings.flags:
        if flags.kind != "rubato":
            rate = flags.hourly(flags.flags)
            yield Outcome(flags.kind, f"false flags an hour at {TARGET:.0f}", FALSE_FLAGS, rate, bound="less than")


def _small(findings: Findings) -> Iterator[Outcome]:
    cost = findings.cost
    yield Outcome("model file", "size, kB", MODEL_KB, cost["model_kb"], bound="at most")
    words = "inference for 16 candidates on one core, ms"
    yield Outcome("model file", words, INFERENCE_MS, 1000.0 * cost["inference_s"], bound="at most")
