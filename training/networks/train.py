"""Megabatches to a trained network."""

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from paces_live.config import FeatureConfig
from training.cases import megabatch
from training.cases.megabatch import LEVELS, Megabatch
from training.errors import TrainingError
from training.evaluation.metrics import candidate_measures
from training.networks.description import Description, Training
from training.networks.network import build

BATCH = 256
WEIGHTS = "network.keras"
VALIDATION = "validation.json"
PROBABILITIES = "validation.npy"
"""Probability of each validation case, in the order of the megabatch."""
MEASURES = ("accuracy", "balanced_accuracy", "auc")
REFRESH = 100
"""Batches from which batch normalisation learns its statistics anew, after weights were averaged."""

Strategy = Literal["none", "mirrored"]
Balance = Literal["none", "weights", "batches"]


def train(
    batches: Path,
    folder: Path,
    description: Description,
    config: FeatureConfig,
    *,
    seed: int,
    epochs: int | None = None,
    strategy: Strategy = "none",
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, float]:
    """Train the network of `description` on the megabatch in `batches` and save it into `folder`.

    What is saved is the network of the best validation loss, or the average of the last epochs' weights where the
    description wants one and its validation loss is lower. Resumes after the last whole epoch when it was interrupted,
    with the batches that would have come next.

    Parameters
    ----------
    epochs
        Passes over the training cases; the description's number by default.
    strategy
        Where the network is trained: on one device, or mirrored on all of them, each with its part of each batch.
    on_done : callable
        Told the number of batches learned from and their total.

    Returns
    -------
    dict
        Loss, accuracy, balanced accuracy and ROC AUC of the saved network on the validation split.

    Raises
    ------
    TrainingError
        `folder` holds an interrupted training of something else.
    """
    plan = description.training
    epochs = epochs or plan.epochs
    first = _claim(folder, network=description.name, digest=description.digest, seed=seed, epochs=epochs)
    # In a sweep, what earlier trainings built would stay in memory.
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    train_set = megabatch.read(batches, "train", taste=plan.taste is not None)
    train_set = train_set.take(train_set.exact)
    validation_set = megabatch.read(batches, "validation")
    rarer = min(int((train_set.label == label).sum()) for label in (0, 1))
    cases = 2 * rarer if plan.balance == "batches" else len(train_set)
    steps = -(-cases // plan.batch)
    with _scope(strategy):
        model = build(description, config)
        model.compile(
            optimizer=_optimizer(plan, steps * epochs),
            loss=keras.losses.BinaryCrossentropy(label_smoothing=plan.label_smoothing),
            metrics=["accuracy", keras.metrics.AUC(name="auc")],
        )
    options: dict[str, Any] = {
        "batch": plan.batch,
        "balance": plan.balance,
        "song_weights": plan.song_weights,
        "augmented": plan.augment,
        "taste": (plan.taste or 0.0, plan.taste_weight),
    }
    best, log, average = folder / WEIGHTS, folder / "epochs.csv", folder / "average"
    model.fit(
        stream(train_set, seed=seed, epoch=first, **options),
        validation_data=stream(validation_set),
        steps_per_epoch=steps,
        epochs=epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            keras.callbacks.ModelCheckpoint(
                str(best), monitor="val_loss", save_best_only=True, initial_value_threshold=_best_loss(log)
            ),
            keras.callbacks.CSVLogger(str(log), append=True),
            *([] if plan.average_from is None else [_Collector(average, plan.average_from)]),
            _Progress(on_done, first, epochs, steps),
            # The last one: an epoch that is interrupted before this is done again, with all of the above.
            keras.callbacks.BackupAndRestore(str(folder / "backup"), delete_checkpoint=False),
        ],
    )
    saved = keras.models.load_model(best)
    loss = _loss(saved, validation_set)
    averaged = False
    if found := sorted(average.glob("*.npz")):
        mean = _averaged(model, found)
        _refresh(mean, stream(train_set, seed=seed, epoch=epochs, **options), min(steps, REFRESH))
        averaged = _loss(mean, validation_set) < loss
        if averaged:
            saved, loss = mean, _loss(mean, validation_set)
            saved.save(best)
    probability = saved.predict(stream(validation_set), verbose=0)[:, 0]
    np.save(folder / PROBABILITIES, probability)
    measures = candidate_measures(validation_set.label, probability)
    metrics = {"loss": loss} | {name: measures[name] for name in MEASURES}
    record = {"network": description.name, "seed": seed, "epochs": epochs, "averaged": averaged}
    (folder / VALIDATION).write_text(json.dumps(metrics | record) + "\n", "utf-8")
    shutil.rmtree(folder / "backup", ignore_errors=True)
    return metrics


