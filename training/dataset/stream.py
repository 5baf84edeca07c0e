"""Megabatches streamed from disk to learn from: the memory they take does not grow with their size."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.annotations.genres import GENRES
from training.dataset.augment import Augment
from training.dataset.megabatch import LEVELS
from training.dataset.table import Table, read_rows, shapes
from training.errors import TrainingError

BUFFER = 16_384
"""Cases held for shuffling; with the shipped features a case is 8 kB."""
INTERLEAVED = 8
"""Shards read at a time while shuffling."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases to learn from.

    Attributes
    ----------
    folds : ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
    context : ndarray of float32, shape (n, context_values)
    goal : ndarray of float32, shape (n,)
        The probability that the network is to give.
    weight : ndarray of float32, shape (n,)
        What the case counts in the loss.
    genre : ndarray of float32, shape (n, genres)
        1 for the one of `training.annotations.genres`, where the case is told.
    """

    folds: Floats
    context: Floats
    goal: Floats
    weight: Floats
    genre: Floats


def tf_dataset(
    table: Table,
    goal: Floats,
    weight: Floats,
    *,
    batch: int,
    seed: int | None = None,
    balanced: bool = False,
    augment: Augment | None = None,
    epoch: int = 0,
    told: float = 0.0,
) -> Any:
    """Return a `tf.data.Dataset` of ``({"fold", "context", "genre"}, goal, weight)``, with a seed shuffled and endless.

    See `batches` for the parameters. Goals have the shape (n, 1).
    """
    import tensorflow as tf

    def elements() -> Iterator[Any]:
        for part in batches(
            table, goal, weight, batch=batch, seed=seed, balanced=balanced, augment=augment, epoch=epoch, told=told
        ):
            inputs = {"fold": part.folds, "context": part.context, "genre": part.genre}
            yield inputs, part.goal[:, None], part.weight

    fold, context = shapes(table.paths[0])
    signature = (
        {
            "fold": tf.TensorSpec((None, *fold), tf.float32),
            "context": tf.TensorSpec((None, *context), tf.float32),
            "genre": tf.TensorSpec((None, len(GENRES)), tf.float32),
        },
        tf.TensorSpec((None, 1), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )
    count = steps(table, batch=batch) if seed is None else tf.data.INFINITE_CARDINALITY
    dataset = tf.data.Dataset.from_generator(elements, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)


def steps(table: Table, *, batch: int, balanced: bool = False) -> int:
    """Return the number of batches of one epoch of `batches`."""
    return -(-(2 * int(_classes(table).min()) if balanced else len(table)) // batch)


def batches(
    table: Table,
    goal: Floats,
    weight: Floats,
    *,
    batch: int,
    seed: int | None = None,
    balanced: bool = False,
    augment: Augment | None = None,
    epoch: int = 0,
    buffer: int = BUFFER,
    told: float = 0.0,
) -> Iterator[Batch]:
    """Yield the cases of a table; with a seed shuffled and endless, else once and in their order.

    Shuffling reads `INTERLEAVED` shards at a time, in an order drawn anew for each epoch, through a buffer from
    which cases are drawn at random; each case comes once an epoch. An epoch depends on the seed and its number alone.

    Parameters
    ----------
    goal, weight : ndarray of float32, shape (n,)
        Of the cases of the table.
    batch
        Cases of a batch; the last of an epoch may have fewer.
    balanced
        An epoch has all cases of the rarer class and as many of the other, drawn anew each time, and a batch has equal
        numbers of both as long as the buffer has them. What is a matter of taste is left out. Needs a seed.
    augment
        Applied to each batch where there is a seed.
    epoch
        The first epoch: an interrupted training goes on with the batches it would have had.
    buffer
        Cases held for shuffling.
    told
        Share of the cases that are told their genre where there is a seed, drawn anew each time.

    Raises
    ------
    TrainingError
        There is none of a class to be balanced.
    """
    if seed is None:
        if balanced:
            raise TrainingError("balanced batches are drawn at random: they need a seed")
        for rows in _drawn(_in_turn(table, table.by_shard(), interleaved=1), batch, batch, None, None):
            yield _batch(rows, goal, weight, np.full(len(rows), -1))
        return
    while True:
        rng = np.random.default_rng([seed, epoch])
        chosen = _balanced(table, rng) if balanced else np.ones(len(table), bool)
        cases = [here[chosen[here]] for here in table.by_shard()]
        order = rng.permutation(len(cases))
        held = min(max(buffer, batch), int(chosen.sum()))
        label = table.label if balanced else None
        for rows in _drawn(_in_turn(table, [cases[i] for i in order], INTERLEAVED), batch, held, rng, label):
            # Nothing is drawn where nobody is told: other batches stay as they are.
            hears = rng.random(len(rows)) < told if told else np.zeros(len(rows), bool)
            part = _batch(rows, goal, weight, np.where(hears, table.genre[rows.case], -1))
            if augment is not None:
                folds, context = augment(part.folds, part.context, rng)
                part = replace(part, folds=folds, context=context)
            yield part
        epoch += 1


@dataclass(frozen=True, slots=True)
class _Rows:
    """Stored cases: their folds, contexts, and which of the table they are."""

    folds: NDArray[np.int8]
    context: NDArray[np.int8]
    case: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.case)

    def __getitem__(self, rows: Any) -> "_Rows":
        return _Rows(self.folds[rows], self.context[rows], self.case[rows])


def _classes(table: Table) -> NDArray[np.intp]:
    return np.array([(table.label == value).sum() for value in (0, 1)])


def _balanced(table: Table, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Say which cases are in an epoch: all of the rarer class, and as many of the other."""
    classes = _classes(table)
    if classes.min() == 0:
        raise TrainingError("only one class of cases: nothing to balance")
    common = int(classes.argmax())
    chosen: NDArray[np.bool_] = table.label == 1 - common
    chosen[rng.choice(np.flatnonzero(table.label == common), int(classes.min()), replace=False)] = True
    return chosen


