"""The manifest: the JSON file next to a model, parsed into a frozen type and checked."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from paces_live.analysis.feature_config import MATCHING_MODEL, FeatureConfig
from paces_live.errors import ModelError

SCHEMA = 1
"""Version of the format."""
REINSTALL = "reinstall paces-live"
"""Hint: what to do if files are missing or damaged."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """Affine quantization of a tensor: ``real = scale * (integer - zero_point)``."""

    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Known cases, and the probabilities that the model must give.

    Attributes
    ----------
    folds, context : str
        Quantized inputs: int8 in base64.
    probabilities : tuple of float
        Probability of each case.
    """

    folds: str
    context: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a program must know about a model besides its weights.

    Attributes
    ----------
    schema : int
        Version of the format.
    sha256 : str
        Hash of the model file.
    features : FeatureConfig
        Configuration of the feature path that the model was trained on.
    fingerprint : str
        Hash of `features`.
    fold, context, output : Quantization
        Quantization of the inputs and the output. `context` is None if the model has no context input.
    threshold_on, threshold_off : float
        Probability from which a pace is shown, and below which it is dropped.
    metrics : dict
        Results of the evaluation of the model file.
    provenance : dict
        How the model was trained.
    self_test : SelfTest
        Known cases, for ``paces-live doctor``.
    """

    schema: int
    sha256: str
    features: FeatureConfig
    fingerprint: str
    fold: Quantization
    context: Quantization | None
    output: Quantization
    threshold_on: float
    threshold_off: float
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    self_test: SelfTest

    @classmethod
    def read(cls, model: Path) -> Self:
        """Read the manifest next to a model and check that the two belong together.

        Parameters
        ----------
        model : Path
            The model file, such as ``paces.tflite``. The manifest is ``paces.json`` in the same folder.

        Raises
        ------
        ModelError
            A file is missing, the manifest has unknown or missing keys, or the hash or the fingerprint differs.
        """
        # A root has no name that could end otherwise.
        path = model.with_suffix(".json") if model.name else model
        try:
            digest = hashlib.sha256(model.read_bytes()).hexdigest()
            manifest = cls.from_dict(json.loads(path.read_text("utf-8")))
        except OSError as error:
            hint = f"give a model file, such as models/paces.tflite, with its manifest beside it, or {REINSTALL}"
            raise ModelError(f"cannot read {error.filename}: {error.strerror}", hint=hint) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"{path.name} is not a valid manifest ({error})", hint=REINSTALL) from error
        if digest != manifest.sha256:
            raise ModelError(f"{model.name} and {path.name} do not belong together (hash differs)", hint=REINSTALL)
        if manifest.features.fingerprint != manifest.fingerprint:
            raise ModelError(
                f"{model.name} was trained with another feature path (fingerprint differs)",
                hint=MATCHING_MODEL,
            )
        return manifest

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Return the manifest in `record`, the content of its JSON file.

        Raises
        ------
        ModelError
            The schema is another one, or keys are unknown or missing.
        """
        _check_keys(cls, record, "the manifest")
        if record["schema"] != SCHEMA:
            raise ModelError(
                f"the manifest has schema {record['schema']} instead of {SCHEMA}",
                hint=MATCHING_MODEL,
            )
        parsed = dict(record)
        parsed["features"] = FeatureConfig.from_dict(record["features"])
        for name in ("fold", "context", "output"):
            if name == "context" and record[name] is None:
                continue
            _check_keys(Quantization, record[name], f"{name!r} of the manifest")
            parsed[name] = Quantization(**record[name])
        _check_keys(SelfTest, record["self_test"], "'self_test' of the manifest")
        test = record["self_test"]
        parsed["self_test"] = SelfTest(test["folds"], test["context"], tuple(test["probabilities"]))
        return cls(**parsed)

    def write(self, model: Path) -> None:
        """Write the manifest next to the model file."""
        model.with_suffix(".json").write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def _check_keys(kind: type, record: dict[str, Any], where: str) -> None:
    if wrong := {field.name for field in fields(kind)}.symmetric_difference(record):
        raise ModelError(f"unknown or missing keys in {where}: {', '.join(sorted(wrong))}", hint=REINSTALL)
