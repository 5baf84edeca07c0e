"""Megabatches streamed from disk: the memory they take does not grow with their size."""

import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from training.cases.megabatch import LEVELS, shards
from training.errors import TrainingError

BUFFER = 16_384
"""Cases held for shuffling; with the shipped features a case is 8 kB."""
INTERLEAVED = 8
"""Shards read at a time while shuffling."""
BLOCK = 64
"""Cases taken from a shard in its turn."""

Floats = NDArray[np.float32]
Augment = Callable[[Floats, Floats, np.random.Generator], tuple[Floats, Floats]]
"""Folds, contexts and a source of randomness to the folds and contexts to learn from."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases to learn from.

    Attributes
    ----------
    folds : ndarray of float32, shape (n, fold_beats, fold_steps, n_mels)
    context : ndarray of float32, shape (n, 1 + len(ratios))
    label : ndarray of float32, shape (n,)
        1 compatible, 0 not.
    weight : ndarray of float32, shape (n,)
        What the case counts in the loss.
    """

    folds: Floats
    context: Floats
    label: Floats
    weight: Floats


def stream(
    folder: Path,
    split: str,
    *,
    batch: int,
    seed: int | None = None,
    balanced: bool = False,
    exact: bool = False,
    augment: Augment | None = None,
    epoch: int = 0,
    buffer: int = BUFFER,
) -> Any:
    """Return a `tf.data.Dataset` of ``({"fold", "context"}, label, weight)``, with a seed shuffled and endless.

    See `batches` for the parameters. Labels have the shape (n, 1).
    """
    import tensorflow as tf

    def elements() -> Iterator[Any]:
        numbers = batches(
            folder,
            split,
            batch=batch,
            seed=seed,
            balanced=balanced,
            exact=exact,
            augment=augment,
            epoch=epoch,
            buffer=buffer,
        )
        for part in numbers:
            yield {"fold": part.folds, "context": part.context}, part.label[:, None], part.weight

    folds, context = _shapes(shards(folder, split)[0][0])
    signature = (
        {
            "fold": tf.TensorSpec((None, *folds[1:]), tf.float32),
            "context": tf.TensorSpec((None, *context[1:]), tf.float32),
        },
        tf.TensorSpec((None, 1), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )
    count = tf.data.INFINITE_CARDINALITY
    if seed is None:
        count = steps(folder, split, batch=batch, balanced=balanced, exact=exact)
    dataset = tf.data.Dataset.from_generator(elements, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)


def steps(folder: Path, split: str, *, batch: int, balanced: bool = False, exact: bool = False) -> int:
    """Return the number of batches of one epoch of `batches`."""
    return -(-_Index.read(folder, split, exact=exact).epoch_cases(balanced=balanced) // batch)


def batches(
    folder: Path,
    split: str,
    *,
    batch: int,
    seed: int | None = None,
    balanced: bool = False,
    exact: bool = False,
    augment: Augment | None = None,
    epoch: int = 0,
    buffer: int = BUFFER,
) -> Iterator[Batch]:
    """Yield the cases of a split; with a seed shuffled and endless, else once and in their order.

    Shuffling reads `INTERLEAVED` shards at a time, in an order drawn anew for each epoch, through a buffer from
    which cases are drawn at random; each case comes once an epoch. An epoch depends on the seed and its number alone.
    Every song weighs the same in the loss whatever the number of its candidates, by the square root of their count.

    Parameters
    ----------
    folder
        Shards as `training.cases.megabatch.build` or `training.cases.chunks.add` leave them.
    batch
        Cases of a batch; the last of an epoch may have fewer.
    balanced
        An epoch has all cases of the rarer class and as many of the other, drawn anew each time. Needs a seed.
    exact
        Leave out the cases that are positive by tolerance only.
    augment
        Applied to each batch where there is a seed.
    epoch
        The first epoch: an interrupted training goes on with the batches it would have had.
    buffer
        Cases held for shuffling.

    Raises
    ------
    TrainingError
        There are no shards, or none of a class to be balanced.
    """
    if balanced and seed is None:
        raise TrainingError("balanced batches are drawn at random: they need a seed")
    index = _Index.read(folder, split, exact=exact)
    if seed is None:
        feed = _in_turn(index.shards, index.kept, index.weight, interleaved=1)
        yield from _drawn(feed, batch, batch, None)
        return
    while True:
        rng = np.random.default_rng([seed, epoch])
        rows = index.balanced(rng) if balanced else index.kept
        order = rng.permutation(len(rows))
        feed = _in_turn(
            [index.shards[i] for i in order], [rows[i] for i in order], [index.weight[i] for i in order], INTERLEAVED
        )
        for part in _drawn(feed, batch, min(max(buffer, batch), sum(map(len, rows))), rng):
            if augment is None:
                yield part
            else:
                yield Batch(*augment(part.folds, part.context, rng), part.label, part.weight)
        epoch += 1


def shift_phase(folds: Floats, context: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Let each clip begin at another phase of its beat; what leaves at the end comes back at the beginning.

    An `Augment`: the same clip is learned from at many phases.
    """
    count, beats, phases, bands = folds.shape
    shift = rng.integers(0, phases, (count, 1))
    step = (np.arange(beats * phases) + shift) % (beats * phases)
    shifted = folds.reshape(count, beats * phases, bands)[np.arange(count)[:, None], step]
    return shifted.reshape(folds.shape), context


@dataclass(frozen=True)
class _Index:
    """What is known of all cases of a split without their folds.

    For each shard: the rows that are learned from, the class of each of these, and the weight of every row.
    """

    shards: list[Path]
    kept: list[NDArray[np.intp]]
    label: list[NDArray[np.int8]]
    weight: list[Floats]

    @classmethod
    def read(cls, folder: Path, split: str, *, exact: bool) -> "_Index":
        paths, kept, label, songs = [], [], [], []
        for path, part in shards(folder, split):
            with np.load(path) as columns:
                known = columns["label"] >= 0
                rows = np.flatnonzero(known & columns["exact"] if exact else known)
                kept.append(rows)
                label.append(columns["label"][rows])
                songs.append(part.renumbered(columns["song"]))
            paths.append(path)
        count = np.bincount(np.concatenate([song[rows] for song, rows in zip(songs, kept, strict=True)]))
        # A song all of whose cases are left out weighs nothing, and is asked for by none.
        factor = 1.0 / np.sqrt(np.maximum(count, 1))
        mean = (factor * count).sum() / count.sum()
        longest = max(int(song.max(initial=0)) for song in songs) + 1
        factor = np.pad(factor, (0, longest - len(factor)))
        return cls(paths, kept, label, [(factor[song] / mean).astype(np.float32) for song in songs])

    def epoch_cases(self, *, balanced: bool) -> int:
        classes = self._classes()
        return 2 * int(classes.min()) if balanced else int(classes.sum())

    def balanced(self, rng: np.random.Generator) -> list[NDArray[np.intp]]:
        """Return rows of each shard: all of the rarer class, and as many of the other."""
        classes = self._classes()
        if classes.min() == 0:
            raise TrainingError("only one class of cases: nothing to balance")
        label = np.concatenate(self.label)
        common = int(classes.argmax())
        taken = label != common
        taken[rng.choice(np.flatnonzero(label == common), int(classes.min()), replace=False)] = True
        borders = np.cumsum([len(rows) for rows in self.kept])[:-1]
        return [rows[here] for rows, here in zip(self.kept, np.split(taken, borders), strict=True)]

    def _classes(self) -> NDArray[np.intp]:
        return np.bincount(np.concatenate(self.label), minlength=2)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Stored cases: folds, contexts, labels and weights."""

    folds: NDArray[np.int8]
    context: NDArray[np.int8]
    label: NDArray[np.int8]
    weight: Floats

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: slice) -> "_Rows":
        return _Rows(self.folds[rows], self.context[rows], self.label[rows], self.weight[rows])


def _in_turn(
    paths: Sequence[Path], rows: Sequence[NDArray[np.intp]], weight: Sequence[Floats], interleaved: int
) -> Iterator[_Rows]:
    """Yield blocks of the `rows` of the shards, of a few shards in turn; the next takes the place of one at its end."""
    waiting = iter(zip(paths, rows, weight, strict=True))
    turn: deque[Iterator[_Rows]] = deque(_blocks(*shard) for shard in islice(waiting, interleaved))
    while turn:
        shard = turn.popleft()
        block = next(shard, None)
        if block is None:
            turn.extend(_blocks(*following) for following in islice(waiting, 1))
        else:
            turn.append(shard)
            yield block


def _blocks(path: Path, rows: NDArray[np.intp], weight: Floats) -> Iterator[_Rows]:
    """Yield the `rows` of a shard in their order, in blocks; its folds are never in memory as a whole."""
    with np.load(path) as columns:
        context, label = columns["context"], columns["label"]
    with zipfile.ZipFile(path) as archive, archive.open("folds.npy") as file:
        count, *shape = _shape(file)
        size = int(np.prod(shape))
        for start in range(0, count, BLOCK):
            length = min(BLOCK, count - start)
            folds = np.frombuffer(file.read(length * size), np.int8).reshape(length, *shape)
            first, last = np.searchsorted(rows, (start, start + length))
            here = rows[first:last]
            if len(here):
                yield _Rows(folds[here - start], context[here], label[here], weight[here])


def _drawn(feed: Iterator[_Rows], batch: int, held: int, rng: np.random.Generator | None) -> Iterator[Batch]:
    """Yield batches drawn at random from a buffer of `held` cases that the feed keeps full; in order without `rng`."""
    places: _Rows | None = None
    free = np.arange(held)
    for block in feed:
        if places is None:
            places = _Rows(*(np.empty((held, *column.shape[1:]), column.dtype) for column in _columns(block)))
        while len(block):
            here, free = free[: len(block)], free[len(block) :]
            for place, column in zip(_columns(places), _columns(block), strict=True):
                place[here] = column[: len(here)]
            block = block[len(here) :]
            if not len(free):
                free = np.arange(batch) if rng is None else rng.choice(held, batch, replace=False, shuffle=False)
                yield _batch(places, free)
    if places is None:
        return
    left = np.setdiff1d(np.arange(held), free)
    if rng is not None:
        left = rng.permutation(left)
    for start in range(0, len(left), batch):
        yield _batch(places, left[start : start + batch])


def _batch(places: _Rows, rows: NDArray[np.intp]) -> Batch:
    scale = np.float32(LEVELS)
    return Batch(
        places.folds[rows].astype(np.float32) / scale,
        places.context[rows].astype(np.float32) / scale,
        places.label[rows].astype(np.float32),
        places.weight[rows],
    )


def _columns(rows: _Rows) -> tuple[NDArray[Any], ...]:
    return rows.folds, rows.context, rows.label, rows.weight


def _shape(file: IO[bytes]) -> tuple[int, ...]:
    """Read the header of an array of int8; return its shape and leave the file at its first value."""
    np.lib.format.read_magic(file)
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran_order or dtype != np.int8:
        raise TrainingError("a shard whose folds are not plain int8; make it again with: python -m training megabatch")
    return tuple(shape)


def _shapes(path: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of folds and contexts of a shard."""
    with np.load(path) as columns:
        context = columns["context"].shape
    with zipfile.ZipFile(path) as archive, archive.open("folds.npy") as file:
        return _shape(file), context
