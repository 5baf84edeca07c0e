"""The shipped model gives the right probabilities on every runtime and in any thread; broken files are refused."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates
from paces_live.analysis.classifier import (
    LOGIT_STEP,
    TfliteClassifier,
    default_model,
    load_classifier,
    quantize,
    rounding,
)
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import Cases, build_cases
from paces_live.analysis.manifest import Manifest, Quantization
from paces_live.analysis.periodicity import periodicity
from paces_live.analysis.runtime import runtime_advice
from paces_live.errors import ModelError, RuntimeMissingError
from tests.support.signals import noisy, rock, swing, triplets, waltz

ROOT = Path(__file__).parents[2]
OTHER_RUNTIME = ROOT / ".venv-tflite" / "bin" / "python"


@pytest.fixture(scope="module")
def classifier() -> TfliteClassifier:
    return load_classifier()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a copy of the shipped model that a test may damage."""
    for suffix in (".tflite", ".json"):
        shutil.copy(default_model().with_suffix(suffix), tmp_path)
    return tmp_path / "paces.tflite"


def edit_manifest(model: Path, **changes: object) -> None:
    """Set keys of the manifest; the value ``...`` removes a key."""
    path = model.with_suffix(".json")
    record = json.loads(path.read_text("utf-8"))
    path.write_text(
        json.dumps({name: value for name, value in (record | changes).items() if value is not ...}), "utf-8"
    )


def some_cases(count: int, seed: int = 0) -> Cases:
    """Return random cases."""
    rng, config = np.random.default_rng(seed), FeatureConfig()
    folds = rng.uniform(-1.0, 1.0, (count, config.fold_beats, config.fold_steps, config.n_mels)).astype(np.float32)
    context = rng.uniform(-1.0, 1.0, (count, config.context_values)).astype(np.float32)
    return Cases(np.linspace(60.0, 200.0, count), folds, context)


def test_model_and_manifest_are_small(model: Path) -> None:
    assert model.stat().st_size + model.with_suffix(".json").stat().st_size <= 150_000


def test_the_shipped_model_passes_its_self_test(classifier: TfliteClassifier) -> None:
    assert classifier.self_test() < 0.02


def test_the_manifest_holds_the_metrics_of_the_evaluation(classifier: TfliteClassifier) -> None:
    metrics = classifier.manifest.metrics
    held_out = metrics["held-out generated songs, degraded"]
    assert held_out["candidates"]["accuracy"] > held_out["candidates"]["larger_class"]
    assert metrics["quantization, on validation cases"]["agreement"] > 0.99


def test_a_probability_does_not_depend_on_the_other_cases(classifier: TfliteClassifier) -> None:
    cases = some_cases(37)
    together = classifier.probabilities(cases)
    alone = [
        classifier.probabilities(Cases(cases.spm[i : i + 1], cases.folds[i : i + 1], cases.context[i : i + 1]))
        for i in range(37)
    ]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    assert classifier.probabilities(some_cases(0)).shape == (0,)


def test_threads_that_share_a_classifier_get_the_probabilities_of_their_own_cases(classifier: TfliteClassifier) -> None:
    cases = [some_cases(5, seed) for seed in range(4)]
    alone = [classifier.probabilities(one) for one in cases]

    def judge(index: int) -> list[NDArray[np.float32]]:
        return [classifier.probabilities(cases[index]) for _ in range(300)]

    with ThreadPoolExecutor(4) as threads:
        for expected, judged in zip(alone, threads.map(judge, range(4)), strict=True):
            for probabilities in judged:
                np.testing.assert_array_equal(probabilities, expected)


def test_loading_in_several_threads_leaves_standard_error_alone() -> None:
    before = os.fstat(2)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: load_classifier(), range(64)))
    assert os.path.samestat(before, os.fstat(2))


def test_quantization_rounds_then_clips() -> None:
    values = np.array([-2.0, -1.0, 0.0, 0.0059, 0.0061, 1.0, 2.0], np.float32)
    integers = quantize(values, Quantization(2.0 / 255.0, -1))
    assert integers.tolist() == [-128, -128, -1, 0, 0, 126, 127]


def test_a_changed_model_file_is_refused(model: Path) -> None:
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="hash differs"):
        load_classifier(model)


