"""Export a trained network as a quantized model with its manifest."""

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

import paces_live
from paces_live.analysis.classifier import TfliteClassifier, quantize
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.fold import Cases
from paces_live.analysis.manifest import SCHEMA, Manifest, Quantization, SelfTest
from training.dataset.stream import batches
from training.dataset.table import Splits, Table, shapes
from training.networks.network import without_unused_context
from training.networks.quantization import fine_tune
from training.networks.scaling import scale
from training.networks.train import WEIGHTS, in_order
from training.workers import OnDone, ignore_progress

CALIBRATION_CASES = 2000
"""Number of training cases from which the ranges of activations are taken."""
THRESHOLDS = (0.6, 0.4)
"""Probability above which a tempo track becomes compatible, and below which it stops being so."""
QUANTIZATION = "quantization, on validation cases"
"""Name of the measures of the conversion in the manifest."""
LOSS = 0.002
"""Largest loss of accuracy by the conversion that needs no fine-tuning."""

Aware = Literal["auto", "always", "never"]


def export(
    run: Path,
    folder: Path,
    model: Path,
    config: FeatureConfig,
    provenance: dict[str, Any],
    *,
    quantization_aware: Aware = "auto",
    on_done: OnDone = ignore_progress,
) -> Manifest:
    """Convert the network in `run` to full int8; write it to `model`, with the manifest next to it.

    The logits get a slope and an offset fitted on the validation split, see `scale`. The ranges of activations come
    from training cases. The self-test uses the first compatible and the first incompatible case of the validation
    split. The manifest has the measures of the quantization; `evaluate` adds the others.

    Parameters
    ----------
    folder
        The megabatch.
    quantization_aware
        Whether the network is fine-tuned with simulated int8 before the conversion, see
        `training.networks.quantization`: "auto" if the conversion loses more than `LOSS` of the accuracy on validation
        cases. The more accurate file is kept, and the manifest says which it is.
    on_done
        Called with the number of finished batches of the fine-tuning and their total.
    """
    cases = Splits.read(folder, config)
    network = keras.models.load_model(run / WEIGHTS, compile=False)
    scaled = _scale(network, cases)
    manifest = _write(network, cases, model, config, provenance | scaled)
    before = manifest.metrics[QUANTIZATION]
    lost = before["accuracy_float"] - before["accuracy"]
    if quantization_aware == "never" or (quantization_aware == "auto" and lost <= LOSS):
        return manifest
    tuned = fine_tune(run, cases.train.take(cases.train.exact), on_done=on_done)
    manifest = _write(tuned, cases, model, config, provenance | _scale(tuned, cases))
    after = manifest.metrics[QUANTIZATION]
    kept = after["accuracy"] > before["accuracy"]
    if not kept:
        manifest = _write(network, cases, model, config, provenance | scaled)
    tuning = {"accuracy_before_fine_tuning": before["accuracy"], "accuracy_after": after["accuracy"]}
    metrics = {QUANTIZATION: manifest.metrics[QUANTIZATION] | tuning | {"fine_tuned": kept}}
    manifest = replace(manifest, metrics=metrics)
    manifest.write(model)
    return manifest


def _write(network: Any, cases: Splits, model: Path, config: FeatureConfig, provenance: dict[str, Any]) -> Manifest:
    """Convert `network`; write it and its manifest, with the measures of the quantization."""
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_bytes(convert(network, cases.train))
    fold, context, output = _details(model)
    examples = _examples(cases.validation)
    test = SelfTest(_base64(examples.folds, fold), _base64(examples.context, context) if context else "", ())
    manifest = Manifest(
        schema=SCHEMA,
        sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        features=config,
        fingerprint=config.fingerprint,
        fold=fold,
        context=context,
        output=output,
        threshold_on=THRESHOLDS[0],
        threshold_off=THRESHOLDS[1],
        metrics={},
        provenance={"paces_live": paces_live.__version__, "tensorflow": tf.__version__, **provenance},
        self_test=test,
    )
    # The answers of the self-test are those of the exported file in the runtime of the live path.
    classifier = TfliteClassifier(model, manifest)
    answers = classifier.probabilities(examples)
    test = replace(test, probabilities=tuple(round(float(answer), 6) for answer in answers))
    metrics = {QUANTIZATION: compare(network, classifier, _unambiguous(cases.validation))}
    manifest = replace(manifest, self_test=test, metrics=metrics)
    manifest.write(model)
    return manifest


