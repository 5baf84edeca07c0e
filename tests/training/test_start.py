"""A training that begins with an exported model: the same answers at first, and no worse ones in the end."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paces_live.analysis.classifier import load_classifier, rounding
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.fold import Cases
from tests.support.corpus import make_corpus
from tests.support.signals import rock
from training.annotations.truth import truth
from training.dataset import megabatch
from training.errors import TrainingError
from training.networks.experiment import EXPERIMENTS, SHIPPED, Experiment

# See test_networks.py.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

CONFIG = FeatureConfig()
MODEL = Path(__file__).parents[2] / "models" / "paces.tflite"


@pytest.fixture(scope="module")
def cases() -> Cases:
    """Return the candidates of windows of four drum patterns in noise."""
    rng = np.random.default_rng(5)
    found = []
    for tempo in (84.0, 104.0, 128.0, 165.0):
        samples = rock(tempo, 30.0) * 0.5
        samples = samples + rng.normal(0.0, 0.02, len(samples)).astype(np.float32)
        drawn = megabatch.song_cases(samples, truth(tempo, "duple"), CONFIG, rng, windows=12)
        found += [part for part, *_ in drawn]
    return Cases(*(np.concatenate([getattr(part, name) for part in found]) for name in ("spm", "folds", "context")))


@pytest.fixture(scope="module")
def begun(cases: Cases) -> Any:
    """Return the network that ships, with the weights of its int8 file."""
    import tensorflow as tf

    from training.networks.network import build
    from training.networks.start import begin

    network = build(Experiment.read(SHIPPED), CONFIG)
    inputs = {"fold": cases.folds, "context": cases.context}
    begin(network, MODEL, tf.data.Dataset.from_tensors((inputs, 0.0, 0.0)))
    return network


def test_the_network_answers_as_the_exported_file_does(begun: Any, cases: Cases) -> None:
    expected = load_classifier(MODEL).probabilities(cases)
    found = begun.predict([cases.folds, cases.context], verbose=0)[:, 0]
    assert len(cases.spm) > 200
    assert 0.1 < np.mean(expected >= 0.5) < 0.9
    assert np.mean(np.abs(found - expected)) < 0.01
    assert np.mean(np.abs(found - expected) <= rounding(expected)) > 0.98
    assert np.mean((found >= 0.5) == (expected >= 0.5)) > 0.98


def test_the_statistics_are_those_of_the_cases(begun: Any, cases: Cases) -> None:
    kept = begun.get_weights()
    for layer in begun.layers:
        if "dropout" in layer.name:
            layer.rate = 0.0
    learning = np.asarray(begun([cases.folds, cases.context], training=True))
    begun.set_weights(kept)  # training moved the statistics
    alone = begun.predict([cases.folds, cases.context], verbose=0)
    np.testing.assert_allclose(learning, alone, atol=0.01)


def test_another_experiment_is_refused(cases: Cases) -> None:
    import tensorflow as tf

    from training.networks.network import build
    from training.networks.start import begin

    network = build(Experiment.read(EXPERIMENTS / "wider.toml"), CONFIG)
    with pytest.raises(TrainingError, match="has other layers than the network of this experiment"):
        begin(network, MODEL, tf.data.Dataset.from_tensors(({"fold": cases.folds, "context": cases.context}, 0.0, 0.0)))


def test_fine_tuning_keeps_the_old_network_if_it_becomes_worse(tmp_path: Path) -> None:
    from training.networks.start import gentle
    from training.networks.train import ORIGIN, train, trained

    make_corpus(tmp_path / "corpus", 8)
    megabatch.build(tmp_path / "corpus", tmp_path / "megabatch", CONFIG, seed=1, variants=1, windows=1, workers=1)
    shipped = Experiment.read(SHIPPED)
    plan = gentle(shipped.training)
    assert plan.learning_rate == pytest.approx(2e-4)
    assert plan.epochs == 4
    spoiled = replace(shipped, training=replace(plan, learning_rate=1.0, schedule="constant"))
    measures = train(tmp_path / "megabatch", tmp_path / "run", spoiled, CONFIG, seed=1, epochs=1, start=MODEL)
    record = trained(tmp_path / "run")
    assert measures["loss"] == pytest.approx(record["loss_before"], rel=1e-3)
    origin = json.loads((tmp_path / "run" / ORIGIN).read_text("utf-8"))
    assert origin["sha256"] == load_classifier(MODEL).manifest.sha256
    assert origin["provenance"]["training_songs"] == load_classifier(MODEL).manifest.provenance["training_songs"]


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    from training.networks.start import exported

    assert exported(MODEL.parent) == MODEL
    for path in (tmp_path, tmp_path / "none", MODEL.with_suffix(".json")):
        with pytest.raises(TrainingError, match="no exported model"):
            exported(path)
