"""Begin a training with the weights of an exported model.

Only the int8 file and its manifest of a model are kept. Its weights are real numbers again when they are multiplied by
their scales; what is lost is the rounding. The conversion folded each batch normalisation into the convolution before
it, so that the normalisation is set up again: with the statistics of the cases, and with the scale and the offset that
undo them. The network then computes what the exported file does, and can learn on.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from paces_live.analysis.manifest import Manifest
from training.errors import TrainingError
from training.networks.experiment import Training

BATCHES = 20
"""Number of batches from which the statistics of the cases are taken."""
SLOWER, EPOCHS = 0.1, 4
"""Learning rate relative to that of the experiment, and number of epochs, of a fine-tuning."""
OPERATIONS: dict[str, Any] = {"CONV_2D": keras.layers.Conv2D, "FULLY_CONNECTED": keras.layers.Dense}
"""Operations of a TFLite model that have weights, and their layers."""

Floats = NDArray[np.float32]


def exported(path: Path) -> Path:
    """Return the model file at `path`, which may also be the folder of ``paces.tflite``.

    Raises
    ------
    TrainingError
        If there is none.
    """
    model = path / "paces.tflite" if path.is_dir() else path
    if model.suffix != ".tflite" or not model.is_file():
        raise TrainingError(f"no exported model at {model}: give a folder with paces.tflite, such as models, to --from")
    return model


def origin(model: Path) -> dict[str, Any]:
    """Return the hash of a model and what it was trained on, for the manifest of the new one."""
    manifest = Manifest.read(model)
    return {"sha256": manifest.sha256, "provenance": manifest.provenance}


def gentle(plan: Training) -> Training:
    """Return the plan of a fine-tuning: a lower learning rate, fewer epochs, no average of the last ones."""
    return replace(plan, learning_rate=SLOWER * plan.learning_rate, epochs=min(EPOCHS, plan.epochs), average_from=None)


def begin(network: Any, model: Path, batches: Any) -> None:
    """Give `network` the weights of an exported model, in place.

    Parameters
    ----------
    network : keras.Model
        Untrained, of the experiment of the model.
    batches : tf.data.Dataset
        Batches to train from, for the statistics of batch normalisation.

    Raises
    ------
    TrainingError
        If the layers of the two differ, or the network has other layers with weights.
    """
    stored = list(weights(model))
    layers = [layer for layer in network.layers if layer.weights]
    own: list[Any] = [layer for layer in layers if isinstance(layer, tuple(OPERATIONS.values()))]
    norms = {norm: _before(norm) for norm in layers if isinstance(norm, keras.layers.BatchNormalization)}
    mismatch = TrainingError(
        f"{model} has other layers than the network of this experiment: name its own one with --experiment"
    )
    if len(layers) != len(own) + len(norms) or not all(layer in own for layer in norms.values()):
        raise mismatch
    # Both list the layers in the order of computation within a branch; the branches have different shapes.
    for layer in own:
        found = next((n for n, (kernel, _) in enumerate(stored) if kernel.shape == tuple(layer.kernel.shape)), None)
        if found is None:
            raise mismatch
        kernel, bias = stored.pop(found)
        layer.kernel.assign(kernel)
        if layer.use_bias:
            layer.bias.assign(bias)
        for norm in (norm for norm, before in norms.items() if before is layer):
            # Without statistics yet: it only adds the bias.
            one = np.ones(len(bias), np.float32)
            norm.set_weights([np.sqrt(one + norm.epsilon), bias, 0.0 * one, one])
    if stored:
        raise mismatch
    _normalise(network, norms, batches)


def weights(model: Path) -> Iterator[tuple[Floats, Floats]]:
    """Yield the kernel, as Keras stores it, and the bias of each layer of a TFLite model, in order of computation."""
    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}

    def real(index: int) -> Floats:
        quantized, integers = details[index]["quantization_parameters"], interpreter.get_tensor(index)
        # One scale and zero point for all values, or one for each filter, which is the first axis.
        shape = (-1, *[1] * (integers.ndim - 1))
        zero_points, scales = (quantized[name].reshape(shape) for name in ("zero_points", "scales"))
        return np.asarray((integers - zero_points) * scales, np.float32)

    for operation in interpreter._get_ops_details():  # noqa: SLF001  (the runtime has no public way to ask this)
        if operation["op_name"] in OPERATIONS:
            _, kernel, bias = operation["inputs"]
            yield np.moveaxis(real(kernel), 0, -1), real(bias)


def _before(norm: Any) -> Any:
    """Return the layer whose result a batch normalisation gets."""
    return norm.input._keras_history.operation  # noqa: SLF001  (Keras has no public way to ask this)


def _normalise(network: Any, norms: dict[Any, Any], batches: Any) -> None:
    """Set the statistics of batch normalisation to those of the cases; the network computes the same as before."""
    if not norms:
        return
    results = keras.Model(network.inputs, [layer.output for layer in norms.values()])
    count = 0
    sums = [np.zeros((2, layer.output.shape[-1]), np.float64) for layer in norms.values()]
    for inputs, _, _ in batches.take(BATCHES):
        values = results([inputs[entry.name] for entry in network.inputs], training=False)
        for total, value in zip(sums, values if isinstance(values, list) else [values], strict=True):
            flat = np.asarray(value, np.float64).reshape(-1, value.shape[-1])
            total += (flat.mean(axis=0), (flat**2).mean(axis=0))
        count += 1
    for norm, (mean, square) in zip(norms, (total / count for total in sums), strict=True):
        variance = np.maximum(square - mean**2, 0.0)
        _, bias, _, _ = norm.get_weights()
        norm.set_weights([np.sqrt(variance + norm.epsilon), bias + mean, mean, variance])