def stream(
    cases: Megabatch,
    *,
    seed: int | None = None,
    epoch: int = 0,
    batch: int = BATCH,
    balance: Balance = "none",
    song_weights: bool = True,
    augmented: bool = True,
    taste: tuple[float, float] = (0.0, 0.0),
) -> Any:
    """Return batches of ``({"fold", "context"}, label, weight)``; with a seed shuffled, augmented and endless.

    Every song weighs the same in the loss whatever the number of its candidates, by the square root of their count.

    Parameters
    ----------
    epoch
        The first one; what comes in an epoch depends on the seed and its number alone.
    balance
        Of the classes, see `training.networks.description.Training`; only with a seed.
    song_weights, augmented
        False: all cases weigh the same; they come as they are.
    taste
        Label and weight of the cases that are a matter of taste.
    """
    weight = _weights(cases.song) if song_weights else np.ones(len(cases), np.float32)
    if seed is not None and balance == "weights":
        share = np.array([np.mean(cases.label == label) for label in (0, 1)])
        weight = (weight / (2.0 * np.maximum(share, 1e-6))[np.maximum(cases.label, 0)]).astype(np.float32)
    goal = np.where(cases.label < 0, taste[0], cases.label).astype(np.float32)
    weight = np.where(cases.label < 0, taste[1], 1.0).astype(np.float32) * weight

    def batches() -> Iterator[Any]:
        number = epoch
        while True:
            rng = np.random.default_rng(None if seed is None else [seed, number])
            order = np.arange(len(cases)) if seed is None else _order(cases.label, rng, balanced=balance == "batches")
            for start in range(0, len(order), batch):
                rows = np.sort(order[start : start + batch])
                folds = cases.folds[rows].astype(np.float32) / np.float32(LEVELS)
                context = cases.context[rows].astype(np.float32) / np.float32(LEVELS)
                if seed is not None and augmented:
                    folds, context = augment(folds, context, rng)
                yield (
                    {"fold": folds, "context": context},
                    goal[rows, None],
                    weight[rows],
                )
            if seed is None:
                return
            number += 1

    signature = (
        {
            "fold": tf.TensorSpec((None, *cases.folds.shape[1:]), tf.float32),
            "context": tf.TensorSpec((None, *cases.context.shape[1:]), tf.float32),
        },
        tf.TensorSpec((None, 1), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )
    count = -(-len(cases) // batch) if seed is None else tf.data.INFINITE_CARDINALITY
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


class _Collector(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights after the epoch `first` and each later one, counted from 1, a file each."""

    def __init__(self, folder: Path, first: int) -> None:
        super().__init__()
        self._folder, self._first = folder, first

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        if epoch + 1 >= self._first:
            self._folder.mkdir(exist_ok=True)
            np.savez(self._folder / f"{epoch + 1:04d}.npz", *self.model.get_weights())


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, on_done: Callable[[int, int], None], first: int, epochs: int, steps: int) -> None:
        super().__init__()
        self._on_done, self._done, self._total = on_done, first * steps, epochs * steps

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._on_done(self._done, self._total)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._done += 1
        self._on_done(self._done, self._total)


def _claim(folder: Path, **plan: Any) -> int:
    """Prepare `folder` for a training and return the number of whole epochs that are done already."""
    note, backup = folder / "trained-with.json", folder / "backup"
    record = json.dumps(plan)
    progress = backup / "training_metadata.json"
    if progress.exists():
        if not note.exists() or note.read_text("utf-8") != record:
            raise TrainingError(f"{folder} holds an interrupted training of something else; delete {backup} first")
        return int(json.loads(progress.read_text("utf-8"))["epoch"])
    for left in (backup, folder / "average"):
        shutil.rmtree(left, ignore_errors=True)
    (folder / "epochs.csv").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(record, "utf-8")
    return 0


def _scope(strategy: Strategy) -> AbstractContextManager[Any]:
    scope: AbstractContextManager[Any] = (
        nullcontext() if strategy == "none" else tf.distribute.MirroredStrategy().scope()
    )
    return scope


def _optimizer(plan: Training, steps: int) -> Any:
    rate: Any = plan.learning_rate
    if plan.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(plan.learning_rate, steps)
    elif plan.schedule == "inverse":
        rate = keras.optimizers.schedules.InverseTimeDecay(plan.learning_rate, 1, plan.decay)
    decay = plan.weight_decay or None
    match plan.optimizer:
        case "adam":
            return keras.optimizers.Adam(rate, weight_decay=decay)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=plan.weight_decay)
        case "sgd":
            return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay)


def _best_loss(log: Path) -> float | None:
    """Return the best validation loss so far, of a training that goes on; a worse network must not replace that one."""
    if not log.exists():
        return None
    with log.open(encoding="utf-8", newline="") as rows:
        return min((float(row["val_loss"]) for row in csv.DictReader(rows)), default=None)


def _loss(model: Any, cases: Megabatch) -> float:
    return float(model.evaluate(stream(cases), verbose=0, return_dict=True)["loss"])


def _averaged(model: Any, found: list[Path]) -> Any:
    """Return a copy of `model` with the mean of the weights in the files `found`."""
    sums = [np.zeros(weight.shape, np.float64) for weight in model.get_weights()]
    for path in found:
        with np.load(path) as stored:
            for number, total in enumerate(sums):
                total += stored[f"arr_{number}"]
    result = keras.models.clone_model(model)
    result.set_weights([total / len(found) for total in sums])
    result.compile(loss=model.loss)
    return result


def _refresh(model: Any, batches: Any, count: int) -> None:
    """Learn the statistics of batch normalisation anew: the mean over `count` batches, for the weights as they are."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    kept = [norm.momentum for norm in norms]
    for number, (inputs, _, _) in enumerate(batches.take(count)):
        for norm in norms:
            norm.momentum = number / (number + 1.0)
        model([inputs["fold"], inputs["context"]], training=True)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum


def _order(label: NDArray[np.int8], rng: np.random.Generator, *, balanced: bool) -> NDArray[np.int64]:
    """Return the cases of an epoch, shuffled; balanced, all of the rarer class and as many of the other, in turns."""
    if not balanced:
        return rng.permutation(len(label))
    classes = [rng.permutation(np.flatnonzero(label == value)) for value in (0, 1)]
    if not all(map(len, classes)):
        raise TrainingError("balanced batches need cases of both classes")
    shorter = min(map(len, classes))
    return np.stack([cases[:shorter] for cases in classes], axis=1).ravel()


def _weights(song: NDArray[np.int32]) -> NDArray[np.float32]:
    count = np.bincount(song)[song]
    weight = 1.0 / np.sqrt(count)
    weights: NDArray[np.float32] = (weight / weight.mean()).astype(np.float32)
    return weights
