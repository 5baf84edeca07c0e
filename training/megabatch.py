"""Songs to megabatches: shards of cases, ready to train from, built through the live feature path."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from paces_live.config import FeatureConfig
from paces_live.features import log_mel
from paces_live.fold import Cases, build_cases
from paces_live.tempogram import candidates, tempogram
from training.corpus import Song, load
from training.degrade import degrade
from training.errors import TrainingError
from training.labels import Truth, judge_all
from training.negatives import KINDS, negative

SPLITS = ("train", "validation", "test")
SHARD_SONGS = 40
NEGATIVE_EVERY = 8
"""For this many songs there is one sound without a pace."""
LEVELS = 127.0
"""Folds and contexts are stored as int8 in these many steps to 1."""
EXACT = 0.015
"""A training case further than this from a compatible pace, though within tolerance of it, is not learned from: its
beats drift through the fold, and the refined candidates of the live path do not look like that."""


@dataclass(frozen=True, slots=True)
class Megabatch:
    """Cases of one split.

    Attributes
    ----------
    folds : ndarray of int8, shape (n, fold_beats, fold_steps, n_mels)
    context : ndarray of int8, shape (n, 1 + len(ratios))
    spm : ndarray of float32, shape (n,)
    label : ndarray of int8, shape (n,)
        1 compatible, 0 not; ignored cases are left out.
    exact : ndarray of bool, shape (n,)
        False where the case is positive by tolerance only.
    song : ndarray of int32, shape (n,)
        Index of the song in the corpus.
    """

    folds: NDArray[np.int8]
    context: NDArray[np.int8]
    spm: NDArray[np.float32]
    label: NDArray[np.int8]
    exact: NDArray[np.bool_]
    song: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.label)

    def cases(self) -> Cases:
        """Return what the classifier judges."""
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
    variants: int = 2,
    windows: int = 6,
    workers: int = 2,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write the shards of all splits into `folder`; those already there are kept.

    Parameters
    ----------
    variants, windows
        Degraded versions of each song, and windows drawn from each version.
    on_done : callable
        Told the number of shards done and their total.
    """
    songs = load(corpus)
    if not songs:
        raise TrainingError(f"no songs in {corpus}; make them with: python -m training corpus")
    _claim(folder, config, seed=seed, variants=variants, windows=windows)
    jobs = []
    for split in SPLITS:
        (folder / split).mkdir(parents=True, exist_ok=True)
        members = list(_members(songs, split))
        for number, start in enumerate(range(0, len(members), SHARD_SONGS)):
            jobs.append((folder / split / f"{number:04d}.npz", members[start : start + SHARD_SONGS]))
    todo = [job for job in jobs if not job[0].exists()]
    on_done(len(jobs) - len(todo), len(jobs))
    with ProcessPoolExecutor(workers) as pool:
        running = [
            pool.submit(_write_shard, shard, corpus, members, config, seed, variants, windows)
            for shard, members in todo
        ]
        for done, job in enumerate(as_completed(running), len(jobs) - len(todo) + 1):
            job.result()
            on_done(done, len(jobs))


def read(folder: Path, split: str) -> Megabatch:
    """Return all cases of a split."""
    shards = sorted((folder / split).glob("*.npz"))
    if not shards:
        raise TrainingError(f"no shards in {folder / split}; make them with: python -m training megabatch")
    parts = [np.load(shard) for shard in shards]
    return Megabatch(**{name: np.concatenate([part[name] for part in parts]) for name in FIELDS})