def _in_turn(table: Table, cases: Sequence[NDArray[np.intp]], interleaved: int) -> Iterator[_Rows]:
    """Yield blocks of the `cases` of each shard, of a few shards in turn; the next takes the place of one that ends."""
    waiting = iter([here for here in cases if len(here)])
    turn: deque[Iterator[_Rows]] = deque(_blocks(table, here) for here in islice(waiting, interleaved))
    while turn:
        shard = turn.popleft()
        block = next(shard, None)
        if block is None:
            turn.extend(_blocks(table, here) for here in islice(waiting, 1))
        else:
            turn.append(shard)
            yield block


def _blocks(table: Table, cases: NDArray[np.intp]) -> Iterator[_Rows]:
    """Yield the `cases`, all of one shard, in their order."""
    for here, folds, context in read_rows(table.paths[table.shard[cases[0]]], table.row[cases]):
        yield _Rows(folds, context, cases[here])


def _drawn(
    feed: Iterator[_Rows],
    batch: int,
    held: int,
    rng: np.random.Generator | None,
    label: NDArray[np.int8] | None,
) -> Iterator[_Rows]:
    """Yield batches drawn at random from a buffer of `held` cases that the feed keeps full; in order without `rng`.

    With the `label` of each case, equal numbers of both classes are drawn.
    """
    places: _Rows | None = None
    batch = min(batch, held)
    free = np.arange(held)
    for block in feed:
        if places is None:
            shapes = ((held, *column.shape[1:]) for column in _columns(block))
            places = _Rows(*map(np.empty, shapes, (column.dtype for column in _columns(block))))
        while len(block):
            here, free = free[: len(block)], free[len(block) :]
            for place, column in zip(_columns(places), _columns(block), strict=True):
                place[here] = column[: len(here)]
            block = block[len(here) :]
            if not len(free):
                free = np.arange(batch) if rng is None else _draw(batch, rng, places.case, label)
                yield places[free]
    if places is None:
        return
    left = np.setdiff1d(np.arange(held), free)
    while len(left):
        if rng is None or len(left) <= batch:
            some = np.arange(min(batch, len(left)))
        else:
            some = _draw(batch, rng, places.case[left], label)
        yield places[left[some]]
        left = np.delete(left, some)


def _draw(
    batch: int, rng: np.random.Generator, case: NDArray[np.intp], label: NDArray[np.int8] | None
) -> NDArray[np.intp]:
    """Return which `batch` of the buffered cases to take, of both classes equally where `label` is given."""
    if label is None:
        return rng.choice(len(case), batch, replace=False, shuffle=False)
    order = rng.permutation(len(case))
    compatible = label[case[order]] == 1
    # Of each class the first half of the batch; if one has fewer, more of the other.
    rank = np.where(compatible, np.cumsum(compatible), np.cumsum(~compatible))
    drawn: NDArray[np.intp] = order[np.argsort(rank, kind="stable")[:batch]]
    return drawn


def _batch(rows: _Rows, goal: Floats, weight: Floats, genre: NDArray[np.int64]) -> Batch:
    scale = np.float32(LEVELS)
    folds, context = (np.divide(column, scale, dtype=np.float32) for column in (rows.folds, rows.context))
    one_hot = (genre[:, None] == np.arange(len(GENRES))).astype(np.float32)
    return Batch(folds, context, goal[rows.case], weight[rows.case], one_hot)


def _columns(rows: _Rows) -> tuple[NDArray[Any], ...]:
    return rows.folds, rows.context, rows.case
