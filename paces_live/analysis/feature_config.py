"""Every parameter of the feature path, in one frozen dataclass.

A model is trained on exactly these values. Its manifest carries them, and live analysis takes them from there.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from paces_live.errors import ModelError
from paces_live.match import SPM_MAX, SPM_MIN

PATH = 2
"""Version of the code of the feature path: it rises when the same parameters give other network inputs."""
MATCHING_MODEL = "use the model of this version of paces-live"
"""Hint: what to do if a model belongs to another feature path."""


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """Parameters from samples to network input.

    Attributes
    ----------
    sample_rate : int
        Samples per second.
    n_fft, hop : int
        Length of a frame of the spectrogram, and distance between frames, samples.
    n_mels : int
        Number of mel bands.
    fmin, fmax : float
        Frequency range of the mel bands, Hz.
    window_s : float
        Length of the window, seconds.
    spm_min, spm_max : float
        Range of the candidates, beats per minute.
    fold_beats, fold_steps : int
        Rows and columns of the fold: beats, and steps within a beat. Twelve steps have a border at every half, third
        and quarter of the beat.
    fold_least : int
        Smallest number of beats that must have been heard. A fold repeats them up to `fold_beats`.
    fold_range : float
        Largest distance of a fold's values from the mean of their band, nepers of power; beyond it they are clipped.
    ratios : tuple of float
        Tempi at which the network sees the periodicity, relative to the candidate.
    path : int
        Version of the code; only `PATH` works.

    Examples
    --------
    >>> config = FeatureConfig()
    >>> round(config.frame_rate, 2), config.window_frames
    (62.64, 1566)
    >>> FeatureConfig(hop=512).fingerprint == config.fingerprint
    False
    """

    sample_rate: int = 22050
    n_fft: int = 1024
    hop: int = 352
    n_mels: int = 32
    fmin: float = 40.0
    fmax: float = 10000.0
    window_s: float = 25.0
    spm_min: float = SPM_MIN
    spm_max: float = SPM_MAX
    fold_beats: int = 16
    fold_steps: int = 12
    fold_least: int = 8
    fold_range: float = 4.0
    ratios: tuple[float, ...] = (
        *(1 / 8, 1 / 7, 1 / 6, 1 / 5, 1 / 4, 1 / 3, 3 / 8, 1 / 2, 2 / 3, 3 / 4),
        *(1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0),
    )
    path: int = PATH

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop

    @property
    def window_frames(self) -> int:
        """Number of frames in a full window."""
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
        """Number of values of the context of a candidate, see `paces_live.analysis.fold.context`."""
        return 3 + len(self.ratios)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all values: feature paths with the same fingerprint give the same network input."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "FeatureConfig":
        """Return the configuration in `record`, a part of a manifest.

        Raises
        ------
        ModelError
            Keys are unknown or missing, or the model belongs to another version of the code.
        """
        names = {field.name for field in fields(cls)}
        if wrong := names.symmetric_difference(record):
            raise ModelError(
                f"unknown or missing keys in the feature configuration: {', '.join(sorted(wrong))}",
                hint=MATCHING_MODEL,
            )
        if record["path"] != PATH:
            raise ModelError(f"the model takes feature path {record['path']} instead of {PATH}", hint=MATCHING_MODEL)
        return cls(**record | {"ratios": tuple(record["ratios"])})
