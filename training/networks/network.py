"""Build networks from experiments: from a fold and its context to the probability that the candidate is compatible."""

from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from paces_live.analysis.feature_config import FeatureConfig
from training.annotations.genres import GENRES
from training.errors import TrainingError
from training.networks import layers as described
from training.networks.experiment import Experiment
from training.networks.layers import Layer


@dataclass(frozen=True)
class _Branch:
    """The state between two layers.

    Attributes
    ----------
    x : keras tensor
    windows : int, optional
        Number of windows of bands of each case that follow one another in the batch axis, between a convolution over
        bands and the merging; the channels are those of one window. TFLite has no quantized 3-d convolution, but the
        same 2-d convolution of every window is equivalent, with the same weights and batch statistics.
    """

    x: Any
    windows: int | None = None


def build(experiment: Experiment, config: FeatureConfig) -> Any:
    """Return the untrained Keras model, with inputs ``fold`` and ``context`` and a probability as output.

    A network that does not use the context has this input too; see `without_unused_context`. A network that uses the
    genre has a third input, ``genre``; see `without_genre`.
    """
    fold = keras.Input((config.fold_beats, config.fold_steps, config.n_mels), name="fold")
    context = keras.Input((config.context_values,), name="context")
    genre = [keras.Input((len(GENRES),), name="genre")] * experiment.use_genre
    x = _through(experiment.fold, fold, f"{experiment.name}: fold")
    if len(x.shape) != 2:
        raise TrainingError(f"{experiment.name}: end fold with flatten or mean_and_maximum, then dense layers only")
    if experiment.use_context:
        known = layers.Concatenate()([context, *genre]) if genre else context
        context_branch = _through(experiment.context, known, f"{experiment.name}: context")
        x = layers.Concatenate()([x, context_branch])
    x = _through(experiment.head, x, f"{experiment.name}: head")
    probability = layers.Dense(1, activation="sigmoid", name="probability")(x)
    return keras.Model([fold, context, *genre], probability, name="paces")


def without_genre(network: Any, experiment: Experiment, config: FeatureConfig) -> Any:
    """Return the network of an experiment with `use_genre` without this input, as if every genre were unknown.

    An unknown genre is all zeros, so that its weights in the first layer of the context can be removed.
    """
    result = build(replace(experiment, use_genre=False), config)
    shapes = [weight.shape for weight in result.get_weights()]
    weights = zip(network.get_weights(), shapes, strict=True)
    result.set_weights([weight[: shape[0]] if shape else weight for weight, shape in weights])
    return result


def without_unused_context(network: Any) -> Any:
    """Return the model without its input ``context`` if the output does not depend on it, else `network` itself."""
    try:
        return keras.Model(network.inputs[:1], network.outputs[0], name=network.name)
    except ValueError:  # Keras: the output cannot be computed from these inputs alone
        return network


def _through(entries: tuple[Layer, ...], x: Any, where: str) -> Any:
    branch = _Branch(x)
    for number, entry in enumerate(entries):
        try:
            branch = _add(entry, branch)
        except (ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0]
            raise TrainingError(f"{where}.{number} does not fit the layer before it: {reason}") from error
    if branch.windows is not None:
        raise TrainingError(f"{where}: add merge_bands after the convolution over bands")
    return branch.x


@singledispatch
def _add(entry: Layer, branch: _Branch) -> _Branch:
    """Return the branch with the layer of `entry` appended."""
    return _Branch(_layer(entry)(branch.x), branch.windows)


def _layer(entry: Layer) -> Any:
    """Return the Keras layer of `entry`."""
    match entry:
        case described.BatchNorm():
            return layers.BatchNormalization()
        case described.Relu():
            return layers.ReLU()
        case described.Prelu():
            return layers.PReLU()
        case described.MaxPool(size=size):
            return layers.MaxPooling2D(size)
        case described.SpatialDropout(rate=rate):
            return layers.SpatialDropout2D(rate)
        case described.Dropout(rate=rate):
            return layers.Dropout(rate)
        case described.Flatten():
            return layers.Flatten()
        case described.Dense(units=units, activation=activation):
            return layers.Dense(units, activation=activation)
        case described.Scale(factor=factor, offset=offset):
            return layers.Rescaling(factor, offset)
    raise AssertionError(entry)


