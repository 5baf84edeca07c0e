"""The training set of a network: its cases, their labels and their weights."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset import stream
from training.dataset.augment import chain, shift_phase, vary
from training.dataset.table import Table
from training.errors import TrainingError
from training.networks.experiment import Training

Floats = NDArray[np.float32]

WITH_GENRE = 0.5
"""Share of the cases whose genre the network gets; the others are without, like all cases of the live path."""


class TrainingSet:
    """The cases of a table that a network learns from, with labels and weights.

    Only exact cases are in it, and ambiguous ones only if the plan gives them a label. With `genre`, the network gets
    the genre of half of the cases.

    Raises
    ------
    TrainingError
        If `genre` is set and no case has a known genre.
    """

    def __init__(self, table: Table, plan: Training, *, genre: bool = False) -> None:
        self._plan, self._with_genre = plan, WITH_GENRE if genre else 0.0
        self._table = table.take(table.exact & ((table.label >= 0) | (plan.ambiguous is not None)))
        if genre and (self._table.genre < 0).all():
            raise TrainingError(
                "no genre of the training songs is known: run python -m training megabatch, which writes them, "
                "or leave out experiments with use_genre"
            )
        self._label, self._weight = labels(self._table, plan), weights(self._table, plan)
        self.steps = stream.steps(self._table, batch=plan.batch, balanced=plan.balance == "batches")
        """Number of batches in an epoch."""

    def stream(self, seed: int, epoch: int) -> Any:
        """Return endless batches from `epoch` on, shuffled and varied; see `training.dataset.stream.tf_dataset`."""
        plan = self._plan
        return stream.tf_dataset(
            self._table,
            self._label,
            self._weight,
            batch=plan.batch,
            seed=seed,
            epoch=epoch,
            balanced=plan.balance == "batches",
            augment=chain(*[shift_phase] * plan.shift_phase, *[vary] * plan.augment),
            with_genre=self._with_genre,
        )


def labels(table: Table, plan: Training) -> Floats:
    """Return the label of each case to train with: 1, 0, that of ambiguous cases, or a mixture with soft labels."""
    label = np.where(table.label < 0, plan.ambiguous or 0.0, table.label)
    if table.soft is not None:
        label = (1.0 - plan.distillation) * label + plan.distillation * table.soft
    return label.astype(np.float32)


def weights(table: Table, plan: Training) -> Floats:
    """Return the weight of each case in the loss."""
    weight = song_weights(table) if plan.song_weights else np.ones(len(table), np.float32)
    if plan.balance == "weights":
        share = np.array([np.mean(table.label == label) for label in (0, 1)])
        weight = weight / (2.0 * np.maximum(share, 1e-6))[np.maximum(table.label, 0)]
    return np.where(table.label < 0, plan.ambiguous_weight * weight, weight).astype(np.float32)


def song_weights(table: Table) -> Floats:
    """Return weights of mean 1 with which a song counts by the square root of the number of its candidates."""
    weight = 1.0 / np.sqrt(np.bincount(table.song)[table.song])
    weights: Floats = (weight / weight.mean()).astype(np.float32)
    return weights
