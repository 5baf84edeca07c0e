"""Train a network on a megabatch."""

import csv
import json
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset import stream
from training.dataset.table import Splits, Table
from training.errors import TrainingError
from training.evaluate.metrics.candidates import candidate_measures
from training.networks.experiment import Experiment, Training
from training.networks.network import build, without_genre
from training.networks.objective import TrainingSet, song_weights
from training.networks.start import begin, origin
from training.workers import OnDone, ignore_progress

BATCH = 256
WEIGHTS = "network.keras"
PLAN = "trained-with.json"
ORIGIN = "began-with.json"
"""File with the hash and the provenance of the model that a training began with."""
VALIDATION = "validation.json"
PROBABILITIES = "validation.npy"
"""File of the probabilities of all validation cases, ambiguous ones included, in the order of the megabatch."""
MEASURES = ("accuracy", "balanced_accuracy", "auc")
REFRESH = 100
"""Number of batches for new statistics of batch normalisation after weights were averaged."""

Strategy = Literal["none", "mirrored"]


def train(
    batches: Path | Splits,
    folder: Path,
    experiment: Experiment,
    config: FeatureConfig,
    *,
    seed: int,
    epochs: int | None = None,
    strategy: Strategy = "none",
    start: Path | None = None,
    on_done: OnDone = ignore_progress,
) -> dict[str, float]:
    """Train the network of `experiment` on a megabatch and save it into `folder`.

    The saved network is that of the best validation loss, or the average of the weights of the last epochs, if the
    experiment asks for it and its validation loss is lower. An interrupted training continues after its last whole
    epoch, with the batches that would have come next. A finished network in `folder` is not trained again.

    All cases are streamed from the shards, so that memory does not grow with their number.

    Parameters
    ----------
    batches
        Folder of the megabatch, or the cases to learn from and to judge by.
    epochs
        Number of passes over the training cases; the experiment's by default.
    strategy
        Train on one device, or mirrored on all of them, each with a part of every batch.
    start
        An exported model to begin with, see `training.networks.start`, instead of random weights. The saved network has
        no larger validation loss than this model.
    on_done
        Called with the number of batches learned from and their total.

    Returns
    -------
    dict
        Loss, accuracy, balanced accuracy and ROC AUC of the saved network on the validation split.

    Raises
    ------
    TrainingError
        If `folder` holds another interrupted training, or the network uses genres and none is known.
    """
    plan = experiment.training
    epochs = epochs or plan.epochs
    cases = Splits.read(batches, config) if isinstance(batches, Path) else batches
    made_of = f"{cases.fingerprint}-{config.fingerprint[:8]}"
    asked = {
        "network": experiment.name,
        "digest": experiment.digest,
        "seed": seed,
        "epochs": epochs,
        "cases": made_of,
    }
    if start is not None:
        asked["began_with"] = origin(start)["sha256"]
    if _holds(folder, asked) and (folder / VALIDATION).exists():
        on_done(1, 1)
        return {name: value for name, value in trained(folder).items() if name in ("loss", *MEASURES)}
    first = _claim(folder, asked)
    # In a sweep, earlier networks would stay in memory.
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    training_set = TrainingSet(cases.train, plan, genre=experiment.use_genre)
    validation = cases.validation.take(cases.validation.label >= 0)
    with _scope(strategy):
        model = build(experiment, config)
        model.compile(
            optimizer=_optimizer(plan, training_set.steps * epochs),
            loss=keras.losses.BinaryCrossentropy(label_smoothing=plan.label_smoothing),
            metrics=["accuracy", keras.metrics.AUC(name="auc")],
        )
        if start is not None:
            begin(model, start, training_set.stream(seed, 0))
    best, log, average = folder / WEIGHTS, folder / "epochs.csv", folder / "average"
    losses = _losses(log)
    before: dict[str, float] = {}
    if start is not None:
        before = model.evaluate(in_order(validation), verbose=0, return_dict=True)
        losses.append(before["loss"])
        if not best.exists():
            model.save(best)
    model.fit(
        training_set.stream(seed, first),
        validation_data=in_order(validation),
        steps_per_epoch=training_set.steps,
        epochs=epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            keras.callbacks.ModelCheckpoint(
                str(best), monitor="val_loss", save_best_only=True, initial_value_threshold=min(losses, default=None)
            ),
            _EpochLog(log),
            *([] if plan.average_from is None else [_Collector(average, plan.average_from)]),
            Progress(on_done, first, epochs, training_set.steps),
            # The last callback: an epoch interrupted before it is repeated with all of the above.
            keras.callbacks.BackupAndRestore(str(folder / "backup"), delete_checkpoint=False),
        ],
    )
    # Without the optimizer, which only training needs.
    saved = keras.models.load_model(best, compile=False)
    saved.compile(loss=model.loss)
    loss = _loss(saved, validation)
    averaged = False
    if found := sorted(average.glob("*.npz")):
        mean = _averaged(model, found)
        _refresh(mean, training_set.stream(seed, epochs), min(training_set.steps, REFRESH))
        averaged = _loss(mean, validation) < loss
        if averaged:
            saved, loss = mean, _loss(mean, validation)
            saved.save(best)
    if experiment.use_genre:
        saved = without_genre(saved, experiment, config)
        # After an interruption from here on, this network is judged again.
        saved.compile(loss=model.loss)
        saved.save(best)
    probability = saved.predict(in_order(cases.validation), verbose=0)[:, 0]
    np.save(folder / PROBABILITIES, probability)
    metrics = {"loss": loss} | measure(cases.validation.label, probability)
    record = {"network": experiment.name, "seed": seed, "epochs": epochs, "averaged": averaged}
    if start is not None:
        record |= {"loss_before": float(before["loss"]), "accuracy_before": float(before["accuracy"])}
        (folder / ORIGIN).write_text(json.dumps(origin(start), indent=1) + "\n", "utf-8")
    (folder / VALIDATION).write_text(json.dumps(metrics | record) + "\n", "utf-8")
    shutil.rmtree(folder / "backup", ignore_errors=True)
    return metrics


