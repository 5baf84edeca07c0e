"""Whether two machines say the same about the same audio."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paces_live.classifier import rounding

SPM = 1e-3
"""Relative: far below the 2.5 % of a lock."""
LEVEL_DB = 0.1
SHARE = 0.05
"""Absolute: of a song's readings, those that showed a pace."""
OTHERWISE = 0.05
"""Share of the readings whose paces may differ in number: at the very threshold one comes or goes a reading later."""


@dataclass
class Comparison:
    """What a comparison found: the largest differences, readings with other paces, and what must not differ.

    `beyond_rounding` counts the probabilities that are farther apart than the model's self-test allows.
    """

    readings: int = 0
    otherwise: int = 0
    spm: float = 0.0
    probability: float = 0.0
    beyond_rounding: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the two machines agree within the tolerances."""
        return (
            not self.faults
            and self.readings > 0
            and self.spm <= SPM
            and self.beyond_rounding == 0
            and self.otherwise <= OTHERWISE * self.readings
        )

    def __str__(self) -> str:
        words = "equal" if self.equal else "NOT EQUAL"
        found = (
            f"{words}: {self.readings} readings, {self.otherwise} with other paces; "
            f"largest difference {100 * self.spm:.3f} % of a pace and {self.probability:.4f} of a probability"
        )
        return "; ".join([found, *self.faults])


def compare(expected: Iterable[str], got: Iterable[str]) -> Comparison:
    """Compare two runs, given as lines of JSON."""
    ours, theirs = [json.loads(line) for line in expected], [json.loads(line) for line in got]
    comparison = Comparison()
    if [event["type"] for event in ours] != [event["type"] for event in theirs]:
        comparison.faults.append(f"other events: {len(ours)} and {len(theirs)}, or in another order")
        return comparison
    for one, other in zip(ours, theirs, strict=True):
        _compare_events(comparison, one, other)
    return comparison


def _compare_events(comparison: Comparison, one: dict[str, Any], other: dict[str, Any]) -> None:
    kind = one["type"]
    where = f"{kind} at {one.get('t', one.get('end', 0.0))} s"
    comparison.readings += kind == "reading"
    told = {"paces", "match", "health", "state"}
    if {k: v for k, v in one.items() if k not in told} != {k: v for k, v in other.items() if k not in told}:
        comparison.faults.append(f"{where} differs")
    if kind == "reading":
        levels = one["health"]["level_dbfs"], other["health"]["level_dbfs"]
        if abs(levels[0] - levels[1]) > LEVEL_DB or one["health"]["dropped_s"] != other["health"]["dropped_s"]:
            comparison.faults.append(f"{where}: another level or loss")
    if kind not in ("reading", "song"):
        return
    ours, theirs = (sorted(event["paces"], key=lambda pace: pace["spm"]) for event in (one, other))
    if len(ours) != len(theirs):
        comparison.otherwise += kind == "reading"
        if kind == "song":
            comparison.faults.append(f"{where} has other paces")
        return
    for pace, same in zip(ours, theirs, strict=True):
        comparison.spm = max(comparison.spm, abs(same["spm"] / pace["spm"] - 1.0))
        difference = abs(same["probability"] - pace["probability"])
        comparison.probability = max(comparison.probability, difference)
        comparison.beyond_rounding += bool(difference > rounding(np.array(pace["probability"])))
        if abs(same.get("share", 0.0) - pace.get("share", 0.0)) > SHARE:
            comparison.faults.append(f"{where}: another share")
    grades = [event["match"] and event["match"]["grade"] for event in (one, other)]
    if grades[0] != grades[1] or one.get("state") != other.get("state"):
        comparison.faults.append(f"{where}: another match or state")
