"""The small columns of stored cases: enough to select, label and weight cases before their folds are read."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from training.annotations.genres import GENRES
from training.dataset.megabatch import FIELDS, Megabatch, check, shards
from training.dataset.megabatch import GENRES as GENRES_OF_SONGS
from training.errors import TrainingError

SMALL = FIELDS[2:]
"""The columns besides folds and contexts."""
BLOCK = 64
"""Number of cases read from a shard at a time."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cases, in the order of their shards; folds and contexts stay in the shards.

    Attributes
    ----------
    paths : tuple of Path
        The shards.
    shard, row : ndarray of int32, shape (n,)
        Index of the shard of each case, and its row in the shard.
    spm, label, exact, song, speed : ndarray, shape (n,)
        See `training.dataset.megabatch.Megabatch`; ambiguous cases are included.
    genre : ndarray of int8, shape (n,)
        Index of the song's genre in `training.annotations.genres.GENRES`, -1 if unknown.
    soft : ndarray of float32, shape (n,), optional
        Probabilities from other networks, to learn from together with the label.
    """

    paths: tuple[Path, ...]
    shard: NDArray[np.int32]
    row: NDArray[np.int32]
    spm: NDArray[np.float32]
    label: NDArray[np.int8]
    exact: NDArray[np.bool_]
    song: NDArray[np.int32]
    speed: NDArray[np.float32]
    genre: NDArray[np.int8]
    soft: NDArray[np.float32] | None = None

    @classmethod
    def read(cls, folder: Path, *splits: str) -> Self:
        """Return all cases of some splits of a megabatch."""
        found = [entry for split in splits for entry in shards(folder, split)]
        columns: dict[str, list[NDArray[Any]]] = {entry.name: [] for entry in fields(cls)[1:-1]}
        for number, (path, part) in enumerate(found):
            with np.load(path) as stored:
                for name in set(SMALL) - {"song"}:
                    columns[name].append(stored[name])
                columns["song"].append(part.renumbered(stored["song"]))
                columns["genre"].append(_genres(part.folder, stored["song"]))
            count = len(columns["label"][-1])
            columns["shard"].append(np.full(count, number, np.int32))
            columns["row"].append(np.arange(count, dtype=np.int32))
        return cls(tuple(path for path, _ in found), **{name: np.concatenate(parts) for name, parts in columns.items()})

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the cases at `rows`, a mask or ascending indices."""
        taken = {entry.name: getattr(self, entry.name)[rows] for entry in fields(self)[1:-1]}
        return replace(self, **taken, soft=None if self.soft is None else self.soft[rows])

    @property
    def fingerprint(self) -> str:
        """Hash of the cases and their labels; it does not depend on the place of the shards."""
        digest = hashlib.sha256()
        for entry in fields(self)[1:]:
            if entry.name != "genre" and (column := getattr(self, entry.name)) is not None:
                digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:12]

    def by_shard(self) -> list[NDArray[np.intp]]:
        """Return the indices of the cases of each shard, ascending."""
        return np.split(np.arange(len(self)), np.searchsorted(self.shard, np.arange(1, len(self.paths))))

    def load(self, size: int = BLOCK) -> Iterator[Megabatch]:
        """Yield all cases in order, `size` at a time, or fewer at the end of a shard."""
        for number, cases in enumerate(self.by_shard()):
            for here, folds, context in read_rows(self.paths[number], self.row[cases], size):
                some = cases[here]
                yield Megabatch(folds, context, **{name: getattr(self, name)[some] for name in SMALL})


@dataclass(frozen=True, slots=True)
class Splits:
    """The cases that a network is trained on, and those that it is judged by."""

    train: Table
    validation: Table

    @classmethod
    def read(cls, folder: Path, config: FeatureConfig) -> Self:
        """Return the training and the validation split of a megabatch.

        Raises
        ------
        TrainingError
            If there are no shards, all cases are of one class, or the shards were made by another feature path than
            `config`.
        """
        check(folder, config)
        tables = {split: Table.read(folder, split) for split in ("train", "validation")}
        for split, table in tables.items():
            for label, name in ((0, "incompatible"), (1, "compatible")):
                if not (table.label == label).any():
                    raise TrainingError(f"no case of {folder / split} is {name}: add songs to the {split} split")
        return cls(**tables)

    @property
    def fingerprint(self) -> str:
        """Hash of both tables."""
        return hashlib.sha256((self.train.fingerprint + self.validation.fingerprint).encode()).hexdigest()[:12]


def read_rows(
    path: Path, rows: NDArray[np.int32], size: int = BLOCK
) -> Iterator[tuple[slice, NDArray[np.int8], NDArray[np.int8]]]:
    """Yield folds and contexts at ascending `rows` of a shard, each with the slice of `rows` that it holds.

    The shard is read from its beginning in pieces of `size` cases, so that its folds are never in memory as a whole.
    """
    if not len(rows):
        return
    with np.load(path) as columns:
        context = columns["context"]
    with zipfile.ZipFile(path) as archive, archive.open("folds.npy") as file:
        count, *shape = _shape(file)
        length = int(np.prod(shape))
        for start in range(0, min(count, int(rows[-1]) + 1), size):
            folds = np.frombuffer(file.read(min(size, count - start) * length), np.int8).reshape(-1, *shape)
            first, last = map(int, np.searchsorted(rows, (start, start + size)))
            if first < last:
                here = rows[first:last]
                yield slice(first, last), folds[here - start], context[here]


def shapes(path: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of one fold and one context of a shard."""
    with np.load(path) as columns:
        context = columns["context"].shape
    with zipfile.ZipFile(path) as archive, archive.open("folds.npy") as file:
        return _shape(file)[1:], context[1:]


def _genres(folder: Path, song: NDArray[np.int32]) -> NDArray[np.int8]:
    """Return the genre of each song, given its index in the corpus of the shards of `folder`."""
    note = folder / GENRES_OF_SONGS
    known = json.loads(note.read_text("utf-8")) if note.exists() else []
    # The last one stands for negatives, whose indices come after those of all songs.
    codes = np.array([GENRES.index(genre) if genre else -1 for genre in (*known, "")], np.int8)
    found: NDArray[np.int8] = codes[np.minimum(song, len(known))]
    return found


def _shape(file: IO[bytes]) -> tuple[int, ...]:
    """Read the header of an array of int8; return its shape and leave the file at its first value."""
    np.lib.format.read_magic(file)
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran_order or dtype != np.int8:
        raise TrainingError(
            "the folds of a shard are not plain int8: delete the megabatch and run python -m training megabatch"
        )
    return tuple(shape)