def song_cases(
    samples: NDArray[np.float32],
    truth: Truth,
    config: FeatureConfig,
    rng: np.random.Generator,
    *,
    windows: int,
) -> Iterator[tuple[Cases, NDArray[np.int8], NDArray[np.bool_]]]:
    """Yield the judged candidates of random windows of a song: cases, labels (-1 ignored), exactness.

    Half of the windows are full; the others end early, as in the first seconds of a song heard live.
    """
    frames = log_mel(samples, config)
    for _ in range(windows):
        longest = min(config.window_frames, len(frames))
        length = longest if rng.random() < 0.5 else int(rng.uniform(0.2, 1.0) * longest)
        start = int(rng.integers(0, len(frames) - length + 1))
        window = frames[start : start + length]
        gram = tempogram(window, config)
        target = float(rng.uniform(120.0, 200.0)) if rng.random() < 0.5 else None
        # One tempo that is no peak: the live path judges such ones too, near a target that nothing plays at.
        off_peak = np.exp(rng.uniform(np.log(config.spm_min), np.log(config.spm_max), 1))
        proposed = np.concatenate([candidates(gram, config, count=16, target=target), off_peak])
        cases = build_cases(window, gram, proposed, config)
        yield cases, judge_all(cases.spm, truth), _exact(cases.spm, truth)


def _exact(spm: NDArray[np.float64], truth: Truth) -> NDArray[np.bool_]:
    if not truth.compatible:
        return np.ones(len(spm), bool)
    error = np.abs(spm[:, None] / np.array(truth.compatible) - 1.0).min(axis=1)
    exact: NDArray[np.bool_] = (error <= EXACT) | (error > 0.05)
    return exact


@dataclass(frozen=True, slots=True)
class _Member:
    """What a shard is made from: a song, or a sound without a pace in its stead."""

    index: int
    song: Song
    negative: str | None = None


def _members(songs: list[Song], split: str) -> Iterator[_Member]:
    """Yield the songs of a split, and for each eighth of them a negative, of every kind in turn."""
    count = 0
    for index, song in enumerate(songs):
        if song.split != split:
            continue
        yield _Member(index, song)
        count += 1
        if count % NEGATIVE_EVERY == 0:
            kind = KINDS[count // NEGATIVE_EVERY % len(KINDS)]
            yield _Member(len(songs) + index, song, kind)


def _write_shard(
    shard: Path,
    corpus: Path,
    members: list[_Member],
    config: FeatureConfig,
    seed: int,
    variants: int,
    windows: int,
) -> None:
    columns: dict[str, list[NDArray[np.generic]]] = {name: [] for name in FIELDS}
    for member in members:
        song, truth = member.song, member.song.truth
        clean, rate = soundfile.read(corpus / "audio" / f"{song.id}.flac", dtype="float32")
        if rate != config.sample_rate:
            raise TrainingError(f"{song.id} is at {rate} Hz, the feature path at {config.sample_rate}")
        if member.negative is not None:
            rng = np.random.default_rng([seed, member.index])
            clean = negative(member.negative, len(clean) / rate, rate, rng, music=clean)
            truth = Truth((), ())
        for variant in range(variants):
            rng = np.random.default_rng([seed, member.index, variant])
            heard = degrade(clean, rate, rng)
            for cases, label, exact in song_cases(heard, truth, config, rng, windows=windows):
                kept = label >= 0
                columns["folds"].append(np.rint(cases.folds[kept] * LEVELS).astype(np.int8))
                columns["context"].append(np.rint(cases.context[kept] * LEVELS).astype(np.int8))
                columns["spm"].append(cases.spm[kept].astype(np.float32))
                columns["label"].append(label[kept])
                columns["exact"].append(exact[kept])
                columns["song"].append(np.full(int(kept.sum()), member.index, np.int32))
    partial = shard.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **{name: np.concatenate(parts) for name, parts in columns.items()})
    partial.rename(shard)


def _claim(folder: Path, config: FeatureConfig, **parameters: int) -> None:
    """Write down what the shards of `folder` are made with, or refuse to mix them with others."""
    record = json.dumps({"fingerprint": config.fingerprint, **parameters})
    note = folder / "made-with.json"
    if note.exists() and note.read_text("utf-8") != record:
        raise TrainingError(f"{folder} holds shards made with other parameters; delete it or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(record, "utf-8")
