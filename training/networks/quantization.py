"""Fine-tuning with simulated int8: the network learns with the roundings of the later conversion.

Weights are rounded per output channel, as in TFLite; a batch normalisation that follows only scales whole channels.
Results are rounded within their moving range, after the layers that TFLite fuses (Jacob et al. 2018). The labels are
the probabilities of the network before, so that fine-tuning needs neither the stored labels nor the experiment.
"""

import hashlib
import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.dataset import stream
from training.dataset.augment import vary
from training.dataset.table import Table
from training.networks.train import BATCH, WEIGHTS, Progress
from training.workers import OnDone, ignore_progress

FINE_TUNED = "fine-tuned.keras"
EPOCHS, LEARNING_RATE = 2, 5e-4
MOMENTUM = 0.95
FUSED = (keras.layers.BatchNormalization, keras.layers.ReLU)
"""Layers that TFLite fuses with the layer before, without a rounding in between."""
UNROUNDED = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.MaxPooling2D,
    keras.layers.Flatten,
)
"""Layers that do not change values."""


class _Convolution(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution with rounded weights."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, _rounded(kernel))


class _Dense(keras.layers.Dense):  # type: ignore[misc]
    """A fully connected layer with rounded weights."""

    def call(self, inputs: Any) -> Any:
        return self.activation(tf.matmul(inputs, _rounded(self.kernel)) + self.bias)


def _rounded(kernel: Any) -> Any:
    """Return a kernel in 255 levels per output channel; the gradient ignores the rounding."""
    kernel = tf.convert_to_tensor(kernel)
    axes = list(range(len(kernel.shape) - 1))
    largest = tf.stop_gradient(tf.maximum(tf.reduce_max(tf.abs(kernel), axes), 1e-6))
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(kernel, -largest, largest, narrow_range=True)


class _Rounding(keras.layers.Layer):  # type: ignore[misc]
    """Rounds to 256 levels between moving averages of the smallest and the largest value; 0 is within."""

    def build(self, shape: Any) -> None:  # noqa: ARG002
        self.range = self.add_weight(shape=(2,), initializer="zeros", trainable=False, name="range")

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            now = tf.stack([tf.minimum(tf.reduce_min(x), 0.0), tf.maximum(tf.reduce_max(x), 1e-3)])
            known = tf.convert_to_tensor(self.range)
            moved = tf.where(tf.reduce_any(known != 0.0), MOMENTUM * known + (1.0 - MOMENTUM) * now, now)
            self.range.assign(tf.stop_gradient(moved))
        return tf.quantization.fake_quant_with_min_max_vars(x, self.range[0], self.range[1])


def simulated(network: Any) -> Any:
    """Return a copy of `network` with the roundings of its int8 conversion; batch statistics stay fixed."""
    consumers: defaultdict[str, list[Any]] = defaultdict(list)
    for layer in network.operations:
        for node in layer._inbound_nodes:  # noqa: SLF001  (Keras has no public way to ask this)
            for tensor in node.input_tensors:
                consumers[tensor._keras_history.operation.name].append(layer)  # noqa: SLF001

    def clone(layer: Any) -> Any:
        kinds: dict[Any, Any] = {keras.layers.Conv2D: _Convolution, keras.layers.Dense: _Dense}
        kind = kinds.get(layer.__class__, layer.__class__)
        return kind.from_config(layer.get_config())

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.layers.BatchNormalization):
            kwargs["training"] = False
        result = layer(*args, **kwargs)
        after = consumers[layer.name]
        fused = bool(after) and all(isinstance(each, FUSED) for each in after)
        # The probability at the end always has levels of 1/256, which do not affect the threshold.
        return result if fused or not after or isinstance(layer, UNROUNDED) else _Rounding()(result)

    copied = keras.models.clone_model(network, clone_function=clone, call_function=call)
    for layer in network.layers:
        if layer.weights:
            copied.get_layer(layer.name).set_weights(layer.get_weights())
    return copied


def fine_tune(
    run: Path,
    table: Table,
    *,
    seed: int = 1,
    on_done: OnDone = ignore_progress,
) -> Any:
    """Return the network in `run`, fine-tuned on the cases of `table`, and keep it there.

    A finished network is read again; an interrupted fine-tuning continues after its last whole epoch.
    """
    of = hashlib.sha256((run / WEIGHTS).read_bytes()).hexdigest() + f" {table.fingerprint} {seed} {EPOCHS}"
    note, backup, kept = run / "fine-tuned.json", run / "fine-tuning", run / FINE_TUNED
    if not note.exists() or json.loads(note.read_text("utf-8"))["of"] != of:
        shutil.rmtree(backup, ignore_errors=True)
        kept.unlink(missing_ok=True)
        note.write_text(json.dumps({"of": of}), "utf-8")
    network = keras.models.load_model(run / WEIGHTS, compile=False)
    if kept.exists():
        return keras.models.load_model(kept, compile=False)
    keras.utils.set_random_seed(seed)
    model = simulated(network)
    steps = stream.steps(table, batch=BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * EPOCHS)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
    ones = np.ones(len(table), np.float32)
    progress = backup / "training_metadata.json"
    first = int(json.loads(progress.read_text("utf-8"))["epoch"]) if progress.exists() else 0
    varied = stream.tf_dataset(table, ones, ones, batch=BATCH, seed=seed, epoch=first, augment=vary)
    model.fit(
        varied.map(lambda inputs, _label, weight: (inputs, network([inputs["fold"], inputs["context"]]), weight)),
        steps_per_epoch=steps,
        epochs=EPOCHS,
        verbose=0,
        shuffle=False,
        callbacks=[
            Progress(on_done, first, EPOCHS, steps),
            keras.callbacks.BackupAndRestore(str(backup), delete_checkpoint=False),
        ],
    )
    for layer in network.layers:
        if layer.weights:
            tuned = model.get_layer(layer.name)
            layer.set_weights(tuned.get_weights())
            if isinstance(tuned, _Convolution | _Dense):
                # Round here, because many weights end up between two steps, which the conversion rounds differently.
                layer.kernel.assign(_rounded(tuned.kernel))
    network.save(kept)
    shutil.rmtree(backup, ignore_errors=True)
    return network
