"""The rolling window: the newest frames in one contiguous array, and their running sums."""

import numpy as np
from numpy.typing import NDArray

UNITS = np.float32(1 << 15)
"""Units of a running sum in a neper. Sums of whole numbers are exact: none drifts, and one that overflows does no harm,
because differences of sums are right again if they are below 65,536 nepers, 50 s of the lowest values."""


def running_sum(frames: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the sums of the first 0, 1, 2, ... of `frames`, shape (frames + 1, bands), in `UNITS`.

    Examples
    --------
    >>> (running_sum(np.float32([[1, 2], [3, 4]])) / UNITS).tolist()
    [[0.0, 0.0], [1.0, 2.0], [4.0, 6.0]]
    """
    sums = np.zeros((len(frames) + 1, frames.shape[1]), np.int32)
    np.cumsum(np.rint(frames * UNITS).astype(np.int32), axis=0, out=sums[1:])
    return sums


class Window:
    """Keeps the newest frames of a stream contiguous, and rarely copies them.

    The storage is twice as long as the window. Only when it is full do the frames move back to its beginning.

    Parameters
    ----------
    length : int
        Largest number of frames.
    bands : int
        Number of values of a frame.

    Examples
    --------
    >>> window = Window(length=3, bands=1)
    >>> window.push(np.float32([[1], [2]]))
    >>> window.push(np.float32([[3], [4]]))
    >>> window.frames.ravel().tolist()
    [2.0, 3.0, 4.0]
    >>> window.keep(1)
    >>> window.frames.ravel().tolist()
    [4.0]
    """

    def __init__(self, length: int, bands: int) -> None:
        self._length = length
        self._storage = np.empty((2 * length, bands), np.float32)
        self._sums = np.zeros((2 * length + 1, bands), np.int32)
        self._begin = self._end = self._summed = 0

    def __len__(self) -> int:
        return self._end - self._begin

    @property
    def frames(self) -> NDArray[np.float32]:
        """The frames, shape (frames, bands), oldest first: a view that is valid until the next `push`."""
        return self._storage[self._begin : self._end]

    @property
    def sums(self) -> NDArray[np.int32]:
        """The `running_sum` of the frames but for a constant, a view as `frames` is; only new frames are added up."""
        new = running_sum(self._storage[self._summed : self._end])
        new += self._sums[self._summed]
        self._sums[self._summed : self._end + 1] = new
        self._summed = self._end
        return self._sums[self._begin : self._end + 1]

    def push(self, frames: NDArray[np.float32]) -> None:
        """Add the next `frames`, shape (n, bands)."""
        frames = frames[-self._length :]
        self.keep(self._length - len(frames))
        if self._end + len(frames) > len(self._storage):
            held, sums = self.frames, self.sums
            self._storage[: len(held)], self._sums[: len(sums)] = held, sums
            self._begin, self._end, self._summed = 0, len(held), len(held)
        self._storage[self._end : self._end + len(frames)] = frames
        self._end += len(frames)

    def keep(self, newest: int) -> None:
        """Drop all frames but the `newest`."""
        self._begin = max(self._begin, self._end - newest)
