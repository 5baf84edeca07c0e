"""Compare the events of two machines that heard the same audio, within what rounding explains."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paces_live.analysis.classifier import rounding

SPM = 1e-3
"""Largest relative difference of a pace; far below the 2.5 % of a lock."""
LEVEL_DB = 0.1
"""Largest difference of a level, decibels."""
SHARE = 0.05
"""Largest difference of the share of a song's readings that showed a pace."""
OTHERWISE = 0.05
"""Largest share of readings with a pace more or less: a pace can cross the threshold one reading later."""


@dataclass
class Comparison:
    """The result of a comparison.

    Attributes
    ----------
    readings, otherwise : int
        Readings, and readings with a pace more or less, shown or rejected.
    spm : float
        Largest relative difference of a pace.
    probability : float
        Largest difference of a probability.
    rounding : float
        Largest difference of a probability, as a share of the difference that rounding explains there.
    faults : list of str
        Differences that are not allowed at all.
    """

    readings: int = 0
    otherwise: int = 0
    spm: float = 0.0
    probability: float = 0.0
    rounding: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the two machines agree within the tolerances."""
        return (
            not self.faults
            and self.readings > 0
            and self.spm <= SPM
            and self.rounding <= 1.0
            and self.otherwise <= OTHERWISE * self.readings
        )

    def __str__(self) -> str:
        words = "equal" if self.equal else "NOT EQUAL"
        found = (
            f"{words}: {self.readings} readings, {self.otherwise} with other paces; "
            f"largest difference {100 * self.spm:.3f} % of a pace and {self.probability:.4f} of a probability, "
            f"{100 * self.rounding:.0f} % of what rounding explains"
        )
        return "; ".join([found, *self.faults])


def compare(expected: Iterable[str], got: Iterable[str]) -> Comparison:
    """Compare two runs, each a sequence of JSON lines."""
    ours, theirs = [json.loads(line) for line in expected], [json.loads(line) for line in got]
    comparison = Comparison()
    if [event["type"] for event in ours] != [event["type"] for event in theirs]:
        comparison.faults.append(f"the events differ in number or order: {len(ours)} and {len(theirs)}")
        return comparison
    for one, other in zip(ours, theirs, strict=True):
        _compare_events(comparison, one, other)
    return comparison


def _compare_events(comparison: Comparison, one: dict[str, Any], other: dict[str, Any]) -> None:
    kind = one["type"]
    where = f"{kind} at {one.get('t', one.get('end', 0.0))} s"
    comparison.readings += kind == "reading"
    apart = {"paces", "rejected", "match", "health", "state"}
    if {k: v for k, v in one.items() if k not in apart} != {k: v for k, v in other.items() if k not in apart}:
        comparison.faults.append(f"{where} differs")
    if kind == "reading":
        levels = one["health"]["level_dbfs"], other["health"]["level_dbfs"]
        if abs(levels[0] - levels[1]) > LEVEL_DB or one["health"]["dropped_s"] != other["health"]["dropped_s"]:
            comparison.faults.append(f"{where}: the level or the lost audio differs")
    if kind not in ("reading", "song"):
        return
    same_rejected = _compare_paces(comparison, where, one.get("rejected", []), other.get("rejected", []))
    same_paces = _compare_paces(comparison, where, one["paces"], other["paces"])
    if kind == "reading":
        comparison.otherwise += not (same_paces and same_rejected)
    elif not same_paces:
        comparison.faults.append(f"{where}: the paces differ")
    grades = [event["match"] and event["match"]["grade"] for event in (one, other)]
    if same_paces and (grades[0] != grades[1] or one.get("state") != other.get("state")):
        comparison.faults.append(f"{where}: the match or the state differs")


def _compare_paces(comparison: Comparison, where: str, one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Compare paces in the order of their rates; return False if one side has more, which leaves nothing to compare."""
    if len(one) != len(other):
        return False
    ours, theirs = (sorted(paces, key=lambda pace: pace["spm"]) for paces in (one, other))
    for pace, same in zip(ours, theirs, strict=True):
        difference = abs(same["probability"] - pace["probability"])
        explained = float(rounding(np.array([pace["probability"]]))[0])
        comparison.spm = max(comparison.spm, abs(same["spm"] / pace["spm"] - 1.0))
        comparison.probability = max(comparison.probability, difference)
        comparison.rounding = max(comparison.rounding, difference / explained)
        if abs(same.get("share", 0.0) - pace.get("share", 0.0)) > SHARE:
            comparison.faults.append(f"{where}: a share differs")
    return True
