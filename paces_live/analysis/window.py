"""The rolling window: the newest frames in one contiguous array."""

import numpy as np
from numpy.typing import NDArray


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
        self._begin = self._end = 0

    def __len__(self) -> int:
        return self._end - self._begin

    @property
    def frames(self) -> NDArray[np.float32]:
        """The frames, shape (frames, bands), oldest first: a view that is valid until the next `push`."""
        return self._storage[self._begin : self._end]

    def push(self, frames: NDArray[np.float32]) -> None:
        """Add the next `frames`, shape (n, bands)."""
        frames = frames[-self._length :]
        self.keep(self._length - len(frames))
        if self._end + len(frames) > len(self._storage):
            held = self.frames
            self._storage[: len(held)] = held
            self._begin, self._end = 0, len(held)
        self._storage[self._end : self._end + len(frames)] = frames
        self._end += len(frames)

    def keep(self, newest: int) -> None:
        """Drop all frames but the `newest`."""
        self._begin = max(self._begin, self._end - newest)
