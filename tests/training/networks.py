"""Checks that need TensorFlow, each run by test_network.py in a process of its own: its import warns of much."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from paces_live.analysis.classifier import load_classifier
from paces_live.analysis.feature_config import FeatureConfig
from tests.training.test_cluster import make_corpus
from training.annotations.genres import GENRES
from training.corpus.songs import load
from training.dataset import megabatch
from training.dataset.table import Splits, Table
from training.errors import TrainingError
from training.evaluate.metrics.reliability import CALIBRATED, calibration_error
from training.networks import export, quantization
from training.networks.crossvalidation import crossvalidate, deal
from training.networks.distil import distil
from training.networks.experiment import EXPERIMENTS, SHIPPED, Experiment
from training.networks.network import build, without_genre
from training.networks.quantization import simulated
from training.networks.scaling import scale
from training.networks.sweep import best, combine, sweep
from training.networks.tolerance import relabelled, study
from training.networks.train import PROBABILITIES, WEIGHTS, train
from training.networks.train import trained as finished

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
            context=rng.integers(-127, 128, (count, CONFIG.context_values)).astype(np.int8),
            spm=rng.uniform(40.0, 320.0, count).astype(np.float32),
            label=label,
            exact=np.ones(count, bool),
            song=np.arange(count, dtype=np.int32) // 10 + (30 if split == "validation" else 0),
        )
    return folder / "megabatch"


def shipped(_folder: Path) -> None:
    """Build the layers of the model that ships, to which a beat is a circle."""
    model = build(Experiment.read(SHIPPED), CONFIG)
    assert model.count_params() == 58_033
    assert [layer.name.split("_")[0] for layer in model.layers if layer.count_params()] == [
        *["conv2d", "batch"] * 4,
        "dense",
        "dense",
        "probability",
    ]
    rng = np.random.default_rng(1)
    fold = rng.normal(size=(2, 16, 16, CONFIG.n_mels)).astype(np.float32)
    context = rng.normal(size=(2, CONFIG.context_values)).astype(np.float32)
    turned = model.predict([np.roll(fold, 4, axis=2), context], verbose=0)
    np.testing.assert_allclose(turned, model.predict([fold, context], verbose=0), atol=1e-5)


def preprocessed(folder: Path) -> None:
    """Compare the preprocessings with their formulas, computed step by step, also after saving and loading."""
    rng = np.random.default_rng(3)
    fold = rng.uniform(-1.0, 1.0, (2, 16, 16, CONFIG.n_mels)).astype(np.float32)
    context = np.zeros((2, CONFIG.context_values), np.float32)
    power = np.exp(4.0 * fold.astype(np.float64)).reshape(2, 256, -1)
    smooth = np.empty_like(power)
    for step in range(256):
        past = 0.5 ** np.arange(step, -1.0, -1.0)
        smooth[:, step] = (past[:, None] * power[:, : step + 1]).sum(axis=1) / past.sum()
    normal = np.sqrt(power / (1e-3 + smooth) ** 0.8 + 2.0) - np.sqrt(2.0)
    for layer, wanted in (
        ({"kind": "log_constant", "constant": 0.5}, np.log(power + 0.5) / 4.0),
        ({"kind": "pcen", "smoothing": 0.5}, normal),
    ):
        model = build(Experiment.parse(TINY | {"fold": [layer, {"kind": "flatten"}]}, "pre"), CONFIG)
        model.save(folder / "pre.keras")
        again = keras.models.load_model(folder / "pre.keras")
        flat = next(entry for entry in again.layers if isinstance(entry, keras.layers.Flatten))
        found = keras.Model(again.inputs, flat.output).predict([fold, context], verbose=0)
        np.testing.assert_allclose(found, wanted.reshape(2, -1), rtol=1e-3, atol=1e-4)


def three_d(_folder: Path) -> None:
    """Compare a convolution over bands with what Keras calls Conv3D."""
    layer = {"kind": "convolution", "filters": 5, "size": [2, 3, 8], "strides": [2, 1, 4]}
    again = {"kind": "convolution", "filters": 3, "size": [1, 2, 3], "strides": [1, 1, 2]}
    record = TINY | {"fold": [layer, again, {"kind": "merge_bands"}, {"kind": "flatten"}]}
    model = build(Experiment.parse(record, "bands"), CONFIG)
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
    # Enough that no activation of the cases judged is beyond what was seen, as of a network that was trained.
    export.CALIBRATION_CASES = 300
    # To networks that know nothing any slope would be given, and with it what int8 loses; see `scaled`.
    setattr(export, "scale", lambda *_: (1.0, 0.0))  # noqa: B010
    batches = cases(folder)
    judged = megabatch.read(batches, "validation").cases()
    for name in ("shipped", "stage0", "conv3d"):
        network = build(Experiment.read(EXPERIMENTS / f"{name}.toml"), CONFIG)
        run = folder / name
        run.mkdir()
        network.save(run / "network.keras")
        manifest = export.export(run, batches, run / "model.tflite", CONFIG, {}, quantization_aware="never")
        assert (manifest.context is None) == (name == "stage0")
        interpreter = Interpreter(str(run / "model.tflite"))
        assert {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()} == {"int8", "int32"}
        classifier = load_classifier(run / "model.tflite")
        assert classifier.self_test() < 1e-5
        expected = network.predict([judged.folds, judged.context], verbose=0)[:, 0]
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
    batches, tiny = cases(folder), Experiment.parse(TINY, "tiny")

    whole = train(batches, folder / "whole", tiny, CONFIG, seed=1)
    try:
        train(batches, folder / "parts", tiny, CONFIG, seed=1, on_done=kill_after(18))
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
    # What is finished is not trained again; a training of another seed takes its place at once.
    network = folder / "whole" / WEIGHTS
    stamp = network.stat().st_mtime_ns
    assert train(batches, folder / "whole", tiny, CONFIG, seed=1) == whole
    assert network.stat().st_mtime_ns == stamp
    try:
        train(batches, folder / "whole", tiny, CONFIG, seed=2, on_done=kill_after(1))
        raise AssertionError("it was not interrupted")
    except Killed:
        pass
    try:
        finished(folder / "whole")
        raise AssertionError("what seed 1 left is taken for the network of seed 2")
    except TrainingError as error:
        assert "no finished network" in str(error)  # noqa: PT017


def told(folder: Path) -> None:
    """Train a network that is told the genre; what is kept of it does without, and says what it said of none."""
    batches = cases(folder)
    genres = batches / megabatch.GENRES
    genres.write_text(json.dumps(["jazz", "", "rock"] * 12), "utf-8")
    record = TINY | {"use_genre": True, "context": [{"kind": "dense", "units": 3, "activation": "relu"}]}
    experiment = Experiment.parse(record, "told")
    network = build(experiment, CONFIG)
    kept = without_genre(network, experiment, CONFIG)
    rng = np.random.default_rng(1)
    fold = rng.normal(size=(4, CONFIG.fold_beats, CONFIG.fold_steps, CONFIG.n_mels)).astype(np.float32)
    context = rng.normal(size=(4, CONFIG.context_values)).astype(np.float32)
    none, jazz = (
        np.zeros((4, len(GENRES)), np.float32),
        np.eye(len(GENRES), dtype=np.float32)[[GENRES.index("jazz")] * 4],
    )
    said = kept.predict([fold, context], verbose=0)
    np.testing.assert_allclose(said, network.predict([fold, context, none], verbose=0), atol=1e-6)
    assert np.abs(said - network.predict([fold, context, jazz], verbose=0)).max() > 1e-4
    measures = train(batches, folder / "told", experiment, CONFIG, seed=1)
    assert measures["auc"] > 0.9, measures
    assert [entry.name for entry in keras.models.load_model(folder / "told" / "network.keras").inputs] == [
        "fold",
        "context",
    ]
    # Interrupted when all is done but the verdicts: a folder where they are to go.
    verdicts = folder / "late" / PROBABILITIES
    verdicts.mkdir(parents=True)
    try:
        train(batches, folder / "late", experiment, CONFIG, seed=1)
        raise AssertionError("it was not interrupted")
    except IsADirectoryError:
        verdicts.rmdir()
    late = train(batches, folder / "late", experiment, CONFIG, seed=1)
    np.testing.assert_allclose(list(late.values()), list(measures.values()), atol=1e-4)
    genres.unlink()
    try:
        train(batches, folder / "none", experiment, CONFIG, seed=1)
        raise AssertionError("it learned genres that nobody knows")
    except TrainingError:
        pass


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
    accuracies = [run["accuracy"] for outcome in found for run in outcome.runs]
    assert finished(best(found))["accuracy"] == max(accuracies)


def songs(folder: Path) -> Path:
    """Write a corpus of which the cases could be: 38 songs, two to a family."""
    corpus = make_corpus(folder / "corpus", 38, seconds=1.0)
    for index, path in enumerate(sorted((corpus / "songs").glob("*.json"))):
        known = {
            "family": f"artist {index // 2}",
            "meter": "triple" if index % 5 == 0 else "duple",
            "compatible": [100.0 + index],
            "taste": [200.0 + index],
            "split": "train" if index < 30 else "validation",
        }
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | known), "utf-8")
    return corpus


class Killed(BaseException):
    """Raised in the midst of something that has to go on later."""


def kill_after(count: int) -> Callable[[int, int], None]:
    def on_done(done: int, _total: int) -> None:
        if done > count:
            raise Killed

    return on_done


def crossvalidated(folder: Path) -> None:
    """Judge every song but those of the test split once, by a network that learned of no song of its group."""
    corpus, batches, tiny = songs(folder), cases(folder), Experiment.parse(TINY, "tiny")
    known = load(corpus)
    fold = deal(known, 3)
    assert all(len({fold[i] for i in range(38) if i // 2 == artist}) == 1 for artist in range(19))
    for meter in ("duple", "triple"):
        counts = np.bincount([fold[i] for i in range(38) if known[i].meter == meter], minlength=3)
        assert np.ptp(counts) <= 2, (meter, counts)
    assert deal([replace(song, split="test") if song.id < "00010" else song for song in known], 3)[:10].max() == -1
    try:
        crossvalidate(tiny, corpus, batches, folder / "sweep", CONFIG, folds=3, on_done=kill_after(0))
        raise AssertionError("it was not interrupted")
    except Killed:
        pass
    models = [path.stat().st_mtime_ns for path in (folder / "sweep").rglob("network.keras")]
    outcome = crossvalidate(tiny, corpus, batches, folder / "sweep", CONFIG, folds=3)
    after = [path.stat().st_mtime_ns for path in (folder / "sweep").rglob("network.keras")]
    assert (len(models), len(after)) == (1, 3)
    assert set(models) < set(after)
    assert outcome.mean("auc") > 0.8, outcome
    said = [np.load(path) for path in (folder / "sweep").rglob("validation.npy")]
    assert sum(map(len, said)) == 380


def tolerated(folder: Path) -> None:
    """Learn under two tolerances; the wider one calls more compatible, and what is judged stays the same."""
    corpus, batches, tiny = songs(folder), cases(folder), Experiment.parse(TINY | {"training": {"epochs": 1}}, "tiny")
    known, table = load(corpus), Table.read(batches, "train")
    spm = np.array([known[song].compatible[0] for song in table.song]) * np.resize([1.03, 1.01, 1.5, 2.0], len(table))
    table = replace(table, spm=spm.astype(np.float32))
    strict, wide = (relabelled(table, known, tolerance) for tolerance in (0.02, 0.05))
    assert strict.label[:3].tolist() == [0, 1, 0]
    assert wide.label[:3].tolist() == [1, 1, 0]
    assert (strict.exact[:2].tolist(), wide.exact[:2].tolist()) == ([True, True], [False, True])
    beyond = replace(table, song=table.song + len(known))
    np.testing.assert_array_equal(relabelled(beyond, known, 0.05).label, table.label)
    # Shards whose labels are those of the songs, so that both tolerances have both classes.
    for split in ("train", "validation"):
        path = batches / split / "0000.npz"
        stored = dict(np.load(path))
        spread = np.random.default_rng(3).uniform(0.9, 1.1, len(stored["song"]))
        stored["spm"] = ((100.0 + stored["song"]) * spread).astype(np.float32)
        np.savez(path, allow_pickle=False, **stored)
    options: dict[str, Any] = {"seeds": 2, "epochs": 1}
    try:
        study(tiny, [0.03, 0.08], corpus, batches, folder / "sweep", CONFIG, **options, on_done=kill_after(2))
        raise AssertionError("it was not interrupted")
    except Killed:
        pass
    models = {path.stat().st_mtime_ns for path in (folder / "sweep").rglob("network.keras")}
    narrow, broad = study(tiny, [0.03, 0.08], corpus, batches, folder / "sweep", CONFIG, **options)
    after = {path.stat().st_mtime_ns for path in (folder / "sweep").rglob("network.keras")}
    assert (len(models), len(after)) == (3, 4)
    assert models < after
    assert narrow.positive < broad.positive
    assert len(narrow.product.runs) == len(narrow.own.runs) == 2
    assert narrow.product.runs != narrow.own.runs


def distilled(folder: Path) -> None:
    """Learn from two networks what they say together; interrupted, it goes on, and export takes what it leaves."""
    export.CALIBRATION_CASES = 30
    batches = cases(folder)
    alone = Experiment.parse(
        TINY | {"training": {"epochs": 3, "batch": 16, "learning_rate": 0.02, "distillation": 1.0}}, "tiny"
    )
    sweep_in, run = folder / "sweep", folder / "distilled"
    try:
        distil(alone, batches, sweep_in, run, CONFIG, seeds=2, on_done=kill_after(20))
        raise AssertionError("it was not interrupted")
    except Killed:
        pass
    models = {path.stat().st_mtime_ns for path in sweep_in.rglob("network.keras")}
    found = distil(alone, batches, sweep_in, run, CONFIG, seeds=2)
    assert {path.stat().st_mtime_ns for path in sweep_in.rglob("network.keras")} == models
    assert len(models) == 2
    assert found.way in found.teachers.combined
    assert found.measures["auc"] > 0.9
    # With the labels turned round, it follows the networks, not the labels.
    upside_down = Splits.read(batches, CONFIG)
    label, soft = (
        upside_down.train.label,
        combine(np.stack([np.load(p) for p in sweep_in.rglob("training.npy")]))["mean"],
    )
    upside_down = replace(upside_down, train=replace(upside_down.train, label=1 - label, soft=soft))
    assert train(upside_down, folder / "turned", alone, CONFIG, seed=1)["auc"] > 0.9
    export.export(run, batches, run / "model.tflite", CONFIG, {})
    assert load_classifier(run / "model.tflite").self_test() < 1e-5


def quantized(folder: Path) -> None:
    """Make a network that int8 spoils; fine-tuned with simulated int8, the exported file is right again."""
    export.CALIBRATION_CASES, quantization.EPOCHS, quantization.LEARNING_RATE = 100, 40, 0.02
    batches, tiny, run = cases(folder), Experiment.parse(TINY, "tiny"), folder / "run"
    train(batches, run, tiny, CONFIG, seed=1, epochs=8)
    network = keras.models.load_model(run / "network.keras")
    spoil(network)
    network.save(run / "network.keras")
    post = export.export(run, batches, run / "never.tflite", CONFIG, {}, quantization_aware="never")
    before = post.metrics[export.QUANTIZATION]
    assert before["accuracy_float"] - before["accuracy"] > 0.05, before
    try:
        export.export(run, batches, run / "auto.tflite", CONFIG, {}, on_done=kill_after(3))
        raise AssertionError("it was not interrupted")
    except Killed:
        pass
    # A run of the same network that is not interrupted ends with the same weights.
    whole = folder / "whole"
    whole.mkdir()
    shutil.copy(run / "network.keras", whole)
    cases_learned = Splits.read(batches, CONFIG).train
    in_one_go = quantization.fine_tune(whole, cases_learned).get_weights()
    for one, other in zip(quantization.fine_tune(run, cases_learned).get_weights(), in_one_go, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    aware = export.export(run, batches, run / "auto.tflite", CONFIG, {}).metrics[export.QUANTIZATION]
    assert aware["fine_tuned"], aware
    assert aware["accuracy"] >= before["accuracy_float"] - 0.015, (before, aware)
    judged = megabatch.read(batches, "validation")
    classifier = load_classifier(run / "auto.tflite")
    assert np.mean((classifier.probabilities(judged.cases()) >= 0.5) == judged.label) == aware["accuracy"]
    stamp = (run / "fine-tuned.keras").stat().st_mtime_ns
    export.export(run, batches, run / "again.tflite", CONFIG, {}, quantization_aware="always")
    assert (run / "fine-tuned.keras").stat().st_mtime_ns == stamp
    for name in ("shipped", "stage0", "conv3d"):
        network = build(Experiment.read(EXPERIMENTS / f"{name}.toml"), CONFIG)
        copied = simulated(network)
        some = judged.take(np.arange(40)).cases()
        copied([some.folds, some.context], training=True)
        rounded, exact = (each.predict([some.folds, some.context], verbose=0) for each in (copied, network))
        np.testing.assert_allclose(rounded, exact, atol=0.05)
        assert np.abs(rounded - exact).max() > 1e-6


def spoil(network: keras.Model) -> None:
    """Let the network say much the same with numbers that int8 rounds badly: all weights of the last unit but one.

    That one is large, so that steps are coarse, and belongs to a channel that is always 0.
    """
    last = network.get_layer("probability")
    kernel, bias = last.get_weights()
    norm = next(layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization))
    gamma, beta, *statistics = norm.get_weights()
    channel = int((np.abs(kernel[:4, 0]) + np.abs(kernel[4:8, 0])).argmin())
    gamma[channel] = beta[channel] = 0.0
    kernel[channel] = 300.0 * np.abs(kernel).max()
    norm.set_weights([gamma, beta, *statistics])
    last.set_weights([kernel, bias])


if __name__ == "__main__":
    for check in sys.argv[2:]:
        keras.utils.set_random_seed(1)
        globals()[check](Path(sys.argv[1]))
