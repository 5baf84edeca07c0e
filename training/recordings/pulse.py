"""The periodicity of a recording in successive windows: its exact tempo, and whether the tempo is steady."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.candidates import candidates, refine
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.periodicity import Periodicity, periodicity

HOP_S = 10.0
"""Seconds from one window to the next."""
STEADY = 0.004
"""Largest relative difference of the tempo of a window from the song's."""

STEADY_SHARE = 0.75
"""Least share of the windows that have the tempo of a steady song."""
CANDIDATES = 8
"""Number of tempi among which `Pulse.strongest` looks."""


@dataclass(frozen=True)
class Pulse:
    """How strongly a recording repeats at each lag, in each window of 25 s.

    Attributes
    ----------
    windows : ndarray of float32, shape (windows, lags)
        See `paces_live.analysis.periodicity.Periodicity`.
    frame_rate : float
        Frames per second.
    """

    windows: NDArray[np.float32]
    frame_rate: float

    @property
    def mean(self) -> Periodicity:
        """The mean periodicity of all windows."""
        return Periodicity(self.windows.mean(axis=0), self.frame_rate)

    def at(self, bpm: float) -> float:
        """Return the mean strength at a tempo: the sum over three lags.

        Sharp peaks between two lags are half as high and twice as wide as those at a lag; their sum is the same.
        """
        lag = 60.0 * self.frame_rate / bpm + np.array([-1.0, 0.0, 1.0])
        strengths = self.mean.strengths
        return float(np.interp(lag, np.arange(len(strengths)), strengths, right=0.0).sum())

    def tempo(self, near: float) -> tuple[float, float]:
        """Return the exact tempo next to an estimate, and the share of the windows that have it.

        Each window is refined by itself, and the tempo is the median. The error of one window is about 0.1 %.

        Parameters
        ----------
        near
            Beats per minute, within about 1 %.
        """
        refined = [refine(Periodicity(one, self.frame_rate), np.array([near]))[0] for one in self.windows]
        # A window without a peak leaves the estimate as it is.
        tempi = np.array([bpm for bpm in refined if bpm != near])
        if not len(tempi):
            return near, 0.0
        tempo = float(np.median(tempi))
        return tempo, float(np.count_nonzero(np.abs(tempi / tempo - 1.0) <= STEADY)) / len(self.windows)

    def strongest(self, config: FeatureConfig) -> float:
        """Return the strength of the strongest tempo that most windows have; 0 if there is none."""
        tempi = [self.tempo(bpm) for bpm in candidates(self.mean, config, count=CANDIDATES)]
        return max((self.at(tempo) for tempo, share in tempi if share >= STEADY_SHARE), default=0.0)


def pulse(samples: NDArray[np.float32], config: FeatureConfig) -> Pulse:
    """Return the pulse of a recording of at least one window.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono audio at ``config.sample_rate``.
    config : FeatureConfig
        Gives the frames and the window.
    """
    frames = log_mel(samples, config)
    last = len(frames) - config.window_frames
    starts = range(0, last + 1, round(HOP_S * config.frame_rate))
    windows = [periodicity(frames[start : start + config.window_frames], config).strengths for start in starts]
    return Pulse(np.array(windows), config.frame_rate)
