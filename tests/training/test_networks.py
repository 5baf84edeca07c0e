"""Networks: built, trained, compared, quantized and exported."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from paces_live.analysis.classifier import load_classifier
from paces_live.analysis.feature_config import FeatureConfig
from tests.support.corpus import make_corpus
from training.annotations.genres import GENRES
from training.corpus.songs import load
from training.dataset import megabatch
from training.dataset.table import Splits, Table
from training.errors import TrainingError
from training.evaluate.metrics.reliability import calibration_error
from training.networks.experiment import EXPERIMENTS, SHIPPED, Experiment

# Keras copies tensors in an old way. TensorFlow's converter uses its old interpreter, and asks for ranges of int8
# inputs that it does not need.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
    pytest.mark.filterwarnings(r"ignore:\s+Warning. tf.lite.Interpreter is deprecated:UserWarning"),
]

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


@pytest.fixture(scope="session")
def keras() -> Any:
    """Import Keras and TensorFlow: it takes seconds, so only these tests do it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras
        import tensorflow  # noqa: F401
    return keras


@pytest.fixture(autouse=True)
def seeded(keras: Any) -> Iterator[None]:
    keras.utils.set_random_seed(1)
    yield
    keras.backend.clear_session()


@pytest.fixture
def batches(tmp_path: Path) -> Path:
    """Return a small megabatch whose compatible cases repeat with the beat."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 300), ("validation", 80)):
        label = (rng.random(count) < 0.3).astype(np.int8)
        folds = rng.integers(-60, 60, (count, CONFIG.fold_beats, CONFIG.fold_steps, CONFIG.n_mels))
        folds[label == 1, :, ::4] += 60
        home = tmp_path / "megabatch" / split
        home.mkdir(parents=True, exist_ok=True)
        np.savez(
            home / "0000.npz",
            allow_pickle=False,
            folds=folds.astype(np.int8),
            context=rng.integers(-127, 128, (count, CONFIG.context_values)).astype(np.int8),
            spm=rng.uniform(40.0, 320.0, count).astype(np.float32),
            label=label,
            exact=np.ones(count, bool),
            speed=np.ones(count, np.float32),
            song=np.arange(count, dtype=np.int32) // 10 + (30 if split == "validation" else 0),
        )
    return tmp_path / "megabatch"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a corpus that the cases could be of: 38 songs, two of each family."""
    folder = make_corpus(tmp_path / "corpus", 38, seconds=1.0)
    for index, path in enumerate(sorted((folder / "songs").glob("*.json"))):
        known = {
            "family": f"artist {index // 2}",
            "meter": "triple" if index % 5 == 0 else "duple",
            "compatible": [100.0 + index],
            "taste": [200.0 + index],
            "split": "train" if index < 30 else "validation",
        }
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | known), "utf-8")
    return folder


@pytest.fixture
def tiny() -> Experiment:
    return Experiment.parse(TINY, "tiny")


class Killed(BaseException):
    """Raised in the middle of work that continues later."""


def kill_after(count: int) -> Callable[[int, int], None]:
    def on_done(done: int, _total: int) -> None:
        if done > count:
            raise Killed

    return on_done


def stamps(folder: Path) -> set[int]:
    """Return the times at which the networks in a folder were written."""
    return {path.stat().st_mtime_ns for path in folder.rglob("network.keras")}


# Building


def test_the_network_that_ships_sees_the_beat_as_a_circle() -> None:
    from training.networks.network import build

    model = build(Experiment.read(SHIPPED), CONFIG)
    assert model.count_params() == 58_193
    assert [layer.name.split("_")[0] for layer in model.layers if layer.count_params()] == [
        *["conv2d", "batch"] * 4,
        "dense",
        "dense",
        "probability",
    ]
    rng = np.random.default_rng(1)
    fold = rng.normal(size=(2, 16, 12, CONFIG.n_mels)).astype(np.float32)
    context = rng.normal(size=(2, CONFIG.context_values)).astype(np.float32)
    turned = model.predict([np.roll(fold, 4, axis=2), context], verbose=0)
    np.testing.assert_allclose(turned, model.predict([fold, context], verbose=0), atol=1e-5)


