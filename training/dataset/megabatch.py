"""Build megabatches from songs: shards of cases, ready to train from, made through the live feature path."""

import hashlib
import json
import math
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from paces_live.analysis.candidates import SIDE_LOBE, candidates
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import Cases, build_cases
from paces_live.analysis.periodicity import periodicity
from training.annotations.truth import Truth, labels
from training.corpus.songs import Song, load, missing
from training.corpus.timing import Knots, newest_speed
from training.dataset.cluster import map_shards
from training.dataset.degrade import degrade
from training.dataset.negatives import ORDER, negative
from training.errors import TrainingError
from training.workers import OnDone, ignore_progress

SPLITS = ("train", "validation", "test")
MADE_WITH, PARTS = "made-with.json", "parts.json"
"""Files of a folder of shards: the parameters that made them; the folders that it joins, if it joins others."""
GENRES = "genres.json"
"""File of a folder of shards: the genre of each song, empty if unknown."""
CONTENTS = 6
"""Version of the shards' contents: it rises when a change of the code makes other cases of the same songs."""
SHARD_SONGS = 40
"""Number of songs and negatives in a shard."""
NEGATIVE_EVERY = 5
"""Number of songs for which there is one negative."""
SHORTEST = 0.12
"""Length of the shortest window relative to the full one: three seconds."""
LEVELS = 127.0
"""Stored value of folds and contexts that stands for 1; they are stored as int8."""
EXACT = 0.015
"""Largest relative difference from a compatible pace of an exact case.

Networks do not learn from cases further away but within the tolerance: their beats drift through the fold, which the
refined candidates of the live path never do.
"""


@dataclass(frozen=True, slots=True)
class Megabatch:
    """Cases of one split.

    Attributes
    ----------
    folds : ndarray of int8, shape (n, fold_beats, fold_steps, n_mels)
    context : ndarray of int8, shape (n, context_values)
    spm : ndarray of float32, shape (n,)
    label : ndarray of int8, shape (n,)
        1 compatible, 0 incompatible, -1 ambiguous.
    exact : ndarray of bool, shape (n,)
        False if the case is compatible but not exact; see `EXACT`.
    song : ndarray of int32, shape (n,)
        Index of the song in the corpus; for a negative, the index of a song plus the number of songs.
    speed : ndarray of float32, shape (n,)
        Speed of the music at the end of the window, relative to the tempo of the song.
    """

    folds: NDArray[np.int8]
    context: NDArray[np.int8]
    spm: NDArray[np.float32]
    label: NDArray[np.int8]
    exact: NDArray[np.bool_]
    song: NDArray[np.int32]
    speed: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: NDArray[Any]) -> "Megabatch":
        """Return the cases at `rows`, indices or a mask."""
        return Megabatch(**{name: getattr(self, name)[rows] for name in FIELDS})

    def cases(self) -> Cases:
        """Return the cases as the classifier takes them."""
        scale = np.float32(LEVELS)
        return Cases(
            self.spm.astype(np.float64), self.folds.astype(np.float32) / scale, self.context.astype(np.float32) / scale
        )


FIELDS = tuple(Megabatch.__dataclass_fields__)


def build(
    corpus: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seed: int,
    variants: int = 3,
    windows: int = 7,
    workers: int = 2,
    cluster: str | None = None,
    on_done: OnDone = ignore_progress,
) -> None:
    """Write the shards of all splits into `folder`; existing shards stay.

    Parameters
    ----------
    variants, windows
        Number of degraded versions of each song, and of windows drawn from each version.
    workers, cluster
        See `training.dataset.cluster.map_shards`; the shards do not depend on them.
    on_done
        Called with the number of finished shards and their total.
    """
    jobs = shard_jobs(corpus, folder, config, seed=seed, variants=variants, windows=windows)
    todo = [job for job in jobs if not job.shard.exists()]
    found = len(jobs) - len(todo)
    on_done(found, len(jobs))
    for done, _ in enumerate(map_shards(todo, cluster=cluster, workers=workers), found + 1):
        on_done(done, len(jobs))