def test_a_model_of_another_feature_path_is_refused(model: Path) -> None:
    edit_manifest(model, fingerprint="0123456789abcdef")
    with pytest.raises(ModelError, match="fingerprint differs"):
        load_classifier(model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "blue"}, "colour"),
        ({"threshold_on": ...}, "threshold_on"),
        ({"schema": 99}, "schema 99 instead of 1: use the model of this version"),
        ({"output": {"scale": 0.5, "zero_point": 0}}, "differ in the quantization: reinstall paces-live"),
        ({"features": {"hop": 256}}, "feature configuration"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(model: Path, changes: dict[str, object], message: str) -> None:
    edit_manifest(model, **changes)
    with pytest.raises(ModelError, match=message):
        load_classifier(model)


def test_missing_and_damaged_files_are_reported_by_name(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.tflite"):
        load_classifier(tmp_path / "nowhere.tflite")
    model.with_suffix(".json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="not a valid manifest"):
        load_classifier(model)


def test_a_wrong_probability_fails_the_self_test(model: Path) -> None:
    record = json.loads(model.with_suffix(".json").read_text("utf-8"))["self_test"]
    edit_manifest(model, self_test=record | {"probabilities": [1.0 - p for p in record["probabilities"]]})
    with pytest.raises(ModelError, match="self-test"):
        load_classifier(model).self_test()


def test_the_error_without_a_runtime_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.analysis.runtime.RUNTIMES", (("no_such_runtime.interpreter", "no-such-runtime"),))
    with pytest.raises(RuntimeMissingError, match=r"no-such-runtime is not installed.*pip install"):
        load_classifier()


@pytest.mark.parametrize(
    ("bits", "python", "numpy", "words"),
    [
        (64, (3, 11), "2.4.6", ".* -m pip install ai-edge-litert$"),
        (64, (3, 13), "2.5.5", ".* -m pip install ai-edge-litert$"),
        (32, (3, 11), "1.26.4", "use the 64-bit system, or run .* -m pip install tflite-runtime==2.14.0$"),
        (32, (3, 11), "2.4.6", "use the 64-bit system, or run .* tflite-runtime==2.14.0 'numpy<2'$"),
        (32, (3, 12), "1.26.4", "use the 64-bit system, because .* Python 3.11 only"),
        (32, (3, 13), "2.5.5", "use the 64-bit system, because .* Python 3.11 only"),
    ],
)
def test_the_advice_for_32_bit_systems_is_the_64_bit_system(
    bits: int, python: tuple[int, int], numpy: str, words: str
) -> None:
    advice = runtime_advice(bits, python, numpy)
    assert re.match(words, advice)
    assert "\n" not in advice


def test_a_runtime_that_can_be_imported_but_does_not_work_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "paces_live.analysis.runtime.RUNTIMES",
        (("json", "broken"), ("ai_edge_litert.interpreter", "ai-edge-litert")),
    )
    assert load_classifier().runtime.startswith("ai-edge-litert")


def heard_cases(classifier: TfliteClassifier) -> Cases:
    """Return the candidates of four rhythms, with and without noise, as a session judges them."""
    config = classifier.features
    built = []
    for pattern in (rock, swing, triplets, waltz):
        for snr_db in (40.0, 6.0):
            frames = log_mel(noisy(pattern(131.0), snr_db), config)
            autocorrelation = periodicity(frames, config)
            spm = candidates(autocorrelation, config, count=16, of_interest=(165.0,))
            built.append(build_cases(frames, autocorrelation, spm, config))
    return Cases(
        np.concatenate([cases.spm for cases in built]),
        np.concatenate([cases.folds for cases in built]),
        np.concatenate([cases.context for cases in built]),
    )


def test_the_older_runtime_gives_the_same_probabilities(classifier: TfliteClassifier, tmp_path: Path) -> None:
    if not OTHER_RUNTIME.exists():
        pytest.skip("no environment with tflite-runtime (Python 3.11 only): make test sets it up")
    cases = heard_cases(classifier)
    np.savez(tmp_path / "cases.npz", spm=cases.spm, folds=cases.folds, context=cases.context)
    program = (
        "import sys, numpy as np\n"
        "from paces_live.analysis.classifier import load_classifier\n"
        "from paces_live.analysis.fold import Cases\n"
        "classifier = load_classifier()\n"
        "assert classifier.runtime.startswith('tflite-runtime'), classifier.runtime\n"
        "classifier.self_test()\n"
        "given = np.load(sys.argv[1] + '/cases.npz')\n"
        "np.save(sys.argv[1] + '/probabilities.npy', classifier.probabilities(Cases(**given)))\n"
    )
    subprocess.run([OTHER_RUNTIME, "-c", program, tmp_path], check=True, cwd=ROOT, timeout=120)
    probabilities = np.load(tmp_path / "probabilities.npy")
    own = classifier.probabilities(cases)
    # They are on different sides of a threshold only if both are within a step of it.
    assert (np.abs(probabilities - own) <= rounding(own)).all()


def test_the_live_package_needs_neither_training_nor_its_libraries() -> None:
    program = (
        "import sys, paces_live.cli.main, paces_live.session, paces_live.library.files\n"
        "import paces_live.analysis.classifier as c\n"
        "c.load_classifier()\n"
        "heavy = {'training', 'tensorflow', 'keras', 'librosa', 'scipy', 'numba', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)


def test_a_manifest_survives_a_round_trip(classifier: TfliteClassifier, model: Path) -> None:
    before = model.with_suffix(".json").read_text("utf-8")
    classifier.manifest.write(model)
    assert model.with_suffix(".json").read_text("utf-8") == before
    assert Manifest.read(model) == classifier.manifest


def test_the_allowed_rounding_is_one_step_of_the_logits_of_the_model() -> None:
    interpreter = Interpreter(str(default_model()))
    interpreter.allocate_tensors()
    single = [detail for detail in interpreter.get_tensor_details() if list(detail["shape"]) == [1, 1]]
    output = interpreter.get_output_details()[0]["index"]
    (logits,) = (detail for detail in single if detail["dtype"] == np.int8 and detail["index"] != output)
    assert 0.5 * LOGIT_STEP < logits["quantization"][0] <= LOGIT_STEP