def in_order(table: Table) -> Any:
    """Return the cases of `table` once and unchanged, for a network to judge; see `training.dataset.stream.tf_dataset`.

    They have no genre, because the live path has none.
    """
    label = np.maximum(table.label, 0).astype(np.float32)
    return stream.tf_dataset(table, label, song_weights(table), batch=BATCH)


def measure(label: NDArray[np.int8], probability: NDArray[np.float32]) -> dict[str, float]:
    """Return the measures for comparing networks, over all cases but the ambiguous ones."""
    measures = candidate_measures(label[label >= 0], probability[label >= 0])
    return {name: measures[name] for name in MEASURES}


class _EpochLog(keras.callbacks.Callback):  # type: ignore[misc]
    """Appends the measures of each epoch to a CSV file, which is closed in between, unlike that of Keras."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        row = {"epoch": epoch, **dict(sorted((logs or {}).items()))}
        new = not self._path.exists()
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)


class _Collector(keras.callbacks.Callback):  # type: ignore[misc]
    """Saves the weights after the epoch `first`, counted from 1, and after each later one."""

    def __init__(self, folder: Path, first: int) -> None:
        super().__init__()
        self._folder, self._first = folder, first

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        if epoch + 1 >= self._first:
            self._folder.mkdir(exist_ok=True)
            np.savez(self._folder / f"{epoch + 1:04d}.npz", *self.model.get_weights())


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports the number of batches learned from."""

    def __init__(self, on_done: Callable[[int, int], None], first: int, epochs: int, steps: int) -> None:
        super().__init__()
        self._on_done, self._done, self._total = on_done, first * steps, epochs * steps

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002, D102
        self._on_done(self._done, self._total)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002, D102
        self._done += 1
        self._on_done(self._done, self._total)


def trained(folder: Path) -> dict[str, Any]:
    """Return the record of the finished network in `folder`: its validation measures and its training.

    Raises
    ------
    TrainingError
        If there is no finished network.
    """
    try:
        record: dict[str, Any] = json.loads((folder / VALIDATION).read_text("utf-8"))
    except FileNotFoundError:
        raise TrainingError(
            f"{folder} holds no finished network: run python -m training train with the same --work and --run"
        ) from None
    return record


def _holds(folder: Path, asked: dict[str, Any]) -> bool:
    """Return whether `folder` belongs to this training."""
    note = folder / PLAN
    return note.exists() and note.read_text("utf-8") == json.dumps(asked)


def _claim(folder: Path, asked: dict[str, Any]) -> int:
    """Prepare `folder` for a training and return the number of finished epochs."""
    backup = folder / "backup"
    progress = backup / "training_metadata.json"
    if progress.exists():
        if not _holds(folder, asked):
            raise TrainingError(f"{folder} holds another interrupted training: delete {backup} first")
        return int(json.loads(progress.read_text("utf-8"))["epoch"])
    for left in (backup, folder / "average"):
        shutil.rmtree(left, ignore_errors=True)
    # The results of another training must not be taken for those of this one.
    for name in (VALIDATION, WEIGHTS, ORIGIN, "epochs.csv"):
        (folder / name).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PLAN).write_text(json.dumps(asked), "utf-8")
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


def _losses(log: Path) -> list[float]:
    """Return the validation losses before the interruption, so that no worse network replaces the best one."""
    if not log.exists():
        return []
    with log.open(encoding="utf-8", newline="") as rows:
        return [float(row["val_loss"]) for row in csv.DictReader(rows)]


def _loss(model: Any, cases: Table) -> float:
    return float(model.evaluate(in_order(cases), verbose=0, return_dict=True)["loss"])


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
    """Replace the statistics of batch normalisation by the mean over `count` batches with the present weights."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    kept = [norm.momentum for norm in norms]
    for number, (inputs, _, _) in enumerate(batches.take(count)):
        for norm in norms:
            norm.momentum = number / (number + 1.0)
        model([inputs[entry.name] for entry in model.inputs], training=True)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