def test_preprocessing_follows_its_formulas_after_saving_and_loading(keras: Any, tmp_path: Path) -> None:
    from training.networks.network import build

    rng = np.random.default_rng(3)
    fold = rng.uniform(-1.0, 1.0, (2, 16, 12, CONFIG.n_mels)).astype(np.float32)
    context = np.zeros((2, CONFIG.context_values), np.float32)
    power = np.exp(4.0 * fold.astype(np.float64)).reshape(2, 192, -1)
    smooth = np.empty_like(power)
    for step in range(192):
        past = 0.5 ** np.arange(step, -1.0, -1.0)
        smooth[:, step] = (past[:, None] * power[:, : step + 1]).sum(axis=1) / past.sum()
    normal = np.sqrt(power / (1e-3 + smooth) ** 0.8 + 2.0) - np.sqrt(2.0)
    for layer, wanted in (
        ({"kind": "log_constant", "constant": 0.5}, np.log(power + 0.5) / 4.0),
        ({"kind": "pcen", "smoothing": 0.5}, normal),
    ):
        model = build(Experiment.parse(TINY | {"fold": [layer, {"kind": "flatten"}]}, "pre"), CONFIG)
        model.save(tmp_path / "pre.keras")
        again = keras.models.load_model(tmp_path / "pre.keras")
        flat = next(entry for entry in again.layers if isinstance(entry, keras.layers.Flatten))
        found = keras.Model(again.inputs, flat.output).predict([fold, context], verbose=0)
        np.testing.assert_allclose(found, wanted.reshape(2, -1), rtol=1e-3, atol=1e-4)


def test_a_convolution_over_bands_equals_conv3d(keras: Any) -> None:
    from training.networks.network import build

    layer = {"kind": "convolution", "filters": 5, "size": [2, 3, 8], "strides": [2, 1, 4]}
    again = {"kind": "convolution", "filters": 3, "size": [1, 2, 3], "strides": [1, 1, 2]}
    record = TINY | {"fold": [layer, again, {"kind": "merge_bands"}, {"kind": "flatten"}]}
    model = build(Experiment.parse(record, "bands"), CONFIG)
    first, second = (entry for entry in model.layers if isinstance(entry, keras.layers.Conv2D))
    volume = keras.Input((16, 12, CONFIG.n_mels, 1))
    one = keras.layers.Conv3D(5, (2, 3, 8), strides=(2, 1, 4))
    two = keras.layers.Conv3D(3, (1, 2, 3), strides=(1, 1, 2))
    exact = keras.Model(volume, two(one(volume)))
    one.set_weights([first.get_weights()[0].reshape(2, 3, 8, 1, 5), first.get_weights()[1]])
    two.set_weights([second.get_weights()[0].reshape(1, 2, 3, 5, 3), second.get_weights()[1]])
    fold = np.random.default_rng(1).normal(size=(2, 16, 12, CONFIG.n_mels)).astype(np.float32)
    (flat,) = (entry for entry in model.layers if isinstance(entry, keras.layers.Flatten))
    ours = keras.Model(model.inputs[0], flat.output).predict(fold, verbose=0)
    expected = exact.predict(fold[..., None], verbose=0).reshape(2, -1)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


# Training


def test_an_interrupted_training_ends_like_one_in_a_single_go(batches: Path, tiny: Experiment, tmp_path: Path) -> None:
    from training.networks.train import train

    whole = train(batches, tmp_path / "whole", tiny, CONFIG, seed=1)
    with pytest.raises(Killed):
        train(batches, tmp_path / "parts", tiny, CONFIG, seed=1, on_done=kill_after(18))
    seen: list[int] = []
    parts = train(batches, tmp_path / "parts", tiny, CONFIG, seed=1, on_done=lambda done, _: seen.append(done))
    assert seen[0] > 0  # it continues
    np.testing.assert_allclose(list(parts.values()), list(whole.values()), atol=1e-4)
    assert len(list((tmp_path / "parts" / "average").glob("*.npz"))) == 2
    record = json.loads((tmp_path / "whole" / "validation.json").read_text("utf-8"))
    assert record["averaged"]
    assert whole["auc"] > 0.9
    assert {name: record[name] for name in whole} == whole


