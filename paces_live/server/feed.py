"""Binary frames of PCM from a client to blocks for a session."""

from collections.abc import Iterator

import numpy as np

from paces_live.events import Event
from paces_live.server.messages import Hello
from paces_live.session import Session
from paces_live.sources import MonoResampler
from paces_live.sources.block import Block

NAME = "audio"
"""What the start event and error messages call the sound of a client."""


class PcmFeed:
    """What a client has sent and its session has not had yet; the more waits, the less a frame costs.

    Parameters
    ----------
    hello : Hello
        How the samples are written.

    Examples
    --------
    >>> feed = PcmFeed(Hello(rate=44_100, width=2, channels=1, target=None, tolerance=0.05))
    >>> feed.put(bytes(8_820))
    >>> feed.waiting_s
    0.1
    """

    def __init__(self, hello: Hello) -> None:
        self._rate = hello.rate
        self._channels = hello.channels
        self._type = np.dtype("<i2" if hello.width == 2 else "<f4")
        self._scale = np.float32(1 / 32768 if hello.width == 2 else 1)
        self._frame_bytes = hello.frame_bytes
        self._waiting: list[bytes | int] = []
        self._waiting_bytes = 0
        self._resampler: MonoResampler | None = None

    @property
    def waiting_s(self) -> float:
        """Length of the sound that waits, seconds."""
        return self._waiting_bytes / self._frame_bytes / self._rate

    def put(self, data: bytes) -> None:
        """Take whole frames of samples."""
        self._waiting.append(data)
        self._waiting_bytes += len(data)

    def put_gap(self, frames: int) -> None:
        """Take note that the client has dropped `frames` frames."""
        self._waiting.append(frames)

    def drain(self, session: Session) -> Iterator[Event]:
        """Push all that waits into `session`; yield the events."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        joined: list[bytes] = []
        for one in waiting:
            if isinstance(one, bytes):
                joined.append(one)
                continue
            yield from self._push(b"".join(joined), session)
            joined.clear()
            if self._resampler is not None:
                yield from session.push(Block(self._resampler.flush()))
                self._resampler = None
            lost = round(one * session.sample_rate / self._rate)
            yield from session.push(Block(np.empty(0, np.float32), dropped=lost))
        yield from self._push(b"".join(joined), session)

    def _push(self, data: bytes, session: Session) -> list[Event]:
        if not data:
            return []
        if self._resampler is None:
            self._resampler = MonoResampler(self._rate, session.sample_rate, name=NAME)
        frames = np.frombuffer(data, self._type).astype(np.float32) * self._scale
        return session.push(Block(self._resampler.push(frames.reshape(-1, self._channels))))

    def finish(self, session: Session) -> list[Event]:
        """Push the rest that the resampler holds."""
        return [] if self._resampler is None else session.push(Block(self._resampler.flush()))
