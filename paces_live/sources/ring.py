"""A ring buffer between an audio callback and the thread that reads it."""

import threading

import numpy as np
from numpy.typing import NDArray

SECONDS = 25.0
"""Default capacity, seconds: a reader that is late by less than a whole window loses nothing."""


class SampleRing:
    """Float32 samples on a monotonic sample counter; one writer, one reader, no lock between them.

    The ring owns its storage: `write` copies in, `read` copies out. The writer never waits, so an audio callback may
    call it. A reader that is too late loses the oldest samples and gets their number.

    Write the frames of several channels interleaved. If every write and `capacity` are whole numbers of frames, so are
    the samples and the drops of every read.

    Parameters
    ----------
    capacity : int
        Samples that are kept.

    Attributes
    ----------
    written : int
        Samples written since the start, including dropped ones.

    Examples
    --------
    >>> ring = SampleRing(4)
    >>> ring.write(np.arange(6, dtype=np.float32))
    >>> samples, dropped = ring.read()
    >>> samples.tolist(), dropped
    ([2.0, 3.0, 4.0, 5.0], 2)
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be positive, not {capacity}")
        self._data = np.zeros(capacity, dtype=np.float32)
        self._claimed = 0
        self.written = 0
        self._read = 0
        self._news = threading.Event()

    @classmethod
    def of_seconds(cls, rate: float, *, channels: int = 1, seconds: float = SECONDS) -> "SampleRing":
        """Return a ring that keeps `seconds` of interleaved frames at `rate` Hz."""
        return cls(round(rate * seconds) * channels)

    @property
    def capacity(self) -> int:
        """Samples that are kept."""
        return len(self._data)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Copy `samples`, shape (n,), in; if there are more than the capacity, only the newest stay."""
        end = self.written + len(samples)
        # Claimed before the copy and published after it: numpy copies large arrays without the interpreter lock, so the
        # reader must know which of the samples that it copied in the meantime were being replaced.
        self._claimed = end
        kept = samples[-self.capacity :]
        start = (end - len(kept)) % self.capacity
        head = min(len(kept), self.capacity - start)
        self._data[start : start + head] = kept[:head]
        self._data[: len(kept) - head] = kept[head:]
        self.written = end
        self._news.set()

    def read(self, until: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Return everything written since the last read.

        Parameters
        ----------
        until : int, optional
            Read only what was written before this count of samples.

        Returns
        -------
        samples : ndarray of float32, shape (n,)
            The newest samples, at most `capacity`, oldest first; a copy.
        dropped : int
            Samples that were overwritten before they were read, right before `samples`.
        """
        written = self.written
        end = written if until is None else max(self._read, min(until, written))
        begin = min(max(self._read, written - self.capacity), end)
        start = begin % self.capacity
        count = end - begin
        samples = np.empty(count, dtype=np.float32)
        head = min(count, self.capacity - start)
        samples[:head] = self._data[start : start + head]
        samples[head:] = self._data[: count - head]
        intact = min(max(begin, self._claimed - self.capacity), end)
        dropped = intact - self._read
        self._read = end
        return samples[intact - begin :], dropped

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for something new; return whether there is."""
        self._news.clear()
        # Asked after the flag is down: a write in between either shows here or raises the flag again.
        return self.written > self._read or self._news.wait(timeout)
