"""Checks that need TensorFlow, each run by test_network.py in a process of its own: its import warns of much."""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from paces_live.classifier import load_classifier
from paces_live.config import FeatureConfig
from training.cases import megabatch
from training.evaluation.reliability import CALIBRATED, calibration_error
from training.networks import export
from training.networks.description import NETWORKS, SHIPPED, Description
from training.networks.network import build
from training.networks.scaling import scale
from training.networks.sweep import sweep
from training.networks.train import train

CONFIG = FeatureConfig()
TINY = {
    "about": "",
    "fold": [
        {"kind": "convolution", "filters": 4, "size": [1, 3], "circular": True},
        {"kind": "batch_norm"},
        {"kind": "relu"},
        {"kind": "mean_and_maximum"},
    ],
    "training": {"epochs": 3, "batch": 16, "learning_rate": 0.02, "average_from": 2, "balance": "batches"},
}


def cases(folder: Path) -> Path:
    """Write small shards: what is compatible repeats with the beat."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 300), ("validation", 80)):
        label = (rng.random(count) < 0.3).astype(np.int8)
        folds = rng.integers(-60, 60, (count, CONFIG.fold_beats, CONFIG.fold_steps, CONFIG.n_mels))
        folds[label == 1, :, ::4] += 60
        home = folder / "megabatch" / split
        home.mkdir(parents=True, exist_ok=True)
        np.savez(
            home / "0000.npz",
            allow_pickle=False,
            folds=folds.astype(np.int8),
            context=rng.integers(-127, 128, (count, 1 + len(CONFIG.ratios))).astype(np.int8),
            spm=rng.uniform(40.0, 320.0, count).astype(np.float32),
            label=label,
            exact=np.ones(count, bool),
            song=np.arange(count, dtype=np.int32) // 10,
        )
    return folder / "megabatch"


def shipped(_folder: Path) -> None:
    """Build the layers of the model that ships, to which a beat is a circle."""
    model = build(Description.read(SHIPPED), CONFIG)
    assert model.count_params() == 58_001
    assert [layer.name.split("_")[0] for layer in model.layers if layer.count_params()] == [
        *["conv2d", "batch"] * 4,
        "dense",
        "dense",
        "probability",
    ]
    rng = np.random.default_rng(1)
    fold = rng.normal(size=(2, 16, 16, CONFIG.n_mels)).astype(np.float32)
    context = rng.normal(size=(2, 1 + len(CONFIG.ratios))).astype(np.float32)
    turned = model.predict([np.roll(fold, 4, axis=2), context], verbose=0)
    np.testing.assert_allclose(turned, model.predict([fold, context], verbose=0), atol=1e-5)


def three_d(_folder: Path) -> None:
    """Compare a convolution over bands with what Keras calls Conv3D."""
    layer = {"kind": "convolution", "filters": 5, "size": [2, 3, 8], "strides": [2, 1, 4]}
    again = {"kind": "convolution", "filters": 3, "size": [1, 2, 3], "strides": [1, 1, 2]}
    record = TINY | {"fold": [layer, again, {"kind": "merge_bands"}, {"kind": "flatten"}]}
    model = build(Description.parse(record, "bands"), CONFIG)
    first, second = (entry for entry in model.layers if isinstance(entry, keras.layers.Conv2D))
    volume = keras.Input((16, 16, CONFIG.n_mels, 1))
    one = keras.layers.Conv3D(5, (2, 3, 8), strides=(2, 1, 4))
    two = keras.layers.Conv3D(3, (1, 2, 3), strides=(1, 1, 2))
    exact = keras.Model(volume, two(one(volume)))
    one.set_weights([first.get_weights()[0].reshape(2, 3, 8, 1, 5), first.get_weights()[1]])
    two.set_weights([second.get_weights()[0].reshape(1, 2, 3, 5, 3), second.get_weights()[1]])
    fold = np.random.default_rng(1).normal(size=(2, 16, 16, CONFIG.n_mels)).astype(np.float32)
    (flat,) = (entry for entry in model.layers if isinstance(entry, keras.layers.Flatten))
    ours = keras.Model(model.inputs[0], flat.output).predict(fold, verbose=0)
    expected = exact.predict(fold[..., None], verbose=0).reshape(2, -1)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def exported(folder: Path) -> None:
    """Export to int8 files that the live classifier takes, with the probabilities of the networks."""
    export.CALIBRATION_CASES = 30
    batches = cases(folder)
    judged = megabatch.read(batches, "validation").cases()
    for name in ("shipped", "stage0", "conv3d"):
        network = build(Description.read(NETWORKS / f"{name}.toml"), CONFIG)
        run = folder / name
        run.mkdir()
        network.save(run / "network.keras")
        manifest = export.export(run, batches, run / "model.tflite", CONFIG, {})
        assert (manifest.context is None) == (name == "stage0")
        interpreter = Interpreter(str(run / "model.tflite"))
        assert {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()} == {"int8", "int32"}
        classifier = load_classifier(run / "model.tflite")
        assert classifier.self_test() < 1e-5
        expected = network.predict([judged.folds, judged.context], verbose=0)[:, 0]
        slope, offset = manifest.provenance["logit_slope"], manifest.provenance["logit_offset"]
        odds = slope * np.log(expected / (1.0 - expected)) + offset
        expected = 1.0 / (1.0 + np.exp(-odds))
        difference = np.abs(classifier.probabilities(judged) - expected).max()
        assert difference < 0.03, (name, difference)


def scaled(_folder: Path) -> None:
    """Mend a network that is too sure, and too seldom of what is compatible."""
    rng = np.random.default_rng(2)
    evidence = rng.normal(0.0, 2.0, (20_000, 1)).astype(np.float32)
    label = (rng.random(20_000) < 1.0 / (1.0 + np.exp(-evidence[:, 0]))).astype(np.int8)
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid", name="probability")])
    network.get_layer("probability").set_weights([np.array([[2.0]]), np.array([-1.5])])
    biased = network.predict(evidence, verbose=0)[:, 0]
    slope, offset = scale(network, label, biased)
    assert abs(slope - 0.5) < 0.03, slope
    assert abs(offset - 0.75) < 0.05, offset
    mended = network.predict(evidence, verbose=0)[:, 0]
    assert calibration_error(label, biased) > CALIBRATED > 0.02 > calibration_error(label, mended)
    again = scale(network, label, mended)
    assert abs(again[0] - 1.0) < 0.01, again
    assert abs(again[1]) < 0.01, again


def trained(folder: Path) -> None:
    """Interrupt a training, which must end as one in a single go does, with the weights of its last epochs averaged."""
    batches, tiny = cases(folder), Description.parse(TINY, "tiny")

    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        if done > total // 2:
            raise Killed

    whole = train(batches, folder / "whole", tiny, CONFIG, seed=1)
    try:
        train(batches, folder / "parts", tiny, CONFIG, seed=1, on_done=kill)
        raise AssertionError("it was not interrupted")
    except Killed:
        pass
    seen: list[int] = []
    parts = train(batches, folder / "parts", tiny, CONFIG, seed=1, on_done=lambda done, _: seen.append(done))
    assert seen[0] > 0, "it began anew"
    np.testing.assert_allclose(list(parts.values()), list(whole.values()), atol=1e-4)
    assert len(list((folder / "parts" / "average").glob("*.npz"))) == 2
    record = json.loads((folder / "whole" / "validation.json").read_text("utf-8"))
    assert record["averaged"]
    assert whole["auc"] > 0.9, whole
    assert {name: record[name] for name in whole} == whole
    train(batches, folder / "mirrored", tiny, CONFIG, seed=1, epochs=1, strategy="mirrored")


def swept(folder: Path) -> None:
    """Sweep twice: each network is trained with each seed once."""
    batches = cases(folder)
    layers = '[{kind = "convolution", filters = 2, size = [1, 3]}, {kind = "flatten"}]'
    text = f'about = ""\nfold = {layers}\n[training]\nepochs = 1\nlearning_rate = 0.01\n'
    (folder / "plain.toml").write_text(text, "utf-8")
    (folder / "wanted.toml").write_text(text + '[search]\n"fold.0.filters" = {low = 2, high = 9}\n', "utf-8")
    paths = [folder / "plain.toml", folder / "wanted.toml"]
    found = sweep(paths, batches, folder / "sweep", CONFIG, seeds=2, trials=1)
    assert sorted(outcome.name for outcome in found) == ["plain", "wanted"]
    assert all(set(outcome.combined) == {"mean", "logit mean", "median"} for outcome in found)
    models = sorted((folder / "sweep").rglob("network.keras"))
    stamps = [path.stat().st_mtime_ns for path in models]
    again = sweep(paths, batches, folder / "sweep", CONFIG, seeds=2, trials=1)
    assert [path.stat().st_mtime_ns for path in models] == stamps
    assert again == found


if __name__ == "__main__":
    for check in sys.argv[2:]:
        keras.utils.set_random_seed(1)
        globals()[check](Path(sys.argv[1]))
