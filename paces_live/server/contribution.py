"""A stream that a client sends: its sound goes in, and it survives a short absence of its sender."""

import asyncio
import secrets

from paces_live.errors import UsageError
from paces_live.match import Listener
from paces_live.server.messages import HEARTBEAT_S, Hello
from paces_live.server.stream import Stream, Subscription
from paces_live.server.workers import WorkerLane

REATTACH_S = 15.0
"""Time for which a stream waits for a sender whose network has gone, seconds."""


class Contribution:
    """The stream of one sender. Everything here belongs to the thread of the event loop.

    Parameters
    ----------
    hello : Hello
    stream : Stream
    lane : WorkerLane

    Attributes
    ----------
    session : str
        Secret with which the sender comes back.
    listener : Listener
        The sender, who also follows.
    subscription : Subscription
        What the sender has not had yet; it stays while the sender is away.
    received : int
        Frames so far, those of gaps included.
    heard : int
        Messages so far.
    finished : bool
        Whether it ends soon, or has ended.
    """

    def __init__(self, hello: Hello, stream: Stream, lane: WorkerLane) -> None:
        self.session = secrets.token_urlsafe(18)
        self.stream = stream
        self.listener = Listener(hello.target, hello.tolerance)
        self.subscription: Subscription = stream.subscribe(self.listener, HEARTBEAT_S)
        self.received = self.heard = 0
        self.finished = False
        self._frame_bytes = hello.frame_bytes
        self._written = hello.rate, hello.width, hello.channels
        self._lane = lane
        self._tenure: asyncio.Event | None = None
        self._leaving: asyncio.TimerHandle | None = None

    def attach(self) -> asyncio.Event:
        """Take a sender; return what is set when another one takes its place.

        If one is still thought to be there, its network has gone and nobody has noticed.
        """
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._tenure is not None:
            self._tenure.set()
        self._tenure = asyncio.Event()
        self.stream.state = "open"
        return self._tenure

    def detach(self, tenure: asyncio.Event) -> None:
        """Note that the sender has left; end the stream if nobody comes back in time."""
        if self._tenure is not tenure:
            return
        self._tenure = None
        if self.stream.state != "ended":
            self.stream.state = "detached"
            self._leaving = asyncio.get_running_loop().call_later(REATTACH_S, self.finish)

    def is_written_as(self, hello: Hello) -> bool:
        """Return whether the sound that `hello` announces is written as that of this stream, so that it can go on."""
        return self._written == (hello.rate, hello.width, hello.channels)

    @property
    def behind(self) -> bool:
        """Whether the sender has to wait: what it sends cannot be judged in time."""
        return self._lane.behind

    def put(self, data: bytes) -> None:
        """Take a message of samples.

        Raises
        ------
        UsageError
            It does not end where a frame ends, so that what follows would be noise.
        """
        frames, rest = divmod(len(data), self._frame_bytes)
        if rest:
            raise UsageError(
                f"{len(data)} bytes are not whole frames", hint=f"send multiples of {self._frame_bytes} bytes"
            )
        self.received += frames
        self._lane.put(data)

    def put_gap(self, frames: int) -> None:
        """Take note that the sender has dropped `frames` frames."""
        self.received += frames
        self._lane.put_gap(frames)

    def finish(self) -> None:
        """Report the song and the end; nobody can go on with it any more."""
        self.finished = True
        self._lane.finish()