@dataclass(frozen=True, slots=True)
class Part:
    """A folder of shards made from one corpus, and the place of its songs in a joined corpus.

    Attributes
    ----------
    songs : int
        Number of songs in the part's own corpus.
    first : int
        Index of its first song in the joined corpus.
    total : int
        Number of songs in the joined corpus.
    """

    folder: Path
    songs: int = 0
    first: int = 0
    total: int = 0

    def renumbered(self, song: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return indices in the joined corpus; the indices of negatives come after all songs.

        Examples
        --------
        >>> Part(Path(), songs=4, first=10, total=14).renumbered(np.array([0, 3, 4])).tolist()
        [10, 13, 24]
        """
        shift = np.where(song < self.songs, self.first, self.total + self.first - self.songs)
        return (song + shift).astype(np.int32)


def parts(folder: Path) -> list[Part]:
    """Return the parts of a joined folder, see `training.dataset.chunks`; another folder is its own only part."""
    note = folder / PARTS
    if not note.exists():
        return [Part(folder)]
    listed = [(folder / part["folder"], part["songs"]) for part in json.loads(note.read_text("utf-8"))]
    total = sum(songs for _, songs in listed)
    firsts = np.cumsum([0, *(songs for _, songs in listed)])
    return [Part(path, songs, int(first), total) for (path, songs), first in zip(listed, firsts, strict=False)]


def shards(folder: Path, split: str) -> list[tuple[Path, Part]]:
    """Return the shards of a split, in order, each with its part.

    Raises
    ------
    TrainingError
        If there are none: the megabatch is not made, or the corpus next to it has no song of the split.
    """
    found = [(shard, part) for part in parts(folder) for shard in sorted((part.folder / split).glob("*.npz"))]
    if not found:
        work = folder.parent
        if any(song.split == split for song in load(work / "corpus")):
            raise TrainingError(
                f"no cases in {folder / split}: make them with python -m training megabatch --work {work}"
            )
        raise TrainingError(missing(work / "corpus", split))
    return found


def read(folder: Path, split: str, *, ambiguous: bool = False) -> Megabatch:
    """Return all cases of a split, with `ambiguous` the ambiguous cases too."""
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in FIELDS}
    for shard, part in shards(folder, split):
        with np.load(shard) as stored:
            for name in FIELDS:
                columns[name].append(part.renumbered(stored[name]) if name == "song" else stored[name])
    cases = Megabatch(**{name: np.concatenate(pieces) for name, pieces in columns.items()})
    return cases if ambiguous else cases.take(cases.label >= 0)


def song_cases(
    samples: NDArray[np.float32],
    truth: Truth,
    config: FeatureConfig,
    rng: np.random.Generator,
    *,
    windows: int,
    steady_s: float = math.inf,
    curve: Knots = (),
) -> Iterator[tuple[Cases, NDArray[np.int8], NDArray[np.bool_], float]]:
    """Yield the labelled candidates of random windows of a song: cases, labels (-1 ambiguous), exactness, local speed.

    Half of the windows are full. The others are shorter, as in the first seconds of a song. At most a fifth of a window
    lies after `steady_s`, where the ending slows down. The speed by `curve`
    in the newest stretch of the window decides the labels.
    """
    frames = log_mel(samples, config)
    for _ in range(windows):
        longest = min(config.window_frames, len(frames))
        length = longest if rng.random() < 0.5 else int(rng.uniform(SHORTEST, 1.0) * longest)
        steady = min(steady_s * config.frame_rate, float(len(frames)))
        latest = int(np.clip(steady - 0.8 * length, 0, len(frames) - length))
        start = int(rng.integers(0, latest + 1))
        window = frames[start : start + length]
        strengths = periodicity(window, config)
        of_interest = [float(rng.uniform(120.0, 200.0))] if rng.random() < 0.5 else []
        # One tempo that is no peak: the live path judges such tempi too, near a target at which nothing plays.
        off_peak = np.exp(rng.uniform(np.log(config.spm_min), np.log(config.spm_max), 1))
        peaks = candidates(strengths, config, count=16, of_interest=of_interest)
        alone = np.abs(peaks / off_peak - 1.0).min(initial=1.0) > SIDE_LOBE
        proposed = np.concatenate([peaks, off_peak[: int(alone)]])
        cases = build_cases(window, strengths, proposed, config)
        speed = newest_speed(curve, (start + length) / config.frame_rate, length / config.frame_rate)
        local = truth.scaled(speed)
        yield cases, labels(cases.spm, local), exactness(cases.spm, local), speed


def exactness(spm: NDArray[np.floating], truth: Truth) -> NDArray[np.bool_]:
    """Return False for candidates within the tolerance of a compatible pace, but not within `EXACT` of it.

    Examples
    --------
    >>> exactness(np.array([120.5, 123.0, 150.0]), Truth((120.0,))).tolist()
    [True, False, True]
    """
    if not truth.compatible:
        return np.ones(len(spm), bool)
    error = np.abs(spm[:, None] / np.array(truth.compatible) - 1.0).min(axis=1)
    exact: NDArray[np.bool_] = (error <= EXACT) | (error > truth.tolerance)
    return exact


@dataclass(frozen=True, slots=True)
class _Member:
    """A song of a shard, or a negative in its place."""

    index: int
    song: Song
    negative: str | None = None


def _members(songs: list[Song], split: str) -> Iterator[_Member]:
    """Yield the songs of a split, and after each fifth of them a negative, of the kinds in turn."""
    count = 0
    for index, song in enumerate(songs):
        if song.split != split:
            continue
        yield _Member(index, song)
        count += 1
        if count % NEGATIVE_EVERY == 0:
            kind = ORDER[count // NEGATIVE_EVERY % len(ORDER)]
            yield _Member(len(songs) + index, song, kind)


@dataclass(frozen=True, slots=True)
class ShardJob:
    """Everything that a shard depends on, with absolute paths, so that any process that sees them can make it."""

    shard: Path
    corpus: Path
    members: tuple[_Member, ...]
    config: FeatureConfig
    seed: int
    variants: int
    windows: int

    def write(self) -> None:
        """Make the shard, which appears whole or not at all; return at once if it exists."""
        if self.shard.exists():
            return
        # After a lost connection two processes may make the same shard: each writes a file of its own.
        partial = self.shard.with_suffix(f".{uuid.uuid4().hex}.partial")
        with partial.open("xb") as file:
            np.savez(file, allow_pickle=False, **self._columns())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.shard)

    def _columns(self) -> dict[str, NDArray[np.generic]]:
        columns: dict[str, list[NDArray[np.generic]]] = {name: [] for name in FIELDS}
        for member in self.members:
            song, truth, curve = member.song, member.song.truth, member.song.curve
            clean, rate = soundfile.read(self.corpus / "audio" / f"{song.id}.flac", dtype="float32")
            if rate != self.config.sample_rate:
                raise TrainingError(f"{song.id} is at {rate} Hz instead of {self.config.sample_rate}")
            if member.negative is not None:
                rng = np.random.default_rng([self.seed, member.index])
                clean = negative(member.negative, len(clean) / rate, rate, rng, music=clean)
                truth, curve = Truth((), ()), ()
            for variant in range(self.variants):
                rng = np.random.default_rng([self.seed, member.index, variant])
                degraded = degrade(clean, rate, rng)
                drawn = song_cases(
                    degraded, truth, self.config, rng, windows=self.windows, steady_s=song.steady_s, curve=curve
                )
                for cases, label, exact, speed in drawn:
                    columns["folds"].append(np.rint(cases.folds * LEVELS).astype(np.int8))
                    columns["context"].append(np.rint(cases.context * LEVELS).astype(np.int8))
                    columns["spm"].append(cases.spm.astype(np.float32))
                    columns["label"].append(label)
                    columns["exact"].append(exact)
                    columns["song"].append(np.full(len(label), member.index, np.int32))
                    columns["speed"].append(np.full(len(label), speed, np.float32))
        return {name: np.concatenate(pieces) for name, pieces in columns.items()}


def shard_jobs(
    corpus: Path, folder: Path, config: FeatureConfig, *, seed: int, variants: int, windows: int
) -> list[ShardJob]:
    """Prepare `folder` and return the jobs of all its shards, including the finished ones."""
    songs = load(corpus)
    if not songs:
        raise TrainingError(missing(corpus))
    if (folder / PARTS).exists():
        raise TrainingError(f"{folder} joins shards of several folders: add songs with python -m training add")
    _claim(folder, config, songs=fingerprint(songs), seed=seed, variants=variants, windows=windows)
    _write(folder / GENRES, json.dumps([song.genre for song in songs]))
    jobs = []
    for split in SPLITS:
        home = (folder / split).absolute()
        home.mkdir(parents=True, exist_ok=True)
        for left in home.glob("*.partial"):
            left.unlink(missing_ok=True)
        members = tuple(_members(songs, split))
        for number, start in enumerate(range(0, len(members), SHARD_SONGS)):
            some = members[start : start + SHARD_SONGS]
            shard = home / f"{number:04d}.npz"
            jobs.append(ShardJob(shard, corpus.absolute(), some, config, seed, variants, windows))
    return jobs


def fingerprint(songs: Sequence[Song]) -> str:
    """Return a hash of everything about the songs that shards depend on: identity, split and truth."""
    listed = [
        (song.id, song.split, song.compatible, song.ambiguous, song.tolerance, song.steady_s, song.curve)
        for song in songs
    ]
    return hashlib.sha256(repr(listed).encode()).hexdigest()[:12]


def check(folder: Path, config: FeatureConfig) -> None:
    """Raise `TrainingError` if the shards of `folder` were made by another feature path."""
    for part in parts(folder):
        note = part.folder / MADE_WITH
        record = json.loads(note.read_text("utf-8")) if note.exists() else None
        if record and (record.get("contents", 1), record["fingerprint"]) != (CONTENTS, config.fingerprint):
            raise TrainingError(
                f"the shards in {part.folder} were made by another feature path: delete them and run "
                "python -m training megabatch"
            )


def check_songs(folder: Path, songs: Sequence[Song]) -> None:
    """Raise `TrainingError` if the shards of `folder` are of other songs; a joined folder has none of its own."""
    note = folder / MADE_WITH
    if note.exists() and json.loads(note.read_text("utf-8")).get("songs") != fingerprint(songs):
        raise TrainingError(
            f"the shards in {folder} are not those of the songs in {folder.parent / 'corpus'}: delete {folder} and run "
            f"python -m training megabatch --work {folder.parent}"
        )


def _claim(folder: Path, config: FeatureConfig, **parameters: int | str) -> None:
    """Write the parameters of the shards of `folder`, or raise if it holds shards of other parameters."""
    record = json.dumps({"contents": CONTENTS, "fingerprint": config.fingerprint, **parameters})
    note = folder / MADE_WITH
    if note.exists():
        if note.read_text("utf-8") != record:
            raise TrainingError(
                f"{folder} holds shards of other songs or with other parameters: delete it or choose another folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    _write(note, record)


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)
