"""What was heard last: samples are kept until somebody needs their frames, many of which take less time at once."""

import numpy as np
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import LogMelStream
from paces_live.analysis.window import Window

MOST_CELLS = 10
"""Cells that wait for their frames at most, a second: a session without readings must not grow."""


class Heard:
    """Samples and, once they are asked for, their frames in the rolling window.

    Examples
    --------
    >>> features = FeatureConfig()
    >>> heard = Heard(features)
    >>> for _ in range(10):
    ...     heard.push(np.zeros(2205, np.float32))
    >>> heard.is_full, len(heard.window)
    (True, 48)
    >>> heard.is_full
    False
    """

    def __init__(self, features: FeatureConfig) -> None:
        self._cells: list[NDArray[np.float32]] = []
        self._stream = LogMelStream(features)
        self._window = Window(features.window_frames, features.n_mels)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Add a cell of samples, shape (n,)."""
        self._cells.append(samples)

    @property
    def is_full(self) -> bool:
        """Whether `hear` must be called before more samples come."""
        return len(self._cells) >= MOST_CELLS

    @property
    def window(self) -> Window:
        """The window with the frames of all samples."""
        self.hear()
        return self._window

    def hear(self) -> None:
        """Compute the frames of the samples that wait."""
        if not self._cells:
            return
        frames = self._stream.push(np.concatenate(self._cells))
        self._cells = []
        if len(frames):
            self._window.push(frames)

    def clear(self) -> None:
        """Forget all: the next samples do not follow these."""
        self._cells = []
        self._stream.reset()
        self._window.keep(0)
