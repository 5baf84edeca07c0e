"""Cases to probabilities: the quantized model on a TFLite runtime."""

import base64
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.fold import Cases
from paces_live.analysis.manifest import REINSTALL, Manifest, Quantization
from paces_live.analysis.runtime import load_interpreter
from paces_live.errors import ModelError

BATCH = 2
"""Number of cases that the model judges at once. Most readings have 6 to 12 candidates: larger batches would be padded
more."""
SELF_TEST_TOLERANCE, LOGIT_STEP = 0.02, 0.1
"""Differences that rounding explains: a few steps of the int8 output, and one step of the logits before the sigmoid.
Kernels round differently on other runtimes and processors."""


class Classifier(Protocol):
    """Judges cases: the interface of all classifiers.

    One classifier may serve any number of sessions, in any number of threads.
    """

    @property
    def features(self) -> FeatureConfig:
        """Configuration of the feature path that the cases must come from."""

    @property
    def thresholds(self) -> tuple[float, float]:
        """Probability from which a pace is shown, and below which it is dropped."""

    @property
    def model(self) -> str:
        """Name of the model, for the start event."""

    @property
    def runtime(self) -> str:
        """Name of the runtime, for the start event."""

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        """Return the probability that each case is compatible, shape (n,)."""


class FixedClassifier:
    """Judges by a function of the tempo alone: a real classifier for tests.

    Parameters
    ----------
    judge : callable
        Takes a tempo in steps per minute and returns the probability that it is compatible.
    features : FeatureConfig, optional
        Configuration of the feature path.

    Examples
    --------
    >>> classifier = FixedClassifier(lambda spm: 0.9 if spm > 100.0 else 0.1)
    >>> folds, context = np.zeros((2, 16, 12, 32), np.float32), np.zeros((2, 19), np.float32)
    >>> cases = Cases(np.array([80.0, 160.0]), folds, context)
    >>> classifier.probabilities(cases) > 0.5
    array([False,  True])
    """

    model = "fixed"
    runtime = "none"

    def __init__(self, judge: Callable[[float], float], features: FeatureConfig | None = None) -> None:
        self._judge = judge
        self.features = features or FeatureConfig()
        self.thresholds = (0.6, 0.4)

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        """Return the function's value for the tempo of each case."""
        return np.array([self._judge(spm) for spm in cases.spm], np.float32)