@_add.register
def _(entry: described.Convolution, branch: _Branch) -> _Branch:
    strides = entry.strides or (1,) * len(entry.size)
    if len(entry.size) == 3:
        branch = _windows_of_bands(branch, entry.size[2], strides[2])
    x = _wrapped(branch.x, entry.size[1]) if entry.circular else branch.x
    convolution = layers.Conv2D(
        entry.filters,
        entry.size[:2],
        strides=strides[:2],
        padding="valid",
        use_bias=entry.bias,
        activation=entry.activation,
    )
    return _Branch(convolution(x), branch.windows)


@_add.register
def _(_entry: described.MergeBands, branch: _Branch) -> _Branch:
    if branch.windows is None:
        raise ValueError("there is no convolution over bands to merge")
    _, beats, steps, channels = branch.x.shape
    x = ops.reshape(branch.x, (-1, branch.windows, beats, steps, channels))
    x = ops.transpose(x, (0, 2, 3, 1, 4))
    return _Branch(ops.reshape(x, (-1, beats, steps, branch.windows * channels)))


@_add.register
def _(_entry: described.MeanAndMaximum, branch: _Branch) -> _Branch:
    parts = [layers.GlobalAveragePooling2D()(branch.x), layers.GlobalMaxPooling2D()(branch.x)]
    return _Branch(layers.Concatenate()(parts), branch.windows)


@_add.register
def _(entry: described.Flux, branch: _Branch) -> _Branch:
    before = layers.Concatenate(axis=2)([branch.x[:, :, -1:], branch.x[:, :, :-1]])
    flux = layers.Subtract()([branch.x, before])
    flux = layers.ReLU()(flux) if entry.rectify else flux
    return _Branch(layers.Concatenate()([branch.x, flux]) if entry.beside else flux, branch.windows)


@_add.register
def _(entry: described.LogConstant, branch: _Branch) -> _Branch:
    power = ops.exp(entry.nepers * branch.x)
    return _Branch(ops.log(power + entry.constant) / entry.nepers, branch.windows)


@_add.register
def _(entry: described.Pcen, branch: _Branch) -> _Branch:
    _, beats, steps, bands = branch.x.shape
    power = ops.reshape(ops.exp(entry.nepers * branch.x), (-1, beats * steps, bands))
    # The exponential mean of a clip as a matrix; the weights of each step are normalised, so that the first steps fit.
    age = np.subtract.outer(np.arange(beats * steps), np.arange(beats * steps))
    weight = np.where(age >= 0, (1.0 - entry.smoothing) ** np.maximum(age, 0), 0.0)
    smooth = ops.matmul((weight / weight.sum(axis=1, keepdims=True)).astype(np.float32), power)
    normal = (power / (entry.floor + smooth) ** entry.gain + entry.bias) ** entry.root - entry.bias**entry.root
    return _Branch(ops.reshape(normal, (-1, beats, steps, bands)), branch.windows)


def _wrapped(x: Any, size: int) -> Any:
    """Continue the phase axis at both ends with its other end, so that a convolution of `size` keeps its length."""
    before, after = (size - 1) // 2, size // 2
    parts = [x[:, :, -before:]] * (before > 0) + [x] + [x[:, :, :after]] * (after > 0)
    return layers.Concatenate(axis=2)(parts) if len(parts) > 1 else x


def _windows_of_bands(branch: _Branch, size: int, stride: int) -> _Branch:
    """Return windows of `size` neighbouring bands, or windows of bands, in the batch axis."""
    _, beats, steps, channels = branch.x.shape
    if branch.windows is None:
        bands, channels = channels, 1
        x = ops.reshape(ops.transpose(branch.x, (0, 3, 1, 2)), (-1, bands, beats, steps, 1))
    else:
        bands = branch.windows
        x = ops.reshape(branch.x, (-1, bands, beats, steps, channels))
    windows = (bands - size) // stride + 1
    if windows < 1:
        raise ValueError(f"size {size} is larger than the {bands} bands")
    last = (windows - 1) * stride + 1
    parts = [x[:, band : band + last : stride] for band in range(size)]
    x = layers.Concatenate()(parts) if size > 1 else parts[0]
    return _Branch(ops.reshape(x, (-1, beats, steps, size * channels)), windows)
