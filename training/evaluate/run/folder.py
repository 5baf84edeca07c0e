"""A labelled folder: what a model finds in each of its files, as ``paces-live analyze`` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training import live
from training.annotations.labelled import Labelled
from training.errors import TrainingError
from training.evaluate.metrics.songs import Outcome, SongResult, outcome
from training.evaluate.run.baselines import RATE
from training.evaluate.run.songs import loaded
from training.workers import OnDone, ignore_progress, map_in_order

SHORTEST_S = 10.0
"""Length of the shortest file that is judged, seconds: eight beats of 48 a minute."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled file, its length in seconds, and the result; or why it was not judged."""

    labelled: Labelled
    seconds: float = 0.0
    result: SongResult | None = None
    error: str = ""

    @property
    def outcome(self) -> Outcome | None:
        """The kind of the result; None if there is none."""
        label = self.labelled
        return outcome(label.tempo, label.meter, self.result) if self.result else None


def judge(
    labelled: Sequence[Labelled], audio: Path, model: Path, *, workers: int = 2, on_done: OnDone = ignore_progress
) -> list[Judged]:
    """Judge every file; one that cannot be read stops nothing."""
    loaded(model)  # An error of the model is the same for all.
    return map_in_order(_judge, labelled, audio, model, workers=workers, on_done=on_done)


def _judge(labelled: Labelled, audio: Path, model: Path) -> Judged:
    try:
        samples = live.decode(audio / labelled.file, RATE)
    except TrainingError as error:
        return Judged(labelled, error=str(error))
    seconds = len(samples) / RATE
    if seconds < SHORTEST_S:
        return Judged(labelled, seconds, error=f"{seconds:.0f} s is too short: {SHORTEST_S:g} s are needed")
    return Judged(labelled, seconds, SongResult(labelled.truth, live.song_paces(samples, RATE, loaded(model))))
