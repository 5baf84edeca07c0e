"""Megabatches, streamed and joined: each case comes once, and no song is in two splits."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paces_live.analysis.feature_config import FeatureConfig
from tests.support.corpus import make_corpus
from training.annotations.genres import GENRES
from training.corpus.songs import load
from training.dataset import chunks, megabatch, stream
from training.dataset.augment import shift_phase
from training.dataset.stream import batches
from training.dataset.table import Table
from training.errors import TrainingError
from training.evaluate.report.data_log import log
from training.evaluate.report.manifest import REAL_MUSIC, measured
from training.networks.experiment import Training
from training.networks.objective import TrainingSet, labels, weights

SHIPPED = Path(__file__).parents[2] / "models" / "paces.tflite"
SHAPE = (4, 4, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return shards of invented cases."""
    rng = np.random.default_rng(0)
    (tmp_path / "train").mkdir()
    for shard, count in enumerate((200, 150, 300, 90, 1, 70)):
        folds = rng.integers(-127, 128, (count, *SHAPE)).astype(np.int8)
        context = rng.integers(-127, 128, (count, 2)).astype(np.int8)
        label = (rng.random(count) < 0.25).astype(np.int8)
        exact = (label == 0) | (rng.random(count) < 0.7)
        song = np.sort(rng.integers(0, 5, count)).astype(np.int32) + 5 * shard
        np.savez(
            tmp_path / "train" / f"{shard:04d}.npz",
            folds=folds, context=context, spm=np.zeros(count, np.float32), label=label, exact=exact, song=song,
            speed=np.ones(count, np.float32),
        )  # fmt: skip
    return tmp_path


def drawn_from(table: Table, **options: object) -> Iterator[stream.Batch]:
    """Yield batches whose weight is the number of the case."""
    number = np.arange(len(table), dtype=np.float32)
    return batches(table, table.label.astype(np.float32), number, **({"batch": 32, "buffer": 100} | options))  # type: ignore[arg-type]


def epoch(table: Table, *, balanced: bool = False, **options: object) -> list[stream.Batch]:
    feed = drawn_from(table, **({"seed": 1, "balanced": balanced} | options))
    return [next(feed) for _ in range(stream.steps(table, batch=32, balanced=balanced))]


def cases_of(parts: list[stream.Batch]) -> list[int]:
    return [int(number) for part in parts for number in part.weight]


def test_without_a_seed_the_stream_equals_the_whole_split(folder: Path) -> None:
    whole = megabatch.read(folder, "train", ambiguous=True)
    table = Table.read(folder, "train")
    parts = list(drawn_from(table))
    assert [len(part.label) for part in parts[:-1]] == [32] * (len(whole) // 32)
    np.testing.assert_array_equal(np.concatenate([part.folds for part in parts]), whole.cases().folds)
    np.testing.assert_array_equal(np.concatenate([part.context for part in parts]), whole.cases().context)
    np.testing.assert_array_equal(np.concatenate([part.label for part in parts]), whole.label)
    loaded = list(table.load())
    for name in megabatch.FIELDS:
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in loaded]), getattr(whole, name))


def test_an_epoch_has_every_selected_case_once_in_another_order(folder: Path) -> None:
    table = Table.read(folder, "train")
    chosen = table.take(table.exact & (table.song % 3 > 0))
    parts = epoch(chosen)
    assert len(set(cases_of([next(drawn_from(chosen, seed=1, batch=10_000))]))) == len(chosen)
    drawn = cases_of(parts)
    assert sorted(drawn) == list(range(len(chosen)))
    assert drawn != sorted(drawn)
    # Each has its own fold and label.
    whole = megabatch.read(folder, "train", ambiguous=True).take(table.exact & (table.song % 3 > 0))
    np.testing.assert_array_equal(
        np.concatenate([part.folds for part in parts]), whole.take(np.array(drawn)).cases().folds
    )
    np.testing.assert_array_equal(np.concatenate([part.label for part in parts]), whole.label[drawn])


def test_an_epoch_depends_only_on_the_seed_and_its_number(folder: Path) -> None:
    table = Table.read(folder, "train")
    count = stream.steps(table, batch=32)
    feed = drawn_from(table, seed=3, augment=shift_phase)
    both = [next(feed) for _ in range(2 * count)]
    resumed = drawn_from(table, seed=3, augment=shift_phase, epoch=1)
    for part in both[count:]:
        np.testing.assert_array_equal(part.folds, next(resumed).folds)
    assert cases_of(both[:count]) != cases_of(both[count:])
    assert cases_of(epoch(table, seed=4)) != cases_of(both[:count])