def test_a_finished_training_is_not_repeated_and_another_seed_replaces_it(
    batches: Path, tiny: Experiment, tmp_path: Path
) -> None:
    from training.networks.train import WEIGHTS, train, trained

    run = tmp_path / "run"
    measures = train(batches, run, tiny, CONFIG, seed=1, epochs=1)
    stamp = (run / WEIGHTS).stat().st_mtime_ns
    assert train(batches, run, tiny, CONFIG, seed=1, epochs=1) == measures
    assert (run / WEIGHTS).stat().st_mtime_ns == stamp
    with pytest.raises(Killed):
        train(batches, run, tiny, CONFIG, seed=2, epochs=1, on_done=kill_after(1))
    with pytest.raises(TrainingError, match="no finished network"):
        trained(run)


def test_training_runs_mirrored_on_all_devices(batches: Path, tiny: Experiment, tmp_path: Path) -> None:
    from training.networks.train import train

    assert train(batches, tmp_path / "run", tiny, CONFIG, seed=1, epochs=1, strategy="mirrored")["loss"] > 0.0


def test_a_network_that_learns_genres_is_kept_without_them(keras: Any, batches: Path, tmp_path: Path) -> None:
    from training.networks.network import build, without_genre
    from training.networks.train import PROBABILITIES, train

    genres = batches / megabatch.GENRES
    genres.write_text(json.dumps(["jazz", "", "rock"] * 12), "utf-8")
    record = TINY | {"use_genre": True, "context": [{"kind": "dense", "units": 3, "activation": "relu"}]}
    experiment = Experiment.parse(record, "genre")
    network = build(experiment, CONFIG)
    kept = without_genre(network, experiment, CONFIG)
    rng = np.random.default_rng(1)
    fold = rng.normal(size=(4, CONFIG.fold_beats, CONFIG.fold_steps, CONFIG.n_mels)).astype(np.float32)
    context = rng.normal(size=(4, CONFIG.context_values)).astype(np.float32)
    none = np.zeros((4, len(GENRES)), np.float32)
    jazz = np.eye(len(GENRES), dtype=np.float32)[[GENRES.index("jazz")] * 4]
    probability = kept.predict([fold, context], verbose=0)
    np.testing.assert_allclose(probability, network.predict([fold, context, none], verbose=0), atol=1e-6)
    assert np.abs(probability - network.predict([fold, context, jazz], verbose=0)).max() > 1e-4
    measures = train(batches, tmp_path / "run", experiment, CONFIG, seed=1)
    assert measures["auc"] > 0.9
    saved = keras.models.load_model(tmp_path / "run" / "network.keras", compile=False)
    assert [entry.name for entry in saved.inputs] == ["fold", "context"]
    # Interrupted when only the probabilities are missing: a folder is in their place.
    place = tmp_path / "late" / PROBABILITIES
    place.mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        train(batches, tmp_path / "late", experiment, CONFIG, seed=1)
    place.rmdir()
    late = train(batches, tmp_path / "late", experiment, CONFIG, seed=1)
    np.testing.assert_allclose(list(late.values()), list(measures.values()), atol=1e-4)
    genres.unlink()
    with pytest.raises(TrainingError, match="no genre"):
        train(batches, tmp_path / "none", experiment, CONFIG, seed=1)


# Comparing


