"""The network: a fold and its context to the probability that the candidate is compatible."""

from typing import Any

import keras
from keras import layers

from paces_live.config import FeatureConfig


def build(config: FeatureConfig, *, dropout: float = 0.2) -> Any:
    """Return the untrained Keras model, inputs ``fold`` and ``context``, output a probability.

    Narrow convolutions see the shape of a single beat, with the end of a beat wrapped to its beginning; those that
    follow compare a beat with its neighbours. Mean and maximum over all beats and phases make the verdict
    independent of where in the beat the clip began.
    """
    fold = keras.Input((config.fold_beats, config.fold_steps, config.n_mels), name="fold")
    context = keras.Input((1 + len(config.ratios),), name="context")
    x = _convolution(fold, 16, (1, 1))
    x = _convolution(_wrapped(x, 2), 24, (1, 5))
    x = layers.MaxPooling2D((1, 2))(x)
    x = layers.SpatialDropout2D(dropout / 2)(x)
    x = _convolution(_wrapped(x, 1), 32, (3, 3))
    x = layers.SpatialDropout2D(dropout / 2)(x)
    x = _convolution(_wrapped(x, 1), 40, (4, 3), strides=(2, 1))
    pooled = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    beside = layers.Dense(32, activation="relu")(context)
    x = layers.Concatenate()([pooled, beside])
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(48, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    probability = layers.Dense(1, activation="sigmoid", name="probability")(x)
    return keras.Model([fold, context], probability, name="paces")


def _convolution(x: Any, filters: int, size: tuple[int, int], strides: tuple[int, int] = (1, 1)) -> Any:
    """Convolution, batch normalisation, relu."""
    x = layers.Conv2D(filters, size, strides=strides, padding="valid", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def _wrapped(x: Any, width: int) -> Any:
    """Continue the phase axis at both ends with its other end: the beat is a circle."""
    return layers.Concatenate(axis=2)([x[:, :, -width:], x, x[:, :, :width]])
