"""The main road in miniature: from nothing to the paces that a new model finds."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paces_live.demo import excerpt
from tests.support.corpus import make_corpus
from training.annotations.truth import Truth
from training.dataset.negatives import KINDS, negative
from training.evaluate.metrics.candidates import candidate_measures
from training.evaluate.metrics.songs import SongResult, song_measures

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models" / "paces.tflite"


def run(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small model, step by step, and return the work folder."""
    for program in ("mma", "fluidsynth", "espeak-ng"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: the corpus cannot be made")
    folder = tmp_path_factory.mktemp("work")
    run("training", "corpus", "--work", folder, "--songs", "20", "--seed", "7")
    run("training", "megabatch", "--work", folder, "--variants", "1", "--windows", "3")
    run("training", "train", "--work", folder, "--epochs", "3")
    run("training", "export", "--work", folder)
    run("training", "evaluate", "--work", folder)
    return folder


def fails(*arguments: str | Path) -> str:
    """Run a command that must fail with a message, and return the message."""
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_main_road_ends_with_the_paces_of_the_new_model(work: Path) -> None:
    model = work / "model" / "paces.tflite"
    (line,) = run("paces_live", "analyze", excerpt(), "--model", model, "--json").splitlines()
    result = json.loads(line)
    assert result["type"] == "file"
    assert all(40.0 <= pace["spm"] <= 320.0 for pace in result["paces"])


def test_evaluate_writes_measures_and_card(work: Path) -> None:
    manifest = json.loads((work / "model" / "paces.json").read_text("utf-8"))
    held_out = manifest["metrics"]["held-out generated songs, degraded"]
    assert 0.0 < held_out["candidates"]["accuracy"] <= 1.0
    assert f"{held_out['candidates']['accuracy']:.4f}" in (work / "model" / "README.md").read_text("utf-8")


def test_quantization_changes_few_decisions(work: Path) -> None:
    manifest = json.loads((work / "model" / "paces.json").read_text("utf-8"))
    assert manifest["metrics"]["quantization, on validation cases"]["agreement"] >= 0.97


def test_the_manifest_tells_what_the_corpus_holds(work: Path) -> None:
    corpus = json.loads((work / "model" / "paces.json").read_text("utf-8"))["provenance"]["corpus"]
    assert set(corpus) == {"generated"}
    songs = [json.loads(path.read_text("utf-8"))["split"] for path in (work / "corpus" / "songs").glob("*.json")]
    assert corpus["generated"] == {split: songs.count(split) for split in ("train", "validation", "test")}


def test_the_manifest_describes_the_songs_of_the_training_and_not_those_of_the_export(
    work: Path, tmp_path: Path
) -> None:
    make_corpus(tmp_path / "corpus", 3)
    (tmp_path / "megabatch").symlink_to(work / "megabatch")
    run("training", "export", "--work", tmp_path, "--run", work / "run", "--quantization-aware", "never")
    corpora = [
        json.loads((folder / "model" / "paces.json").read_text("utf-8"))["provenance"]["corpus"]
        for folder in (work, tmp_path)
    ]
    assert corpora[0] == corpora[1]


def test_nothing_outside_the_work_folder_changes(work: Path) -> None:
    models, docs = ((path, path.read_bytes()) for path in (SHIPPED.with_suffix(".json"), SHIPPED.parent / "README.md"))
    run("training", "evaluate", "--work", work, "--model", SHIPPED)
    run("training", "latency", "--work", work, "--limit", "1")
    for path, before in (models, docs):
        assert path.read_bytes() == before
    (copy,) = (work / "measured").rglob("paces.json")
    assert json.loads(copy.read_text("utf-8"))["metrics"] != json.loads(models[1])["metrics"]
    assert "test split" in (work / "latency.md").read_text("utf-8")


def test_ship_refuses_a_worse_model_and_replaces_a_worse_one(work: Path, tmp_path: Path) -> None:
    for file in SHIPPED.parent.iterdir():
        shutil.copy(file, tmp_path)
    place, new = tmp_path / "paces.tflite", work / "model" / "paces.tflite"
    message = fails("ship", "--work", work, "--shipped", place)
    assert "not shipped" in message
    assert "--force" in message
    assert place.read_bytes() == SHIPPED.read_bytes()
    table = run("training", "ship", "--work", work, "--shipped", place, "--force")
    assert "validation: pace set F1" in table
    for name in ("paces.tflite", "paces.json", "README.md"):
        assert (tmp_path / name).read_bytes() == (work / "model" / name).read_bytes()
    # Now the model that ships is the better one.
    better = tmp_path / "better" / "paces.tflite"
    better.parent.mkdir()
    for file in SHIPPED.parent.iterdir():
        shutil.copy(file, better.parent)
    run("training", "ship", "--work", work, "--shipped", place, "--model", better)
    assert place.read_bytes() == SHIPPED.read_bytes() != new.read_bytes()


def test_a_model_without_measures_is_not_shipped(work: Path, tmp_path: Path) -> None:
    manifest = json.loads(SHIPPED.with_suffix(".json").read_text("utf-8"))
    shutil.copy(SHIPPED, tmp_path)
    (tmp_path / "paces.json").write_text(json.dumps(manifest | {"metrics": {}}), "utf-8")
    message = fails("ship", "--work", work, "--model", tmp_path / "paces.tflite", "--shipped", tmp_path / "old.tflite")
    assert "evaluate" in message
    assert not (tmp_path / "old.tflite").exists()


def test_a_lost_shard_is_made_again_and_the_others_stay(work: Path) -> None:
    shards = sorted((work / "megabatch").rglob("*.npz"))
    kept, lost = shards[0], shards[-1]
    before, stamp = np.load(lost)["folds"], kept.stat().st_mtime_ns
    lost.unlink()
    run("training", "megabatch", "--work", work, "--variants", "1", "--windows", "3")
    np.testing.assert_array_equal(np.load(lost)["folds"], before)
    assert kept.stat().st_mtime_ns == stamp


def test_shards_of_other_parameters_are_not_mixed(work: Path) -> None:
    assert "other parameters" in fails("megabatch", "--work", work, "--windows", "9")


def test_splits_share_no_song(work: Path) -> None:
    songs = [
        set(np.concatenate([np.load(s)["song"] for s in (work / "megabatch" / split).glob("*.npz")]).tolist())
        for split in ("train", "validation", "test")
    ]
    assert len(set.union(*songs)) == sum(map(len, songs))


COMMANDS = (
    *("corpus", "megabatch", "train", "export", "evaluate", "ship", "evaluate-folder", "benchmark"),
    *(
        "real-music",
        "report",
        "latency",
        "sweep",
        "crossvalidate",
        "tolerance",
        "distil",
        "add",
        "log",
        "annotations",
        "calibrate",
        "excerpt",
    ),
    *("openset", "labels"),  # earlier names
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    assert "Example: python -m training" in run("training", command, "--help")


@pytest.mark.parametrize("kind", KINDS)
def test_negatives_have_the_requested_length(kind: str) -> None:
    if kind == "speech" and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    if kind == "chords" and shutil.which("fluidsynth") is None:
        pytest.skip("fluidsynth is not installed")
    music = np.random.default_rng(1).normal(0.0, 0.1, 22050 * 12).astype(np.float32)
    sound = negative(kind, 8.0, 22050, np.random.default_rng(3), music=music)
    assert sound.dtype == np.float32
    assert len(sound) == 8 * 22050
    assert 1e-3 < np.sqrt(np.mean(sound**2)) < 1.0


def test_perfect_predictions_have_perfect_measures() -> None:
    label = np.array([1, 0, 1, 0, 0], np.int8)
    measures = candidate_measures(label, label.astype(np.float32))
    assert measures["accuracy"] == measures["balanced_accuracy"] == measures["auc"] == measures["f1"] == 1.0
    assert measures["larger_class"] == pytest.approx(0.6)


def test_wrong_and_missed_paces_lower_the_measures_of_songs() -> None:
    truth = Truth((82.0, 164.0), (41.0, 328.0))
    right, wrong, missed = (SongResult(truth, found) for found in ((164.1, 82.0, 41.0), (164.0, 82.0, 109.0), (82.0,)))
    perfect = song_measures([right])
    assert perfect["set_f1"] == perfect["flag_f1"] == perfect["songs_without_wrong_pace"] == 1.0
    assert perfect["tempo_error_median"] == pytest.approx(0.1 / 164.0 / 2.0, rel=0.01)
    assert wrong.wrong() == (109.0,)
    assert missed.missed() == (164.0,)
    mixed = song_measures([right, wrong, missed])
    assert mixed["set_precision"] == pytest.approx(5 / 6)
    assert mixed["set_recall"] == pytest.approx(5 / 6)
    assert mixed["flag_precision"] == 1.0
    assert mixed["flag_recall"] == pytest.approx(2 / 3)
