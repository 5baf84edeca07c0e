"""Megabatches to a trained network."""

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from paces_live.config import FeatureConfig
from training import megabatch
from training.megabatch import LEVELS, Megabatch
from training.network import build

BATCH = 256
LEARNING_RATE = 2e-3
WEIGHTS = "network.keras"


def train(batches: Path, folder: Path, config: FeatureConfig, *, seed: int, epochs: int = 14) -> dict[str, float]:
    """Train on the megabatch in `batches` and save the network of the best validation loss into `folder`.

    Resumes after the last whole epoch when it was interrupted. Returns the validation metrics of the saved network.
    """
    keras.utils.set_random_seed(seed)
    train_set, validation_set = (megabatch.read(batches, split) for split in ("train", "validation"))
    train_set = _take(train_set, np.flatnonzero(train_set.exact))
    folder.mkdir(parents=True, exist_ok=True)
    steps = -(-len(train_set) // BATCH)
    model = build(config)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs), weight_decay=1e-3
        ),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=0.02),
        metrics=["accuracy", keras.metrics.AUC(name="auc")],
    )
    best = folder / WEIGHTS
    model.fit(
        stream(train_set, seed=seed),
        validation_data=stream(validation_set),
        steps_per_epoch=steps,
        epochs=epochs,
        verbose=2,
        callbacks=[
            keras.callbacks.BackupAndRestore(str(folder / "backup")),
            keras.callbacks.ModelCheckpoint(str(best), monitor="val_loss", save_best_only=True),
        ],
    )
    saved = keras.models.load_model(best)
    metrics = {
        name: float(value)
        for name, value in saved.evaluate(stream(validation_set), verbose=0, return_dict=True).items()
    }
    (folder / "validation.json").write_text(json.dumps(metrics | {"seed": seed, "epochs": epochs}) + "\n", "utf-8")
    return metrics


def stream(cases: Megabatch, *, seed: int | None = None) -> Any:
    """Return batches of ``({"fold", "context"}, label, weight)``; with a seed shuffled, augmented and endless.

    Every song weighs the same in the loss whatever the number of its candidates, by the square root of their count.
    """
    weight = _weights(cases.song)

    def batches() -> Any:
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(len(cases)) if seed is not None else np.arange(len(cases))
            for start in range(0, len(order), BATCH):
                rows = np.sort(order[start : start + BATCH])
                folds = cases.folds[rows].astype(np.float32) / np.float32(LEVELS)
                context = cases.context[rows].astype(np.float32) / np.float32(LEVELS)
                if seed is not None:
                    folds, context = augment(folds, context, rng)
                yield (
                    {"fold": folds, "context": context},
                    cases.label[rows, None].astype(np.float32),
                    weight[rows],
                )
            if seed is None:
                return

    signature = (
        {
            "fold": tf.TensorSpec((None, *cases.folds.shape[1:]), tf.float32),
            "context": tf.TensorSpec((None, *cases.context.shape[1:]), tf.float32),
        },
        tf.TensorSpec((None, 1), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )
    count = -(-len(cases) // BATCH) if seed is None else tf.data.INFINITE_CARDINALITY
    stream = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return stream.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)


def augment(
    folds: NDArray[np.float32], context: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale the dynamics, silence a range of bands, and now and then hide the tempogram from the network."""
    count, bands = len(folds), folds.shape[-1]
    folds = folds * rng.uniform(0.7, 1.3, (count, 1, 1, 1)).astype(np.float32)
    first, width = rng.integers(0, bands, count), rng.integers(0, bands // 3, count)
    band = np.arange(bands)
    masked = (band >= first[:, None]) & (band < (first + width)[:, None]) & (rng.random(count) < 0.5)[:, None]
    folds = np.clip(np.where(masked[:, None, None, :], np.float32(0.0), folds), -1.0, 1.0)
    context = context.copy()
    context[:, 1:] += rng.normal(0.0, 0.03, context[:, 1:].shape).astype(np.float32)
    context[:, 1:] *= (rng.random((count, 1)) > 0.1).astype(np.float32)
    return folds, np.clip(context, -1.0, 1.0)


def _weights(song: NDArray[np.int32]) -> NDArray[np.float32]:
    count = np.bincount(song)[song]
    weight = 1.0 / np.sqrt(count)
    weights: NDArray[np.float32] = (weight / weight.mean()).astype(np.float32)
    return weights


def _take(cases: Megabatch, rows: NDArray[np.int64]) -> Megabatch:
    return Megabatch(**{name: getattr(cases, name)[rows] for name in megabatch.FIELDS})