def _scale(network: Any, cases: Splits) -> dict[str, float]:
    """Scale the logits of `network` in place; return slope and offset for the manifest."""
    table = _unambiguous(cases.validation)
    slope, offset = scale(network, table.label, network.predict(in_order(table), verbose=0)[:, 0])
    return {"logit_slope": round(slope, 4), "logit_offset": round(offset, 4)}


def _unambiguous(table: Table) -> Table:
    """Return the cases that are not ambiguous."""
    return table.take(table.label >= 0)


def compare(network: Any, classifier: TfliteClassifier, table: Table) -> dict[str, float]:
    """Return the accuracy of the network and of the exported model, and the share of equal decisions."""
    network_yes = network.predict(in_order(table), verbose=0)[:, 0] >= 0.5
    model_yes = np.concatenate([classifier.probabilities(part.cases()) for part in table.load()]) >= 0.5
    compatible = table.label == 1
    return {
        "accuracy_float": round(float(np.mean(network_yes == compatible)), 5),
        "accuracy": round(float(np.mean(model_yes == compatible)), 5),
        "agreement": round(float(np.mean(network_yes == model_yes)), 5),
    }


def convert(network: Any, table: Table) -> bytes:
    """Return `network` as a TFLite model with int8 inputs, weights, activations and output.

    The model of a network that does not use the context has one input, the fold. Ranges come from cases of `table`.
    """
    network = without_unused_context(network)
    names = [entry.name for entry in network.inputs]
    table = _unambiguous(table)
    drawn = np.random.default_rng(0).choice(len(table), min(CALIBRATION_CASES, len(table)), replace=False)
    table = table.take(np.sort(drawn))

    def calibration() -> Iterator[dict[str, Any]]:
        fold, context = shapes(table.paths[0])
        # The corners fix the input ranges to exactly -1..1 for any cases.
        for corner in (-1.0, 1.0):
            corners = {"fold": np.full((1, *fold), corner), "context": np.full((1, *context), corner)}
            yield {name: corners[name].astype(np.float32) for name in names}
        for part in batches(table, np.zeros(len(table), np.float32), np.ones(len(table), np.float32), batch=1):
            inputs = {"fold": part.folds, "context": part.context}
            yield {name: inputs[name] for name in names}

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def _examples(table: Table) -> Cases:
    """Return the first compatible and the first incompatible case."""
    found = [table.take(np.flatnonzero(table.label == label)[:1]) for label in (1, 0)]
    parts = [part.cases() for one in found for part in one.load()]
    return Cases(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("spm", "folds", "context")))


def _base64(values: NDArray[np.float32], quantization: Quantization) -> str:
    return base64.b64encode(quantize(values, quantization).tobytes()).decode()


def _details(model: Path) -> tuple[Quantization, Quantization | None, Quantization]:
    """Return the quantization of the fold, of the context if the model has this input, and of the output."""
    interpreter = Interpreter(str(model))
    inputs = {len(detail["shape"]): detail for detail in interpreter.get_input_details()}
    fold, output = (_quantization(detail) for detail in (inputs[4], interpreter.get_output_details()[0]))
    return fold, _quantization(inputs[2]) if 2 in inputs else None, output


def _quantization(detail: dict[str, Any]) -> Quantization:
    scale, zero_point = detail["quantization"]
    return Quantization(float(scale), int(zero_point))