def test_a_sweep_trains_each_network_with_each_seed_once(batches: Path, tmp_path: Path) -> None:
    from training.networks.sweep import best, sweep
    from training.networks.train import trained

    layers = '[{kind = "convolution", filters = 2, size = [1, 3]}, {kind = "flatten"}]'
    text = f'about = ""\nfold = {layers}\n[training]\nepochs = 1\nlearning_rate = 0.01\n'
    paths = [tmp_path / "plain.toml", tmp_path / "searched.toml"]
    paths[0].write_text(text, "utf-8")
    paths[1].write_text(text + '[search]\n"fold.0.filters" = {low = 2, high = 9}\n', "utf-8")
    results = sweep(paths, batches, tmp_path / "sweep", CONFIG, seeds=2, searched=1)
    assert sorted(result.name for result in results) == ["plain", "searched"]
    assert all(set(result.combined) == {"mean", "logit mean", "median"} for result in results)
    before = stamps(tmp_path / "sweep")
    assert len(before) == 4
    assert sweep(paths, batches, tmp_path / "sweep", CONFIG, seeds=2, searched=1) == results
    assert stamps(tmp_path / "sweep") == before
    accuracies = [run["accuracy"] for result in results for run in result.runs]
    assert trained(best(results))["accuracy"] == max(accuracies)


