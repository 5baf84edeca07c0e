"""Several networks in one: it learns what they say together, beside the labels."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset.table import Division, Table
from training.networks.experiment import Description
from training.networks.sweep import combine, outcome
from training.networks.train import WEIGHTS, in_order, train
from training.networks.trials import OBJECTIVE, Bench, Outcome

SAID = "training.npy"
"""In a run: probability of each case of the training split, in the order of the megabatch."""


@dataclass(frozen=True, slots=True)
class Distilled:
    """A network, those it learned from, and how these were combined."""

    measures: dict[str, float]
    teachers: Outcome
    way: str


def distil(
    description: Description,
    batches: Path,
    sweep: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seeds: int,
    seed: int = 1,
    epochs: int | None = None,
    on_trained: Callable[[int, int], None] = lambda _done, _total: None,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Distilled:
    """Train `description` on what its networks of several seeds say, combined, and save it into `folder` as a run.

    The networks are those of the sweep in `sweep`; what is missing of them is trained first. They are combined in the
    way that is most accurate on validation cases, and count as much as ``training.distillation`` says (Hinton, Vinyals
    and Dean 2015). Resumable at each step.

    Parameters
    ----------
    seeds
        The networks learned from: those of the seeds 1 to `seeds`, at least two.
    seed
        Of the network that learns.
    on_trained, on_done : callable
        Told the networks of the sweep that are done and their total; then the batches learned from and theirs.
    """
    cases = Division.read(batches, config)
    bench = Bench(sweep, config, total=seeds, epochs=epochs, on_done=on_trained)
    teachers = outcome(description, bench, cases, seeds)
    way = max(teachers.combined, key=lambda name: teachers.combined[name][OBJECTIVE])
    said = np.stack([_said(teachers.folder / f"seed-{number}", cases.train) for number in range(1, seeds + 1)])
    taught = replace(cases, train=replace(cases.train, soft=combine(said)[way]))
    measures = train(taught, folder, description, config, seed=seed, epochs=epochs, on_done=on_done)
    return Distilled(measures, teachers, way)


def _said(run: Path, table: Table) -> NDArray[np.float32]:
    """Return what the network of a run says of the cases of `table`, as they are; kept in the run."""
    kept = run / SAID
    if not kept.exists():
        network = keras.models.load_model(run / WEIGHTS)
        partial = kept.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, network.predict(in_order(table), verbose=0)[:, 0])
            os.fsync(file.fileno())
        partial.replace(kept)
    said: NDArray[np.float32] = np.load(kept)
    return said