class TfliteClassifier:
    """The model on a TFLite runtime.

    A classifier may be called from any thread. It owns its interpreter, which serves one caller at a time: several at
    once would get errors or, worse, silently the answers to another caller's cases. A lock therefore makes callers wait
    for one batch of another caller, about 0.1 ms. Load more classifiers to use more cores.

    Parameters
    ----------
    model : Path
        The model file.
    manifest : Manifest
        Its manifest.

    Raises
    ------
    ModelError
        The model and its manifest do not fit together.
    RuntimeMissingError
        No TFLite runtime works on this system.
    """

    def __init__(self, model: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.features = manifest.features
        self.thresholds = (manifest.threshold_on, manifest.threshold_off)
        self.model = f"sha256:{manifest.sha256[:12]}"
        self._lock = threading.Lock()
        self._interpreter, self.runtime = load_interpreter(model, BATCH)
        inputs = {len(detail["shape"]): detail for detail in self._interpreter.get_input_details()}
        output = self._interpreter.get_output_details()[0]
        # Some models have no context input.
        expected_inputs = {4: manifest.fold} | ({2: manifest.context} if manifest.context else {})
        if set(inputs) != set(expected_inputs):
            raise ModelError(f"{model.name} and its manifest differ in the inputs", hint=REINSTALL)
        self._fold, self._output = inputs[4]["index"], output["index"]
        self._context = inputs[2]["index"] if manifest.context else None
        for detail, expected in (
            *((inputs[rank], expected) for rank, expected in expected_inputs.items()),
            (output, manifest.output),
        ):
            if detail["dtype"] != np.int8 or not _same(detail["quantization"], expected):
                raise ModelError(f"{model.name} and its manifest differ in the quantization", hint=REINSTALL)

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        """Return the probability that each case is compatible, shape (n,)."""
        expected = self.manifest.context
        context = quantize(cases.context, expected) if expected else None
        return self._invoke(quantize(cases.folds, self.manifest.fold), context)

    def self_test(self) -> float:
        """Judge the known cases of the manifest and return the largest error of a probability.

        Raises
        ------
        ModelError
            The error is larger than rounding explains: the runtime does not compute what it should.
        """
        features, test = self.features, self.manifest.self_test
        shape = (-1, features.fold_beats, features.fold_steps, features.n_mels)
        folds = np.frombuffer(base64.b64decode(test.folds), np.int8).reshape(shape)
        context = None
        if self.manifest.context:
            context = np.frombuffer(base64.b64decode(test.context), np.int8).reshape(len(folds), -1)
        expected = np.array(test.probabilities)
        differences = np.abs(self._invoke(folds, context) - expected)
        difference = float(differences.max())
        if (differences > rounding(expected)).any():
            raise ModelError(
                f"the self-test of the model is off by {difference:.3f} on {self.runtime}",
                hint="install another version of this runtime",
            )
        return difference

    def _invoke(self, folds: NDArray[np.int8], context: NDArray[np.int8] | None) -> NDArray[np.float32]:
        quantization = self.manifest.output
        result = np.empty(len(folds), np.float32)
        for start in range(0, len(folds), BATCH):
            part = slice(start, start + BATCH)
            count = len(folds[part])
            # Full batches only: the interpreter allocates its memory once.
            fold_batch = _padded(folds[part])
            context_batch = None if context is None else _padded(context[part])
            with self._lock:
                self._interpreter.set_tensor(self._fold, fold_batch)
                if context_batch is not None:
                    self._interpreter.set_tensor(self._context, context_batch)
                self._interpreter.invoke()
                integers = self._interpreter.get_tensor(self._output)
            result[part] = (integers[:count, 0].astype(np.float32) - quantization.zero_point) * quantization.scale
        return result


def quantize(values: NDArray[np.float32], quantization: Quantization) -> NDArray[np.int8]:
    """Return `values` as int8: rounded, then clipped.

    The affine scheme of Jacob et al. (2018): ``integer = round(value / scale) + zero_point``.

    Parameters
    ----------
    values : ndarray of float32, any shape
    quantization : Quantization

    Returns
    -------
    ndarray of int8, same shape

    Examples
    --------
    >>> quantize(np.float32([-2.0, 0.0, 0.26, 2.0]), Quantization(scale=0.01, zero_point=-1)).tolist()
    [-128, -1, 25, 127]
    """
    scaled = values / np.float32(quantization.scale)
    np.rint(scaled, out=scaled)
    scaled += np.float32(quantization.zero_point)
    integers: NDArray[np.int8] = np.clip(scaled, -128, 127, out=scaled).astype(np.int8)
    return integers


def rounding(probability: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return how much a probability may differ on another runtime or processor, by rounding alone.

    One step of the logit changes a probability p by about ``LOGIT_STEP * p * (1 - p)``, the slope of the sigmoid.

    Examples
    --------
    >>> rounding(np.array([0.0, 0.5, 1.0])).round(4).tolist()
    [0.02, 0.045, 0.02]
    """
    allowed: NDArray[np.floating] = SELF_TEST_TOLERANCE + LOGIT_STEP * probability * (1.0 - probability)
    return allowed


def default_model() -> Path:
    """Return the path of the shipped model: in the installed package, or in `models/` of a checkout.

    Examples
    --------
    >>> default_model().name
    'paces.tflite'
    """
    package = Path(__file__).parents[1]
    installed = package / "models" / "paces.tflite"
    return installed if installed.exists() else package.parent / "models" / "paces.tflite"


def load_classifier(model: Path | None = None) -> TfliteClassifier:
    """Load a classifier.

    Parameters
    ----------
    model : Path, optional
        The model file, with its manifest next to it; the shipped model by default.

    Raises
    ------
    ModelError
        The model, its manifest and the feature path do not fit together.
    RuntimeMissingError
        No TFLite runtime works on this system.

    Examples
    --------
    >>> classifier = load_classifier()
    >>> classifier.self_test() < 0.02
    True
    """
    path = model or default_model()
    return TfliteClassifier(path, Manifest.read(path))


def _same(quantization: tuple[float, int], expected: Quantization) -> bool:
    scale, zero_point = quantization
    return bool(np.isclose(scale, expected.scale, rtol=1e-5)) and zero_point == expected.zero_point


def _padded(values: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return `values`, shape (n, ...), as a full batch: zeros follow if n < BATCH."""
    if len(values) == BATCH:
        return values
    batch = np.zeros((BATCH, *values.shape[1:]), np.int8)
    batch[: len(values)] = values
    return batch
