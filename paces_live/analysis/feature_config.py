"""Every parameter of the feature path, in one frozen place.

The model is trained on exactly these values: the manifest carries them, the live engine reads them from there.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from paces_live.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """Parameters from samples to network input.

    Attributes
    ----------
    sample_rate, n_fft, hop, n_mels, fmin, fmax
        The log-mel spectrogram: Hz, samples, samples, bands, Hz, Hz.
    window_s
        Length of the rolling window, seconds.
    spm_min, spm_max
        Range of the candidates, beats per minute.
    fold_beats, fold_steps
        Rows and columns of the fold: successive beats, and steps within a beat.
    fold_least
        Fewest beats that a fold is made of; what is missing to `fold_beats` are repetitions.
    fold_range
        Half width of the fold's values around each band's mean, nepers of power; beyond it they are clipped.
    ratios
        Tempi, relative to the candidate, whose tempogram strengths the network sees.
    """

    sample_rate: int = 22050
    n_fft: int = 1024
    hop: int = 256
    n_mels: int = 32
    fmin: float = 40.0
    fmax: float = 10000.0
    window_s: float = 25.0
    spm_min: float = 40.0
    spm_max: float = 320.0
    fold_beats: int = 16
    fold_steps: int = 16
    fold_least: int = 8
    fold_range: float = 4.0
    ratios: tuple[float, ...] = (1 / 4, 1 / 3, 3 / 8, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0)

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop

    @property
    def window_frames(self) -> int:
        """Frames in a full rolling window."""
        return round(self.window_s * self.frame_rate)

    @property
    def min_lag(self) -> float:
        """Beat period of the fastest candidate, frames."""
        return 60.0 * self.frame_rate / self.spm_max

    @property
    def max_lag(self) -> float:
        """Beat period of the slowest candidate, frames."""
        return 60.0 * self.frame_rate / self.spm_min

    @property
    def context_values(self) -> int:
        """Numbers that the network sees of a candidate beside its fold, see `paces_live.analysis.fold.context`."""
        return 2 + len(self.ratios)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all values: two feature paths with the same fingerprint give the same network input."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "FeatureConfig":
        """Return the configuration in `record`; an unknown or a missing key raises `ModelError`."""
        names = {field.name for field in fields(cls)}
        if wrong := names.symmetric_difference(record):
            raise ModelError(f"feature configuration has unknown or missing keys: {', '.join(sorted(wrong))}")
        return cls(**record | {"ratios": tuple(record["ratios"])})