@pytest.mark.parametrize("buffer", [100, 1000])
def test_balanced_epochs_have_all_of_the_rarer_class_and_equally_many_others(folder: Path, buffer: int) -> None:
    table = Table.read(folder, "train")
    parts = [epoch(table, balanced=True, epoch=number, buffer=buffer) for number in (0, 1)]
    rarer = set(np.flatnonzero(table.label == 1).tolist())
    for each in parts:
        drawn = cases_of(each)
        assert len(drawn) == len(set(drawn)) == 2 * len(rarer)
        assert rarer < set(drawn)
    assert set(cases_of(parts[0])) != set(cases_of(parts[1]))
    shares = [part.label.mean() for part in parts[0]]
    assert set(shares) == {0.5} if buffer == 1000 else np.ptp(shares) < 0.5


def test_a_share_of_the_cases_has_its_genre(folder: Path) -> None:
    assert (Table.read(folder, "train").genre == -1).all()
    names = ["", "jazz", "rock"] * 8  # the numbers after these are negatives
    (folder / megabatch.GENRES).write_text(json.dumps(names), "utf-8")
    table = Table.read(folder, "train")
    of = [GENRES.index(name) if name else -1 for name in names] + [-1] * 6
    assert table.genre.tolist() == [of[song] for song in table.song]
    known = int((table.genre >= 0).sum())
    counts = []
    for share in (0.0, 0.5, 1.0):
        parts = epoch(table, with_genre=share)
        genre, case = np.concatenate([part.genre for part in parts]), cases_of(parts)
        assert np.isin(genre.sum(axis=1), (0.0, 1.0)).all()
        hearing = genre.any(axis=1)
        assert (genre.argmax(axis=1) == table.genre[case])[hearing].all()
        counts.append(int(hearing.sum()))
    assert counts[0] == 0
    assert counts[1] == pytest.approx(0.5 * known, rel=0.1)
    assert counts[2] == known
    assert not any(part.genre.any() for part in drawn_from(table, with_genre=1.0))


def test_the_fingerprint_of_a_table_does_not_depend_on_its_folder(folder: Path, tmp_path: Path) -> None:
    table = Table.read(folder, "train")
    moved = shutil.copytree(folder / "train", tmp_path / "elsewhere" / "train").parent
    assert Table.read(moved, "train").fingerprint == table.fingerprint
    others = (
        table.take(table.song > 0),
        replace(table, label=np.abs(table.label - 1)),
        replace(table, soft=np.zeros(len(table), np.float32)),
    )
    assert len({table.fingerprint, *(other.fingerprint for other in others)}) == 4


