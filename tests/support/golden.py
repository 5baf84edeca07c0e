"""Writes golden.npz: the output of the feature path for a fixed sound, which every machine must reproduce.

Run ``python -m tests.support.golden`` only if the feature path changes on purpose; its fingerprint then changes too.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import build_cases
from paces_live.analysis.periodicity import periodicity
from tests.support.signals import noisy, rock

PATH = Path(__file__).with_name("golden.npz")


def vectors() -> dict[str, NDArray[Any]]:
    """Return the vectors by name: some of the frames, the periodicity, the candidates and their cases."""
    config = FeatureConfig()
    frames = log_mel(noisy(rock(123.0), 30.0), config)
    autocorrelation = periodicity(frames, config)
    spm = candidates(autocorrelation, config, count=16, of_interest=(165.0,))
    cases = build_cases(frames, autocorrelation, spm, config)
    return {
        "fingerprint": np.array(config.fingerprint),
        "frames": frames[::40],
        # The file has the earlier name of the periodicity.
        "tempogram": autocorrelation.strengths,
        "spm": cases.spm,
        "context": cases.context,
        "folds": cases.folds.mean(axis=3),
    }


if __name__ == "__main__":
    np.savez_compressed(PATH, allow_pickle=False, **vectors())
