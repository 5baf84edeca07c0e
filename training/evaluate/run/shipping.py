"""Whether a model may replace the one that ships: both are judged on the same validation songs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from training.corpus.songs import load_some
from training.errors import TrainingError
from training.evaluate.run import songs
from training.workers import OnDone, ignore_progress

DECIDES = "set_f1"
"""The measure of whole validation songs that must not be worse."""
SHIPPED, NEW = "shipped", "new"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Measures of whole validation songs, by model: `SHIPPED`, unless none ships, and `NEW`."""

    measures: Mapping[str, Mapping[str, float]]

    @property
    def worse(self) -> bool:
        """Whether the new model is worse than the one that ships.

        Examples
        --------
        >>> Comparison({"shipped": {"set_f1": 0.98}, "new": {"set_f1": 0.97}}).worse
        True
        """
        before = self.measures.get(SHIPPED)
        return before is not None and self.measures[NEW][DECIDES] < before[DECIDES]


def compare(
    work: Path, new: Path, shipped: Path, *, seed: int = 1, workers: int = 2, on_done: OnDone = ignore_progress
) -> Comparison:
    """Judge two models on the validation songs of a work folder, degraded; they may have different feature paths.

    Raises
    ------
    TrainingError
        The work folder has no validation songs.
    """
    items = songs.generated(load_some(work / "corpus"), "validation")
    if not items:
        raise TrainingError(f"no validation songs in {work / 'corpus'}: make more with python -m training corpus")
    models = {NEW: new} | ({SHIPPED: shipped} if shipped.is_file() else {})
    evaluated = songs.evaluate_all(items, models, seed=seed, workers=workers, on_done=on_done)
    return Comparison(MappingProxyType({name: songs.measures(evaluated, name) for name in models}))
