"""Start a training from an exported model: its int8 weights as those of the network that it was made of."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

WITH_WEIGHTS = ("CONV_2D", "FULLY_CONNECTED")
"""Operations of TFLite that stand for the layers with weights of our networks."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of an operation as float: `kernel` as Keras has it, outputs last, and `bias`."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def start_from(network: Any, model: Path, inputs: list[NDArray[np.float32]]) -> None:
    """Give `network` the weights of an exported model, in place.

    TFLite has the batch normalisation inside the convolution before it. Here it normalises with the statistics of
    `inputs` and scales them back, so that the network computes the same while it is trained and when it is used.

    Parameters
    ----------
    network : keras.Model
        As `build` makes it from the experiment of the model.
    model : path
        The TFLite file.
    inputs : list of ndarray of float32
        Folds and contexts of some hundred cases, shapes (n, beats, steps, bands) and (n, values).

    Raises
    ------
    TrainingError
        The model is not of this network.
    """
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    found = list(weights(model))
    for layer in layers:
        shape = tuple(layer.kernel.shape)
        one = next((one for one in found if one.kernel.shape == shape), None)
        if one is None:
            raise TrainingError(f"{model} has no weights of the shape {shape}: it is of another experiment")
        found.remove(one)
        layer.set_weights([one.kernel, one.bias] if layer.use_bias else [one.kernel])
        if not layer.use_bias:
            _normalise(network, layer, one.bias, inputs)
    if found:
        raise TrainingError(f"{model} has more layers than the experiment: it is of another one")


def weights(model: Path) -> Iterator[Weights]:
    """Yield the weights of each operation of a quantized model, in the order in which they are computed."""
    from tensorflow.lite.tools import flatbuffer_utils

    tree = flatbuffer_utils.read_model(str(model))
    graph = tree.subgraphs[0]
    names = [flatbuffer_utils.opcode_to_name(tree, index) for index in range(len(tree.operatorCodes))]
    for operator in graph.operators:
        if names[operator.opcodeIndex] in WITH_WEIGHTS:
            kernel, bias = (_dequantized(tree, graph.tensors[index]) for index in operator.inputs[1:3])
            # TFLite has outputs first: (outputs, height, width, inputs) or (outputs, inputs).
            yield Weights(np.moveaxis(kernel, 0, -1), bias)


def _dequantized(tree: Any, tensor: Any) -> NDArray[np.float32]:
    kind = {0: np.float32, 2: np.int32, 9: np.int8}[tensor.type]
    values = np.frombuffer(bytes(tree.buffers[tensor.buffer].data), kind).reshape(tensor.shape).astype(np.float32)
    if kind is np.float32:
        return values
    scale = np.asarray(tensor.quantization.scale, np.float32)
    shape = [1] * values.ndim
    shape[tensor.quantization.quantizedDimension if values.ndim > 1 else 0] = len(scale)
    return np.asarray(values * scale.reshape(shape), np.float32)


def _normalise(network: Any, layer: Any, bias: NDArray[np.float32], inputs: list[NDArray[np.float32]]) -> None:
    """Set the batch normalisation after a convolution so that it adds `bias` and changes nothing else."""
    following = [one for one in network.layers if isinstance(one, keras.layers.BatchNormalization)]
    norm = next(one for one in following if one.input is layer.output)
    outputs = keras.Model(network.inputs, layer.output).predict(inputs, verbose=0)
    axes = tuple(range(outputs.ndim - 1))
    mean, variance = outputs.mean(axis=axes, dtype=np.float64), outputs.var(axis=axes, dtype=np.float64)
    gamma = np.sqrt(variance + norm.epsilon)
    norm.set_weights([one.astype(np.float32) for one in (gamma, bias + mean, mean, variance)])