def test_folds_keep_families_together_and_leave_the_test_split_out(corpus: Path) -> None:
    from training.networks.crossvalidation import deal

    songs = load(corpus)
    fold = deal(songs, 3)
    assert all(len({fold[i] for i in range(38) if i // 2 == artist}) == 1 for artist in range(19))
    for meter in ("duple", "triple"):
        counts = np.bincount([fold[i] for i in range(38) if songs[i].meter == meter], minlength=3)
        assert np.ptp(counts) <= 2
    assert deal([replace(song, split="test") if song.id < "00010" else song for song in songs], 3)[:10].max() == -1


def test_cross_validation_judges_every_case_once_and_continues(
    batches: Path, corpus: Path, tiny: Experiment, tmp_path: Path
) -> None:
    from training.networks.crossvalidation import crossvalidate

    sweep = tmp_path / "sweep"
    with pytest.raises(Killed):
        crossvalidate(tiny, corpus, batches, sweep, CONFIG, folds=3, on_done=kill_after(0))
    before = stamps(sweep)
    result = crossvalidate(tiny, corpus, batches, sweep, CONFIG, folds=3)
    assert (len(before), len(stamps(sweep))) == (1, 3)
    assert before < stamps(sweep)
    assert result.mean("auc") > 0.8
    assert sum(len(np.load(path)) for path in sweep.rglob("validation.npy")) == 380


def test_a_wider_tolerance_labels_more_cases_compatible(batches: Path, corpus: Path) -> None:
    from training.networks.tolerance import relabelled

    songs, table = load(corpus), Table.read(batches, "train")
    spm = np.array([songs[song].compatible[0] for song in table.song]) * np.resize([1.03, 1.01, 1.5, 2.0], len(table))
    table = replace(table, spm=spm.astype(np.float32))
    strict, wide = (relabelled(table, songs, tolerance) for tolerance in (0.02, 0.05))
    assert strict.label[:3].tolist() == [0, 1, 0]
    assert wide.label[:3].tolist() == [1, 1, 0]
    assert (strict.exact[:2].tolist(), wide.exact[:2].tolist()) == ([True, True], [False, True])
    faster = replace(table, spm=1.2 * table.spm, speed=np.full_like(table.speed, 1.2))
    np.testing.assert_array_equal(relabelled(faster, songs, 0.05).label, wide.label)
    negatives = replace(table, song=table.song + len(songs))
    np.testing.assert_array_equal(relabelled(negatives, songs, 0.05).label, table.label)


def test_a_study_of_tolerances_continues_and_judges_all_by_the_same_labels(
    batches: Path, corpus: Path, tmp_path: Path
) -> None:
    from training.networks.tolerance import study

    # Shards whose labels are those of the songs, so that both tolerances have both classes.
    for split in ("train", "validation"):
        path = batches / split / "0000.npz"
        stored = dict(np.load(path))
        spread = np.random.default_rng(3).uniform(0.9, 1.1, len(stored["song"]))
        stored["spm"] = ((100.0 + stored["song"]) * spread).astype(np.float32)
        np.savez(path, allow_pickle=False, **stored)
    tiny = Experiment.parse(TINY | {"training": {"epochs": 1}}, "tiny")
    sweep = tmp_path / "sweep"
    with pytest.raises(Killed):
        study(tiny, [0.03, 0.08], corpus, batches, sweep, CONFIG, seeds=2, epochs=1, on_done=kill_after(2))
    before = stamps(sweep)
    narrow, broad = study(tiny, [0.03, 0.08], corpus, batches, sweep, CONFIG, seeds=2, epochs=1)
    assert (len(before), len(stamps(sweep))) == (3, 4)
    assert before < stamps(sweep)
    assert narrow.positive < broad.positive
    assert len(narrow.product.runs) == len(narrow.own.runs) == 2
    assert narrow.product.runs != narrow.own.runs


def test_a_distilled_network_follows_its_teachers_and_can_be_exported(
    batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.networks import export
    from training.networks.distil import distil
    from training.networks.sweep import combine
    from training.networks.train import train

    monkeypatch.setattr(export, "CALIBRATION_CASES", 30)
    plan = {"epochs": 3, "batch": 16, "learning_rate": 0.02, "distillation": 1.0}
    alone = Experiment.parse(TINY | {"training": plan}, "tiny")
    sweep, run = tmp_path / "sweep", tmp_path / "distilled"
    with pytest.raises(Killed):
        distil(alone, batches, sweep, run, CONFIG, seeds=2, on_done=kill_after(20))
    before = stamps(sweep)
    found = distil(alone, batches, sweep, run, CONFIG, seeds=2)
    assert stamps(sweep) == before
    assert len(before) == 2
    assert found.way in found.teachers.combined
    assert found.measures["auc"] > 0.9
    # With inverted labels it still follows the teachers.
    cases = Splits.read(batches, CONFIG)
    soft = combine(np.stack([np.load(path) for path in sweep.rglob("training.npy")]))["mean"]
    inverted = replace(cases, train=replace(cases.train, label=1 - cases.train.label, soft=soft))
    assert train(inverted, tmp_path / "inverted", alone, CONFIG, seed=1)["auc"] > 0.9
    export.export(run, batches, run / "model.tflite", CONFIG, {})
    assert load_classifier(run / "model.tflite").self_test() < 1e-5


# Exporting


@pytest.mark.parametrize("name", ["shipped", "stage0", "conv3d"])
def test_an_exported_file_is_int8_and_agrees_with_its_network(
    batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from training.networks import export
    from training.networks.network import build

    # Enough cases for the ranges of all activations of an untrained network, which calibration would stretch.
    monkeypatch.setattr(export, "CALIBRATION_CASES", 300)
    monkeypatch.setattr(export, "scale", lambda *_: (1.0, 0.0))
    judged = megabatch.read(batches, "validation").cases()
    network = build(Experiment.read(EXPERIMENTS / f"{name}.toml"), CONFIG)
    network.save(tmp_path / "network.keras")
    model = tmp_path / "model.tflite"
    manifest = export.export(tmp_path, batches, model, CONFIG, {}, quantization_aware="never")
    assert (manifest.context is None) == (name == "stage0")
    interpreter = Interpreter(str(model))
    assert {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()} == {"int8", "int32"}
    classifier = load_classifier(model)
    assert classifier.self_test() < 1e-5
    expected = network.predict([judged.folds, judged.context], verbose=0)[:, 0]
    assert np.abs(classifier.probabilities(judged) - expected).max() < 0.03


def test_scaling_corrects_a_network_that_is_too_sure(keras: Any) -> None:
    from training.networks.scaling import scale

    rng = np.random.default_rng(2)
    evidence = rng.normal(0.0, 2.0, (20_000, 1)).astype(np.float32)
    label = (rng.random(20_000) < 1.0 / (1.0 + np.exp(-evidence[:, 0]))).astype(np.int8)
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid", name="probability")])
    network.get_layer("probability").set_weights([np.array([[2.0]]), np.array([-1.5])])
    biased = network.predict(evidence, verbose=0)[:, 0]
    slope, offset = scale(network, label, biased)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert offset == pytest.approx(0.75, abs=0.05)
    scaled = network.predict(evidence, verbose=0)[:, 0]
    assert calibration_error(label, biased) > 0.03
    assert calibration_error(label, scaled) < 0.02
    assert scale(network, label, scaled) == pytest.approx((1.0, 0.0), abs=0.01)


def test_fine_tuning_repairs_a_network_that_int8_spoils(
    keras: Any, batches: Path, tiny: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.networks import export, quantization
    from training.networks.train import train

    monkeypatch.setattr(export, "CALIBRATION_CASES", 100)
    monkeypatch.setattr(quantization, "EPOCHS", 40)
    monkeypatch.setattr(quantization, "LEARNING_RATE", 0.02)
    run, whole = tmp_path / "run", tmp_path / "whole"
    train(batches, run, tiny, CONFIG, seed=1, epochs=8)
    network = keras.models.load_model(run / "network.keras", compile=False)
    spoil(keras, network)
    network.save(run / "network.keras")
    post = export.export(run, batches, run / "never.tflite", CONFIG, {}, quantization_aware="never")
    before = post.metrics[export.QUANTIZATION]
    assert before["accuracy_float"] - before["accuracy"] > 0.05
    with pytest.raises(Killed):
        export.export(run, batches, run / "auto.tflite", CONFIG, {}, on_done=kill_after(3))
    # An uninterrupted run of the same network ends with the same weights.
    whole.mkdir()
    shutil.copy(run / "network.keras", whole)
    cases = Splits.read(batches, CONFIG).train
    in_one_go = quantization.fine_tune(whole, cases).get_weights()
    for one, other in zip(quantization.fine_tune(run, cases).get_weights(), in_one_go, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    aware = export.export(run, batches, run / "auto.tflite", CONFIG, {}).metrics[export.QUANTIZATION]
    assert aware["fine_tuned"]
    assert aware["accuracy"] >= before["accuracy_float"] - 0.015
    judged = megabatch.read(batches, "validation")
    classifier = load_classifier(run / "auto.tflite")
    assert np.mean((classifier.probabilities(judged.cases()) >= 0.5) == judged.label) == aware["accuracy"]
    stamp = (run / "fine-tuned.keras").stat().st_mtime_ns
    export.export(run, batches, run / "again.tflite", CONFIG, {}, quantization_aware="always")
    assert (run / "fine-tuned.keras").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("name", ["shipped", "stage0", "conv3d"])
def test_simulated_int8_changes_probabilities_little(batches: Path, name: str) -> None:
    from training.networks.network import build
    from training.networks.quantization import simulated

    network = build(Experiment.read(EXPERIMENTS / f"{name}.toml"), CONFIG)
    copied = simulated(network)
    some = megabatch.read(batches, "validation").take(np.arange(40)).cases()
    copied([some.folds, some.context], training=True)
    rounded, exact = (each.predict([some.folds, some.context], verbose=0) for each in (copied, network))
    np.testing.assert_allclose(rounded, exact, atol=0.05)
    assert np.abs(rounded - exact).max() > 1e-6


def spoil(keras: Any, network: Any) -> None:
    """Keep the output of a network but make int8 round it badly, with a large weight of a channel that is always 0."""
    last = network.get_layer("probability")
    kernel, bias = last.get_weights()
    norm = next(layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization))
    gamma, beta, *statistics = norm.get_weights()
    channel = int((np.abs(kernel[:4, 0]) + np.abs(kernel[4:8, 0])).argmin())
    gamma[channel] = beta[channel] = 0.0
    kernel[channel] = 300.0 * np.abs(kernel).max()
    norm.set_weights([gamma, beta, *statistics])
    last.set_weights([kernel, bias])
