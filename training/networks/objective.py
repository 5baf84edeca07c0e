"""What a network is to learn: which cases, what it is to say of each, and how much that counts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset import stream
from training.dataset.augment import chain, shift_phase, vary
from training.dataset.table import Table
from training.errors import TrainingError
from training.networks.experiment import Training

Floats = NDArray[np.float32]

TOLD = 0.5
"""Share of the cases that learn with their genre; the others learn to do without, as live."""


class Lesson:
    """The cases of a table that a plan learns from, with their goals and weights.

    What is positive by tolerance only is left out, and so are matters of taste where the plan says nothing of them.
    With `genre`, half of the cases are told theirs.

    Raises
    ------
    TrainingError
        With `genre`, where that of no case is known.
    """

    def __init__(self, table: Table, plan: Training, *, genre: bool = False) -> None:
        self._plan, self._told = plan, TOLD if genre else 0.0
        self._table = table.take(table.exact & ((table.label >= 0) | (plan.taste is not None)))
        if genre and (self._table.genre < 0).all():
            raise TrainingError(
                "no genre of the training songs is known; have python -m training megabatch write them down, "
                "or leave out networks with use_genre"
            )
        self._goal, self._weight = goals(self._table, plan), weights(self._table, plan)
        self.steps = stream.steps(self._table, batch=plan.batch, balanced=plan.balance == "batches")
        """Batches of an epoch."""

    def stream(self, seed: int, epoch: int) -> Any:
        """Return endless batches from `epoch` on, shuffled and varied, see `training.dataset.stream.tf_dataset`."""
        plan = self._plan
        return stream.tf_dataset(
            self._table,
            self._goal,
            self._weight,
            batch=plan.batch,
            seed=seed,
            epoch=epoch,
            balanced=plan.balance == "batches",
            augment=chain(*[shift_phase] * plan.shift_phase, *[vary] * plan.augment),
            told=self._told,
        )


def goals(table: Table, plan: Training) -> Floats:
    """Return the probability that the network is to give each case: the label, or a mixture with softer targets."""
    goal = np.where(table.label < 0, plan.taste or 0.0, table.label)
    if table.soft is not None:
        goal = (1.0 - plan.distillation) * goal + plan.distillation * table.soft
    return goal.astype(np.float32)


def weights(table: Table, plan: Training) -> Floats:
    """Return what each case counts in the loss."""
    weight = song_weights(table) if plan.song_weights else np.ones(len(table), np.float32)
    if plan.balance == "weights":
        share = np.array([np.mean(table.label == label) for label in (0, 1)])
        weight = weight / (2.0 * np.maximum(share, 1e-6))[np.maximum(table.label, 0)]
    return np.where(table.label < 0, plan.taste_weight * weight, weight).astype(np.float32)


def song_weights(table: Table) -> Floats:
    """Return weights by which a song of many candidates counts little more than one of few: by the root of the count.

    Their mean is 1.
    """
    weight = 1.0 / np.sqrt(np.bincount(table.song)[table.song])
    weights: Floats = (weight / weight.mean()).astype(np.float32)
    return weights
