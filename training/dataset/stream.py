"""Stream megabatches from disk to train from, in memory that does not grow with their size."""

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
"""Number of cases in the shuffle buffer; with the shipped features a case is 8 kB."""
INTERLEAVED = 8
"""Number of shards read at a time while shuffling."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases to learn from.

    Attributes
    ----------
    folds : ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
    context : ndarray of float32, shape (n, context_values)
    label : ndarray of float32, shape (n,)
        Target probability.
    weight : ndarray of float32, shape (n,)
        Weight in the loss.
    genre : ndarray of float32, shape (n, genres)
        One-hot genre of `training.annotations.genres.GENRES`, or zeros if the network does not get it.
    """

    folds: Floats
    context: Floats
    label: Floats
    weight: Floats
    genre: Floats


def tf_dataset(
    table: Table,
    label: Floats,
    weight: Floats,
    *,
    batch: int,
    seed: int | None = None,
    balanced: bool = False,
    augment: Augment | None = None,
    epoch: int = 0,
    with_genre: float = 0.0,
) -> Any:
    """Return a `tf.data.Dataset` of ``({"fold", "context", "genre"}, label, weight)``; labels have the shape (n, 1).

    With a seed it is shuffled and endless. See `batches` for the parameters.
    """
    import tensorflow as tf

    def elements() -> Iterator[Any]:
        for part in batches(
            table,
            label,
            weight,
            batch=batch,
            seed=seed,
            balanced=balanced,
            augment=augment,
            epoch=epoch,
            with_genre=with_genre,
        ):
            inputs = {"fold": part.folds, "context": part.context, "genre": part.genre}
            yield inputs, part.label[:, None], part.weight

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
    """Return the number of batches in one epoch of `batches`."""
    return -(-(2 * int(_classes(table).min()) if balanced else len(table)) // batch)


def batches(
    table: Table,
    label: Floats,
    weight: Floats,
    *,
    batch: int,
    seed: int | None = None,
    balanced: bool = False,
    augment: Augment | None = None,
    epoch: int = 0,
    buffer: int = BUFFER,
    with_genre: float = 0.0,
) -> Iterator[Batch]:
    """Yield the cases of a table: with a seed shuffled and endless, otherwise once and in order.

    Shuffling reads `INTERLEAVED` shards at a time, in a random order for each epoch, into a buffer from which cases are
    drawn at random. Each case comes once per epoch. An epoch depends only on the seed and its number.

    Parameters
    ----------
    label, weight : ndarray of float32, shape (n,)
        Of the cases of the table.
    batch
        Number of cases in a batch; the last batch of an epoch may have fewer.
    balanced
        An epoch has all cases of the rarer class and equally many of the other, drawn for each epoch. A batch has equal
        numbers of both as long as the buffer has them. Ambiguous cases are left out. Needs a seed.
    augment
        Applied to each batch if there is a seed.
    epoch
        Number of the first epoch: an interrupted training continues with the batches that would have come next.
    buffer
        Number of cases in the shuffle buffer.
    with_genre
        Share of the cases whose genre the network gets if there is a seed, drawn for each epoch.

    Raises
    ------
    TrainingError
        If `balanced` has only one class, or no seed.
    """
    if seed is None:
        if balanced:
            raise TrainingError("balanced batches need a seed")
        for rows in _drawn(_in_turn(table, table.by_shard(), interleaved=1), batch, batch, None, None):
            yield _batch(rows, label, weight, np.full(len(rows), -1))
        return
    while True:
        rng = np.random.default_rng([seed, epoch])
        chosen = _balanced(table, rng) if balanced else np.ones(len(table), bool)
        cases = [here[chosen[here]] for here in table.by_shard()]
        order = rng.permutation(len(cases))
        held = min(max(buffer, batch), int(chosen.sum()))
        classes = table.label if balanced else None
        for rows in _drawn(_in_turn(table, [cases[i] for i in order], INTERLEAVED), batch, held, rng, classes):
            # Without genres nothing is drawn, so that other experiments keep their batches.
            known = rng.random(len(rows)) < with_genre if with_genre else np.zeros(len(rows), bool)
            part = _batch(rows, label, weight, np.where(known, table.genre[rows.case], -1))
            if augment is not None:
                folds, context = augment(part.folds, part.context, rng)
                part = replace(part, folds=folds, context=context)
            yield part
        epoch += 1


@dataclass(frozen=True, slots=True)
class _Rows:
    """Stored cases: folds, contexts, and indices in the table."""

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
    """Return a mask of the cases of an epoch: all of the rarer class, and equally many of the other."""
    classes = _classes(table)
    if classes.min() == 0:
        raise TrainingError("the cases are all of one class: there is nothing to balance")
    common = int(classes.argmax())
    chosen: NDArray[np.bool_] = table.label == 1 - common
    chosen[rng.choice(np.flatnonzero(table.label == common), int(classes.min()), replace=False)] = True
    return chosen


def _in_turn(table: Table, cases: Sequence[NDArray[np.intp]], interleaved: int) -> Iterator[_Rows]:
    """Yield blocks of the `cases` of each shard, from a few shards in turn; the next shard replaces one that ends."""
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
    """Yield the `cases`, all of one shard, in order."""
    for here, folds, context in read_rows(table.paths[table.shard[cases[0]]], table.row[cases]):
        yield _Rows(folds, context, cases[here])


def _drawn(
    feed: Iterator[_Rows],
    batch: int,
    held: int,
    rng: np.random.Generator | None,
    classes: NDArray[np.int8] | None,
) -> Iterator[_Rows]:
    """Yield batches drawn at random from a buffer of `held` cases that the feed keeps full; in order without `rng`.

    With the class of each case, equal numbers of both classes are drawn.
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
                free = np.arange(batch) if rng is None else _draw(batch, rng, places.case, classes)
                yield places[free]
    if places is None:
        return
    left = np.setdiff1d(np.arange(held), free)
    while len(left):
        if rng is None or len(left) <= batch:
            some = np.arange(min(batch, len(left)))
        else:
            some = _draw(batch, rng, places.case[left], classes)
        yield places[left[some]]
        left = np.delete(left, some)


def _draw(
    batch: int, rng: np.random.Generator, case: NDArray[np.intp], classes: NDArray[np.int8] | None
) -> NDArray[np.intp]:
    """Return the indices of `batch` buffered cases, of both classes equally if `classes` are given."""
    if classes is None:
        return rng.choice(len(case), batch, replace=False, shuffle=False)
    order = rng.permutation(len(case))
    compatible = classes[case[order]] == 1
    # Half of the batch from each class; if one has too few, more of the other.
    rank = np.where(compatible, np.cumsum(compatible), np.cumsum(~compatible))
    drawn: NDArray[np.intp] = order[np.argsort(rank, kind="stable")[:batch]]
    return drawn


def _batch(rows: _Rows, label: Floats, weight: Floats, genre: NDArray[np.int64]) -> Batch:
    scale = np.float32(LEVELS)
    folds, context = (np.divide(column, scale, dtype=np.float32) for column in (rows.folds, rows.context))
    one_hot = (genre[:, None] == np.arange(len(GENRES))).astype(np.float32)
    return Batch(folds, context, label[rows.case], weight[rows.case], one_hot)


def _columns(rows: _Rows) -> tuple[NDArray[Any], ...]:
    return rows.folds, rows.context, rows.case
