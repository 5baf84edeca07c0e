"""Distillation: one network learns from the combined probabilities of several, and from the labels."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset.table import Splits, Table
from training.networks.experiment import Experiment
from training.networks.sweep import combine, trials
from training.networks.train import WEIGHTS, in_order, train
from training.networks.trials import OBJECTIVE, Result, TrialRunner
from training.workers import OnDone, ignore_progress

TRAIN_PROBABILITIES = "training.npy"
"""File of a run: probability of each case of the training split, in the order of the megabatch."""


@dataclass(frozen=True, slots=True)
class Distilled:
    """Measures of the distilled network, the networks it learned from, and the way of combining them."""

    measures: dict[str, float]
    teachers: Result
    way: str


def distil(
    experiment: Experiment,
    batches: Path,
    sweep: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seeds: int,
    seed: int = 1,
    epochs: int | None = None,
    on_trained: OnDone = ignore_progress,
    on_done: OnDone = ignore_progress,
) -> Distilled:
    """Train `experiment` on the combined probabilities of its networks of several seeds; save the run into `folder`.

    The networks come from the sweep in `sweep`; missing ones are trained first. They are combined in the way that is
    most accurate on validation cases, and have the weight ``training.distillation`` in the labels (Hinton, Vinyals and
    Dean 2015). After an interruption the same call continues.

    Parameters
    ----------
    seeds
        Number of networks to learn from, of the seeds 1 to `seeds`; at least two.
    seed
        Seed of the network that learns.
    on_trained
        Called with the number of finished networks of the sweep and their total.
    on_done
        Called with the number of batches learned from and their total.
    """
    cases = Splits.read(batches, config)
    runner = TrialRunner(sweep, config, total=seeds, epochs=epochs, on_done=on_trained)
    teachers = trials(experiment, runner, cases, seeds)
    way = max(teachers.combined, key=lambda name: teachers.combined[name][OBJECTIVE])
    runs = [teachers.folder / f"seed-{number}" for number in range(1, seeds + 1)]
    soft = combine(np.stack([_probabilities(run, cases.train) for run in runs]))[way]
    softened = replace(cases, train=replace(cases.train, soft=soft))
    measures = train(softened, folder, experiment, config, seed=seed, epochs=epochs, on_done=on_done)
    return Distilled(measures, teachers, way)


def _probabilities(run: Path, table: Table) -> NDArray[np.float32]:
    """Return the probabilities that the network of a run gives the cases of `table`; keep them in the run."""
    kept = run / TRAIN_PROBABILITIES
    if not kept.exists():
        network = keras.models.load_model(run / WEIGHTS, compile=False)
        partial = kept.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, network.predict(in_order(table), verbose=0)[:, 0])
            os.fsync(file.fileno())
        partial.replace(kept)
    probability: NDArray[np.float32] = np.load(kept)
    return probability
