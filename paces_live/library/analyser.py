"""What judges songs: a model, and the version of everything around it."""

import hashlib
import json
from typing import NamedTuple

from paces_live.analysis.manifest import Manifest
from paces_live.library.files import ENGINE


class Analyser(NamedTuple):
    """The hash of a model, and the version of everything that judges songs besides its weights.

    Examples
    --------
    >>> from paces_live.analysis.classifier import default_model
    >>> analyser = Analyser.of(Manifest.read(default_model()))
    >>> analyser.model.partition(":")[0], analyser.engine.partition(":")[0]
    ('sha256', '1')
    """

    model: str
    engine: str

    @classmethod
    def of(cls, manifest: Manifest) -> "Analyser":
        """Return the analyser that has the model of a manifest."""
        values = [manifest.fingerprint, manifest.threshold_on, manifest.threshold_off]
        version = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]
        return cls(f"sha256:{manifest.sha256[:12]}", f"{ENGINE}:{version}")
