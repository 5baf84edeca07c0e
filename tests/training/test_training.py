"""The main road in miniature: from nothing to the paces that a new model finds."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paces_live.analysis.classifier import load_classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.manifest import Manifest
from paces_live.demo import excerpt
from training.annotations.truth import Truth
from training.dataset.negatives import KINDS, negative
from training.dataset.table import Splits
from training.errors import TrainingError
from training.evaluate.metrics.candidates import candidate_measures
from training.evaluate.metrics.songs import SongResult, song_measures
from training.evaluate.report.card import card as card_of

ROOT = Path(__file__).parents[2]


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


def test_the_card_describes_the_corpus_that_was_used(work: Path) -> None:
    card = (work / "model" / "README.md").read_text("utf-8")
    assert "trained only on generated music" in card
    assert "| songs | 20 |" in card
    manifest = replace(Manifest.read(work / "model" / "paces.tflite"), provenance={"songs": 20, "annotated_songs": 12})
    mixed = " ".join(card_of(manifest, work / "model" / "paces.tflite").split())
    assert "parts of 12 songs that people annotated and 8 generated songs" in mixed
    assert "only on generated music" not in mixed
    assert "Singing" not in mixed


def test_only_ship_replaces_the_model_and_not_with_a_worse_one(work: Path, tmp_path: Path) -> None:
    shipped = tmp_path / "models"
    shutil.copytree(ROOT / "models", shipped)
    before = {path.name: path.read_bytes() for path in shipped.iterdir()}
    assert before == {path.name: path.read_bytes() for path in (ROOT / "models").iterdir()}
    command = [sys.executable, "-m", "training", "ship", "--work", str(work), "--into", str(shipped)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is worse than" in done.stderr
    assert "validation songs: pace set F1" in done.stdout
    assert {path.name: path.read_bytes() for path in shipped.iterdir()} == before
    run("training", "ship", "--work", work, "--into", shipped, "--force")
    after = {path.name: path.read_bytes() for path in shipped.iterdir()}
    assert after == {path.name: path.read_bytes() for path in (work / "model").iterdir()}


def test_the_manifest_of_a_model_elsewhere_stays_as_it_is(work: Path, tmp_path: Path) -> None:
    other = tmp_path / "models"
    shutil.copytree(work / "model", other)
    before = {path.name: path.read_bytes() for path in other.iterdir()}
    assert "candidates" in run("training", "evaluate", "--work", work, "--model", other / "paces.tflite")
    assert {path.name: path.read_bytes() for path in other.iterdir()} == before


def test_quantization_changes_few_decisions(work: Path) -> None:
    manifest = json.loads((work / "model" / "paces.json").read_text("utf-8"))
    assert manifest["metrics"]["quantization, on validation cases"]["agreement"] >= 0.97


def test_a_lost_shard_is_made_again_and_the_others_stay(work: Path) -> None:
    shards = sorted((work / "megabatch").rglob("*.npz"))
    kept, lost = shards[0], shards[-1]
    before, stamp = np.load(lost)["folds"], kept.stat().st_mtime_ns
    lost.unlink()
    run("training", "megabatch", "--work", work, "--variants", "1", "--windows", "3")
    np.testing.assert_array_equal(np.load(lost)["folds"], before)
    assert kept.stat().st_mtime_ns == stamp


def test_shards_of_other_parameters_are_not_mixed(work: Path) -> None:
    command = [sys.executable, "-m", "training", "megabatch", "--work", str(work), "--windows", "9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "other parameters" in done.stderr
    assert "Traceback" not in done.stderr


def test_splits_share_no_song(work: Path) -> None:
    songs = [
        set(np.concatenate([np.load(s)["song"] for s in (work / "megabatch" / split).glob("*.npz")]).tolist())
        for split in ("train", "validation", "test")
    ]
    assert len(set.union(*songs)) == sum(map(len, songs))


COMMANDS = (
    *("corpus", "megabatch", "train", "export", "evaluate", "ship", "real-music", "openset", "excerpt"),
    *(
        "add",
        "log",
        "sweep",
        "crossvalidate",
        "tolerance",
        "distil",
        "report",
        "latency",
        "annotations",
        "labels",
        "calibrate",
    ),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    assert "Example: python -m training" in run("training", command, "--help")


@pytest.mark.parametrize("kind", KINDS)
def test_negatives_have_the_requested_length(kind: str) -> None:
    if kind == "speech" and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
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


def test_a_training_can_start_from_an_exported_model(work: Path, tmp_path: Path) -> None:
    """The first network agrees with the exported one, and learns on from there."""
    import keras

    from training.networks.experiment import Experiment
    from training.networks.network import build
    from training.networks.train import _some
    from training.networks.warm_start import start_from

    cases = Splits.read(work / "megabatch", FeatureConfig())
    network = build(Experiment.read(ROOT / "training/experiments/shipped.toml"), FeatureConfig())
    inputs = _some(cases.train)
    start_from(network, ROOT / "models/paces.tflite", inputs)
    table = cases.validation
    parts = [part.cases() for part in table.load()]
    shipped = np.concatenate([load_classifier().probabilities(part) for part in parts])
    found = np.concatenate([network.predict([part.folds, part.context], verbose=0)[:, 0] for part in parts])
    assert np.mean(np.abs(found - shipped)) < 0.02
    assert np.mean((found > 0.5) == (shipped > 0.5)) > 0.97
    conv3d = build(Experiment.read(ROOT / "training/experiments/stage0.toml"), FeatureConfig())
    with pytest.raises(TrainingError, match="another"):
        start_from(conv3d, ROOT / "models/paces.tflite", inputs)
    keras.backend.clear_session()
    run("training", "train", "--work", work, "--from", "models", "--run", tmp_path / "tuned", "--epochs", "1")
    made = json.loads((tmp_path / "tuned" / "validation.json").read_text("utf-8"))
    fresh = json.loads((work / "run" / "validation.json").read_text("utf-8"))
    assert made["loss"] < fresh["loss"]
