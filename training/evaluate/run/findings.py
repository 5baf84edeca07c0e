"""All that the report tells, and in which sets of songs it was found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.evaluate.metrics.groups import Needs
from training.evaluate.report.wording import of_verdicts, of_windows
from training.evaluate.run.predictions import Verdicts
from training.evaluate.run.songs import Heard
from training.evaluate.run.sounds import Flags

HELD_OUT = "held-out generated"
OPEN_CLEAN, OPEN_DEGRADED = "open real set, clean", "open real set, degraded"
FULL_WINDOWS = f"{HELD_OUT}, full windows"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the page tells.

    Attributes
    ----------
    model : Path
    identity : str
        Hash of the model.
    slope, offset : float
        That `export` gave the logits.
    models : tuple of str
        Names of the model measured and of those beside it.
    singles : dict
        Verdicts of the model measured on the megabatch, by split.
    beside : dict
        Verdicts of the other models on the megabatch's test split, by name.
    heard : dict
        Songs by set: `HELD_OUT`, `OPEN_CLEAN`, `OPEN_DEGRADED`.
    flags : list of Flags
        Of sounds without a pace.
    cost : dict
        See `training.evaluate.run.cost.measure`.
    needs : Needs
    missing : list of str
        What could not be measured, and why.
    """

    model: Path
    identity: str
    slope: float
    offset: float
    models: tuple[str, ...]
    singles: dict[str, Verdicts]
    beside: dict[str, Verdicts]
    heard: dict[str, list[Heard]]
    flags: list[Flags]
    cost: dict[str, float]
    needs: Needs
    missing: list[str] = field(default_factory=list)

    @property
    def tests(self) -> dict[str, Verdicts]:
        """Single verdicts of the model measured, by set: the megabatch's test cases, and full windows of open songs."""
        windows = {name: of_windows(heard) for name, heard in self.heard.items() if name != HELD_OUT}
        return {HELD_OUT: self.singles["test"]} | windows

    def columns(self) -> dict[str, dict[str, float]]:
        """Return the measures of single verdicts by set, those on full windows of held-out songs too."""
        sets = {name: of_verdicts(verdicts) for name, verdicts in self.tests.items()}
        if heard := self.heard.get(HELD_OUT):
            first, *others = sets
            windows = {FULL_WINDOWS: of_verdicts(of_windows(heard))}
            sets = {first: sets[first]} | windows | {name: sets[name] for name in others}
        return sets

    def rivals(self, heard: Sequence[Heard]) -> tuple[str, ...]:
        """Return the names of the other programs that heard a set."""
        return tuple(dict.fromkeys(name for one in heard for name in one.tempi))
