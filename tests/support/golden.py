"""Writes tests/golden.npz: what the feature path gives for a fixed sound, to compare with on every machine.

Run ``python -m tests.support.golden`` only when the feature path is meant to change; its fingerprint changes then too.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import build_cases
from paces_live.analysis.periodicity import candidates, tempogram
from tests.support.signals import noisy, rock

PATH = Path(__file__).with_name("golden.npz")


def vectors() -> dict[str, NDArray[Any]]:
    """Return the vectors by name: part of the frames, the tempogram, the candidates and their cases."""
    config = FeatureConfig()
    frames = log_mel(noisy(rock(123.0), 30.0), config)
    gram = tempogram(frames, config)
    cases = build_cases(frames, gram, candidates(gram, config, count=16, target=165.0), config)
    return {
        "fingerprint": np.array(config.fingerprint),
        "frames": frames[::40],
        "tempogram": gram.strengths,
        "spm": cases.spm,
        "context": cases.context,
        "folds": cases.folds.mean(axis=3),
    }


if __name__ == "__main__":
    np.savez_compressed(PATH, allow_pickle=False, **vectors())
