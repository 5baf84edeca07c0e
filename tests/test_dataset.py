"""Megabatches as they are streamed and joined: every case once, nothing of a song in two splits."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from paces_live.config import FeatureConfig
from tests.test_cluster import make_corpus
from training.cases import chunks, dataset, megabatch
from training.cases.dataset import batches
from training.corpus.songs import load
from training.errors import TrainingError

SHIPPED = Path(__file__).parents[1] / "models" / "paces.tflite"
SHAPE = (4, 4, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return shards of invented cases; the first value of a fold and its spm say which case it is."""
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
        )  # fmt: skip
    return tmp_path


def key(folds: np.ndarray) -> list[bytes]:
    return [np.rint(fold * megabatch.LEVELS).astype(np.int8).tobytes() for fold in folds]


def epoch(folder: Path, **options: object) -> list[dataset.Batch]:
    stream = batches(folder, "train", **({"batch": 32, "seed": 1, "buffer": 100} | options))  # type: ignore[arg-type]
    flags = {name: bool(options.get(name)) for name in ("balanced", "exact")}
    return [next(stream) for _ in range(dataset.steps(folder, "train", batch=32, **flags))]


def test_without_a_seed_it_is_what_is_read_whole(folder: Path) -> None:
    whole = megabatch.read(folder, "train")
    parts = list(batches(folder, "train", batch=32))
    assert [len(part.label) for part in parts[:-1]] == [32] * (len(whole) // 32)
    np.testing.assert_array_equal(np.concatenate([part.folds for part in parts]), whole.cases().folds)
    np.testing.assert_array_equal(np.concatenate([part.context for part in parts]), whole.cases().context)
    np.testing.assert_array_equal(np.concatenate([part.label for part in parts]), whole.label)
    weight = 1.0 / np.sqrt(np.bincount(whole.song)[whole.song])
    np.testing.assert_allclose(np.concatenate([part.weight for part in parts]), weight / weight.mean(), rtol=1e-5)


def test_an_epoch_has_every_exact_case_once_in_another_order(folder: Path) -> None:
    whole = megabatch.read(folder, "train")
    wanted = key(whole.cases().folds[whole.exact])
    drawn = [k for part in epoch(folder, exact=True) for k in key(part.folds)]
    assert sorted(drawn) == sorted(wanted)
    assert drawn != wanted


def test_an_epoch_depends_on_the_seed_and_its_number_alone(folder: Path) -> None:
    count = dataset.steps(folder, "train", batch=32)
    stream = batches(folder, "train", batch=32, seed=3, augment=dataset.shift_phase)
    both = [next(stream) for _ in range(2 * count)]
    resumed = batches(folder, "train", batch=32, seed=3, augment=dataset.shift_phase, epoch=1)
    for part in both[count:]:
        np.testing.assert_array_equal(part.folds, next(resumed).folds)
    other = next(batches(folder, "train", batch=32, seed=4, augment=dataset.shift_phase))
    assert key(other.folds) != key(both[0].folds)


def test_balanced_epochs_have_all_of_the_rarer_class_and_others_of_the_commoner(folder: Path) -> None:
    label = megabatch.read(folder, "train").label
    first, second = epoch(folder, balanced=True), epoch(folder, balanced=True, epoch=1)
    for parts in (first, second):
        drawn = np.concatenate([part.label for part in parts])
        assert drawn.sum() == label.sum()
        assert len(drawn) == 2 * label.sum()
    of_first, of_second = ({k for part in parts for k in key(part.folds[part.label == 0])} for parts in (first, second))
    assert of_first != of_second


def test_shifted_phases_are_the_same_clip(folder: Path) -> None:
    folds = megabatch.read(folder, "train").cases().folds[:8]
    shifted, _ = dataset.shift_phase(folds, folds[:, 0, 0], np.random.default_rng(1))
    for before, after in zip(folds.reshape(8, 16, 3), shifted.reshape(8, 16, 3), strict=True):
        assert any(np.array_equal(np.roll(before, -shift, axis=0), after) for shift in range(SHAPE[1]))


def test_added_songs_move_no_old_one_and_no_artist_is_in_two_splits(tmp_path: Path) -> None:
    work, joined = tmp_path / "work", tmp_path / "joined"
    make_corpus(work / "corpus", 6, seconds=12.0)
    (work / "corpus" / "songs" / "00001.json").unlink()  # a song that was never made
    megabatch.build(work / "corpus", work / "megabatch", FeatureConfig(), seed=1, variants=1, windows=2)
    # Three artists that are known (4, 5, and 3), three that are not.
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
        streamed = np.concatenate([part.label for part in batches(joined / "megabatch", split, batch=64)])
        np.testing.assert_array_equal(streamed, cases.label)
    with pytest.raises(TrainingError, match="joins shards"):
        megabatch.build(joined / "corpus", joined / "megabatch", FeatureConfig(), seed=1, variants=1, windows=2)


def test_negatives_of_joined_shards_come_after_all_songs() -> None:
    first, second = megabatch.Part(Path(), 10, 0, 14), megabatch.Part(Path(), 4, 10, 14)
    assert first.renumbered(np.array([0, 9, 10, 19], np.int32)).tolist() == [0, 9, 14, 23]
    assert second.renumbered(np.array([0, 3, 4, 7], np.int32)).tolist() == [10, 13, 24, 27]
    assert megabatch.Part(Path()).renumbered(np.array([0, 7, 99], np.int32)).tolist() == [0, 7, 99]


def test_data_log_has_a_line_a_chunk_and_a_table(tmp_path: Path) -> None:
    after = tmp_path / "after" / "paces.tflite"
    after.parent.mkdir()
    shutil.copy(SHIPPED, after)
    manifest = json.loads(SHIPPED.with_suffix(".json").read_text("utf-8"))
    name = "open real set, constant tempo"
    was = manifest["metrics"][name]["flag_f1"]
    manifest["metrics"][name]["flag_f1"] = 0.5
    after.with_suffix(".json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(TrainingError, match="has no chunk"):
        chunks.log(tmp_path, SHIPPED, after, tmp_path / "log.jsonl")
    came = {"songs": 3, "splits": {"train": 2, "test": 1}, "meters": {"triple": 3}, "families": 2}
    (tmp_path / chunks.CAME).write_text(json.dumps(came), "utf-8")
    for _ in range(2):
        chunks.log(tmp_path, SHIPPED, after, tmp_path / "log.jsonl")
    first, second = map(json.loads, (tmp_path / "log.jsonl").read_text("utf-8").splitlines())
    assert first == second
    assert first["measures"][f"{name} / flag_f1"] == [was, 0.5]
    table = (tmp_path / "log.md").read_text("utf-8")
    assert table.count("train 2, test 1 | triple 3") == 2
    assert f"{was:.4f} → 0.5000" in table
