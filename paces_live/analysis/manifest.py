"""The model's manifest: what travels with the model file, parsed into a frozen type and checked."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.errors import ModelError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Quantization:
    """Affine quantization of a tensor: ``real = scale * (integer - zero_point)``."""

    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Cases with known answers: quantized inputs in base64 of int8, and the probabilities they must give."""

    folds: str
    context: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a program must know about the model beside its weights.

    Attributes
    ----------
    schema : int
        Version of this format.
    sha256 : str
        Hash of the model file.
    features : FeatureConfig
        The feature path the model was trained on; `fingerprint` is its hash.
    fold, context, output : Quantization
        Of the two inputs and the output; `context` is None for a model that judges by the fold alone.
    threshold_on, threshold_off : float
        Probability at which a pace is taken up, and below which it is given up again.
    metrics, provenance : dict
        What `training` measured on the exported file, and how the model came to be.
    self_test : SelfTest
        Known cases for `doctor`.
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
        """Return the manifest beside the file `model`, having checked that the two belong together.

        Raises
        ------
        ModelError
            A file is missing, has unknown or missing keys, or the hash or the fingerprint does not match.
        """
        path = model.with_suffix(".json")
        try:
            digest = hashlib.sha256(model.read_bytes()).hexdigest()
            manifest = cls.from_dict(json.loads(path.read_text("utf-8")))
        except OSError as error:
            raise ModelError(
                f"cannot read the model: {error.strerror}: {error.filename}; reinstall paces-live"
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"{path.name} is not a valid manifest ({error}); reinstall paces-live") from error
        if digest != manifest.sha256:
            raise ModelError(f"{model.name} is not the file that {path.name} describes (hash differs); reinstall both")
        if manifest.features.fingerprint != manifest.fingerprint:
            raise ModelError(
                f"{model.name} was trained on another feature path (fingerprint differs); "
                "install the model of this version of paces-live"
            )
        return manifest

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Return the manifest in `record`; unknown and missing keys raise `ModelError`."""
        _check_keys(cls, record, "manifest")
        if record["schema"] != SCHEMA:
            raise ModelError(f"manifest of schema {record['schema']}, this version reads {SCHEMA}; update paces-live")
        parsed = dict(record)
        parsed["features"] = FeatureConfig.from_dict(record["features"])
        for name in ("fold", "context", "output"):
            if name == "context" and record[name] is None:
                continue
            _check_keys(Quantization, record[name], name)
            parsed[name] = Quantization(**record[name])
        _check_keys(SelfTest, record["self_test"], "self_test")
        test = record["self_test"]
        parsed["self_test"] = SelfTest(test["folds"], test["context"], tuple(test["probabilities"]))
        return cls(**parsed)

    def write(self, model: Path) -> None:
        """Write the manifest beside the file `model`."""
        model.with_suffix(".json").write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def _check_keys(kind: type, record: dict[str, Any], where: str) -> None:
    if wrong := {field.name for field in fields(kind)}.symmetric_difference(record):
        raise ModelError(f"{where} has unknown or missing keys: {', '.join(sorted(wrong))}")
