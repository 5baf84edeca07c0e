"""The verdict: cases to probabilities, by the quantized model through whichever TFLite runtime works here."""

import base64
import importlib
import importlib.metadata
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.fold import Cases
from paces_live.analysis.manifest import Manifest, Quantization
from paces_live.errors import ModelError, RuntimeMissingError

BATCH = 2
"""Cases that are judged at once. Larger batches would judge more blanks: there are 6 to 12 candidates, seldom 16."""
RUNTIMES = (
    ("ai_edge_litert.interpreter", "ai-edge-litert"),
    ("tflite_runtime.interpreter", "tflite-runtime"),
)
SELF_TEST_TOLERANCE, LOGIT_STEP = 0.02, 0.21
"""Kernels may round differently from one runtime or processor to the next: a few steps of the int8 output, and one step
of the logits before it, which the sigmoid makes larger where it is steep."""


class Classifier(Protocol):
    """Whatever can judge cases."""

    @property
    def features(self) -> FeatureConfig:
        """The feature path that the cases must come from."""

    @property
    def thresholds(self) -> tuple[float, float]:
        """Probability at which a pace is taken up, and below which it is given up."""

    @property
    def model(self) -> str:
        """Which model this is, for the start event."""

    @property
    def runtime(self) -> str:
        """What it runs on, for the start event."""

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        """Return the probability that each case is compatible, shape (n,)."""


class FixedClassifier:
    """A test double: judges by a function of the tempo alone."""

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
    """The model on a TFLite runtime; always invoked with full batches, so that memory is laid out once."""

    def __init__(self, model: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.features = manifest.features
        self.thresholds = (manifest.threshold_on, manifest.threshold_off)
        self.model = f"sha256:{manifest.sha256[:12]}"
        self._interpreter, self.runtime = _load(model)
        inputs = {len(detail["shape"]): detail for detail in self._interpreter.get_input_details()}
        output = self._interpreter.get_output_details()[0]
        # A model may judge by the fold alone.
        expected_inputs = {4: manifest.fold} | ({2: manifest.context} if manifest.context else {})
        if set(inputs) != set(expected_inputs):
            raise ModelError(f"{model.name} has other inputs than its manifest says; reinstall paces-live")
        self._fold, self._output = inputs[4]["index"], output["index"]
        self._context = inputs[2]["index"] if manifest.context else None
        for detail, expected in (
            *((inputs[rank], expected) for rank, expected in expected_inputs.items()),
            (output, manifest.output),
        ):
            if detail["dtype"] != np.int8 or not _same(detail["quantization"], expected):
                raise ModelError(f"{model.name} is quantized otherwise than its manifest says; reinstall paces-live")

    def probabilities(self, cases: Cases) -> NDArray[np.float32]:
        """Return the probability that each case is compatible, shape (n,)."""
        expected = self.manifest.context
        context = quantize(cases.context, expected) if expected else None
        return self._invoke(quantize(cases.folds, self.manifest.fold), context)

    def self_test(self) -> float:
        """Return the largest difference of a probability from the manifest's known cases.

        Raises
        ------
        ModelError
            The difference is more than rounding can explain: the runtime computes something else.
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
                f"the model's self-test is off by {difference:.3f} on {self.runtime}; install another version of it"
            )
        return difference

    def _invoke(self, folds: NDArray[np.int8], context: NDArray[np.int8] | None) -> NDArray[np.float32]:
        quantization = self.manifest.output
        result = np.empty(len(folds), np.float32)
        for start in range(0, len(folds), BATCH):
            part = slice(start, start + BATCH)
            count = len(folds[part])
            self._interpreter.set_tensor(self._fold, _filled(folds[part]))
            if context is not None:
                self._interpreter.set_tensor(self._context, _filled(context[part]))
            self._interpreter.invoke()
            integers = self._interpreter.get_tensor(self._output)[:count, 0].astype(np.float32)
            result[part] = (integers - quantization.zero_point) * quantization.scale
        return result


def quantize(values: NDArray[np.float32], quantization: Quantization) -> NDArray[np.int8]:
    """Return `values` as int8: rounded, then clipped."""
    scaled = values / np.float32(quantization.scale)
    np.rint(scaled, out=scaled)
    scaled += np.float32(quantization.zero_point)
    integers: NDArray[np.int8] = np.clip(scaled, -128, 127, out=scaled).astype(np.int8)
    return integers


def rounding(probability: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return how far another runtime's or processor's probabilities may be from these, by rounding alone."""
    allowed: NDArray[np.floating] = SELF_TEST_TOLERANCE + LOGIT_STEP * probability * (1.0 - probability)
    return allowed


def default_model() -> Path:
    """Return the model that ships: inside the installed package, or in `models/` of a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models" / "paces.tflite"
    return installed if installed.exists() else package.parent / "models" / "paces.tflite"


def load_classifier(model: Path | None = None) -> TfliteClassifier:
    """Return a classifier on `model`, the shipped one by default.

    Raises
    ------
    ModelError
        The model, its manifest and the features do not fit together.
    RuntimeMissingError
        No TFLite runtime works here.
    """
    path = model or default_model()
    return TfliteClassifier(path, Manifest.read(path))


def _load(model: Path) -> tuple[Any, str]:
    """Return an interpreter that has proved itself by a real invoke, and the runtime's name and version.

    A runtime may import and still fail when it loads a model (tflite-runtime under numpy 2).
    """
    failures = []
    for module, package in RUNTIMES:
        try:
            with _quiet():
                interpreter = importlib.import_module(module).Interpreter(model_path=str(model), num_threads=1)
                for detail in interpreter.get_input_details():
                    interpreter.resize_tensor_input(detail["index"], [BATCH, *detail["shape"][1:]])
                interpreter.allocate_tensors()
                interpreter.invoke()
        except ModuleNotFoundError:
            failures.append(f"{package} is not installed")
        except (ImportError, AttributeError, RuntimeError, ValueError, SystemError) as error:
            failures.append(f"{package} does not work ({str(error).splitlines()[0]})")
        else:
            return interpreter, f"{package} {importlib.metadata.version(package)}"
    raise RuntimeMissingError(f"no TFLite runtime: {'; '.join(failures)}: {runtime_advice()}")


def runtime_advice(
    bits: int = struct.calcsize("P") * 8, python: tuple[int, int] = sys.version_info[:2], numpy: str = np.__version__
) -> str:
    """Return what gives a system a TFLite runtime that works, one line.

    Parameters
    ----------
    bits : int
        Size of a pointer of this Python. Not what ``uname`` tells: 32-bit Raspberry Pi OS runs on a 64-bit kernel.
    python : tuple of int
        Its version.
    numpy : str
        The version of numpy that is installed.
    """
    if bits == 64:
        return "pip install ai-edge-litert"
    older = int(numpy.partition(".")[0]) < 2
    if python == (3, 11):
        extra = "pip install 'paces-live[tflite-runtime]'"
        return f"use the 64-bit system, or on this one {extra}" + ("" if older else ", which needs numpy 1")
    return "use the 64-bit system: on 32 bits there is a runtime for Python 3.11 alone (Bookworm)"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep standard error clean while a runtime loads: it writes there from C++, over whatever the terminal shows."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _same(quantization: tuple[float, int], expected: Quantization) -> bool:
    scale, zero_point = quantization
    return bool(np.isclose(scale, expected.scale, rtol=1e-5)) and zero_point == expected.zero_point


def _filled(values: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return a full batch that begins with `values`."""
    if len(values) == BATCH:
        return values
    batch = np.zeros((BATCH, *values.shape[1:]), np.int8)
    batch[: len(values)] = values
    return batch
