"""The rolling window: the newest frames, in one piece."""

import numpy as np
from numpy.typing import NDArray


class Window:
    """Keeps the newest frames of a stream in one contiguous array, and copies them only once in a while.

    Parameters
    ----------
    length : int
        Frames that are kept at most.
    bands : int
        Values of a frame.
    """

    def __init__(self, length: int, bands: int) -> None:
        self._length = length
        self._storage = np.empty((2 * length, bands), np.float32)
        self._begin = self._end = 0

    def __len__(self) -> int:
        return self._end - self._begin

    @property
    def frames(self) -> NDArray[np.float32]:
        """The frames, shape (frames, bands), oldest first: a view, until the next `push`."""
        return self._storage[self._begin : self._end]

    def push(self, frames: NDArray[np.float32]) -> None:
        """Add `frames`, shape (n, bands), as the newest."""
        frames = frames[-self._length :]
        self.keep(self._length - len(frames))
        if self._end + len(frames) > len(self._storage):
            held = self.frames
            self._storage[: len(held)] = held
            self._begin, self._end = 0, len(held)
        self._storage[self._end : self._end + len(frames)] = frames
        self._end += len(frames)

    def keep(self, newest: int) -> None:
        """Forget all but the `newest` frames."""
        self._begin = max(self._begin, self._end - newest)