def test_labels_and_weights_follow_the_plan(folder: Path) -> None:
    table = Table.read(folder, "train")
    label = table.label.copy()
    label[::7] = -1
    table = replace(table, label=label)
    plain = Training(epochs=1, song_weights=False)
    assert TrainingSet(table, plain).steps == -(-int((table.exact & (label >= 0)).sum()) // 256)
    assert TrainingSet(table, replace(plain, ambiguous=0.3)).steps == -(-int(table.exact.sum()) // 256)
    asked = replace(plain, ambiguous=0.3, ambiguous_weight=0.5)
    np.testing.assert_allclose(labels(table, asked), np.where(label < 0, 0.3, label))
    np.testing.assert_allclose(weights(table, asked), np.where(label < 0, 0.5, 1.0))
    soft = replace(table, soft=np.full(len(table), 0.5, np.float32))
    mixed = 0.75 * np.where(label < 0, 0.3, label) + 0.125
    np.testing.assert_allclose(labels(soft, replace(asked, distillation=0.25)), mixed, rtol=1e-6)
    counted = weights(table, replace(plain, balance="weights"))
    sums = [counted[label == value].sum() for value in (0, 1)]
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)
    count = np.bincount(table.song)[table.song]
    by_song = weights(table, replace(plain, song_weights=True, ambiguous_weight=1.0)) ** 2 * count
    np.testing.assert_allclose(by_song, by_song[0], rtol=1e-4)


def test_shifted_phases_hold_the_same_clip(folder: Path) -> None:
    folds = megabatch.read(folder, "train").cases().folds[:8]
    shifted, _ = shift_phase(folds, folds[:, 0, 0], np.random.default_rng(1))
    for before, after in zip(folds.reshape(8, 16, 3), shifted.reshape(8, 16, 3), strict=True):
        assert any(np.array_equal(np.roll(before, -shift, axis=0), after) for shift in range(SHAPE[1]))


def test_added_songs_move_no_old_song_and_no_artist_is_in_two_splits(tmp_path: Path) -> None:
    work, joined = tmp_path / "work", tmp_path / "joined"
    make_corpus(work / "corpus", 6, seconds=12.0)
    (work / "corpus" / "songs" / "00001.json").unlink()  # a song that failed
    megabatch.build(work / "corpus", work / "megabatch", FeatureConfig(), seed=1, variants=1, windows=2)
    # Three known artists (4, 5, and 3) and three new ones.
    chunk = make_corpus(tmp_path / "chunk", 6, first=3, seconds=12.0)
    before = {path: path.read_bytes() for path in (*work.rglob("*.*"), *chunk.rglob("*.*"))}
    came = chunks.add(chunk, work, joined)
    assert chunks.add(chunk, work, joined) == came
    assert {path: path.read_bytes() for path in (*work.rglob("*.*"), *chunk.rglob("*.*"))} == before
    old, songs = load(work / "corpus"), load(joined / "corpus")
    assert came["songs"] == 6
    assert [(song.id, song.split) for song in songs[:5]] == [(song.id, song.split) for song in old]
    assert len(songs) == 11
    split_of: dict[str, set[str]] = {}
    for song in songs:
        assert song.audio.exists()
        split_of.setdefault(song.family, set()).add(song.split)
    assert all(len(splits) == 1 for splits in split_of.values())
    for split in megabatch.SPLITS:
        cases = megabatch.read(joined / "megabatch", split)
        assert set(cases.song.tolist()) == {index for index, song in enumerate(songs) if song.split == split}
        table = Table.read(joined / "megabatch", split)
        np.testing.assert_array_equal(table.song[table.label >= 0], cases.song)
    with pytest.raises(TrainingError, match="joins shards"):
        megabatch.build(joined / "corpus", joined / "megabatch", FeatureConfig(), seed=1, variants=1, windows=2)


def test_negatives_of_joined_shards_come_after_all_songs() -> None:
    first, second = megabatch.Part(Path(), 10, 0, 14), megabatch.Part(Path(), 4, 10, 14)
    assert first.renumbered(np.array([0, 9, 10, 19], np.int32)).tolist() == [0, 9, 14, 23]
    assert second.renumbered(np.array([0, 3, 4, 7], np.int32)).tolist() == [10, 13, 24, 27]
    assert megabatch.Part(Path()).renumbered(np.array([0, 7, 99], np.int32)).tolist() == [0, 7, 99]


def test_the_data_log_has_a_line_per_chunk_and_a_table(tmp_path: Path) -> None:
    after = tmp_path / "after" / "paces.tflite"
    after.parent.mkdir()
    shutil.copy(SHIPPED, after)
    manifest = json.loads(SHIPPED.with_suffix(".json").read_text("utf-8"))
    name = REAL_MUSIC["clean"]
    was = manifest["metrics"][name]["flag_f1"]
    manifest["metrics"][name]["flag_f1"] = 0.5
    after.with_suffix(".json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(TrainingError, match="has no chunk"):
        log(tmp_path, SHIPPED, after, tmp_path / "log.jsonl")
    came = {"songs": 3, "splits": {"train": 2, "test": 1}, "meters": {"triple": 3}, "families": 2}
    (tmp_path / chunks.CAME).write_text(json.dumps(came), "utf-8")
    with pytest.raises(TrainingError, match="was not measured on the songs"):
        log(tmp_path, SHIPPED, after, tmp_path / "log.jsonl")
    before = measured(tmp_path, SHIPPED)
    before.parent.mkdir(parents=True)
    for file in (SHIPPED, SHIPPED.with_suffix(".json")):
        shutil.copy(file, before.parent)
    for _ in range(2):
        log(tmp_path, SHIPPED, after, tmp_path / "log.jsonl")
    first, second = map(json.loads, (tmp_path / "log.jsonl").read_text("utf-8").splitlines())
    assert first == second
    assert first["measures"][f"{name} / flag_f1"] == [was, 0.5]
    table = (tmp_path / "log.md").read_text("utf-8")
    assert table.count("train 2, test 1 | triple 3") == 2
    assert f"{was:.4f} → 0.5000" in table


def test_shards_of_other_songs_or_another_feature_path_are_refused(tmp_path: Path) -> None:
    corpus, shards = tmp_path / "corpus", tmp_path / "megabatch"
    make_corpus(corpus, 6)
    megabatch.shard_jobs(corpus, shards, FeatureConfig(), seed=1, variants=1, windows=2)
    megabatch.check(shards, FeatureConfig())
    with pytest.raises(TrainingError, match="another feature path"):
        megabatch.check(shards, replace(FeatureConfig(), n_mels=FeatureConfig().n_mels // 2))
    last = sorted((corpus / "songs").glob("*.json"))[-1]
    last.unlink()
    with pytest.raises(TrainingError, match="other songs"):
        megabatch.shard_jobs(corpus, shards, FeatureConfig(), seed=1, variants=1, windows=2)
