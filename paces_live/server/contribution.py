"""A stream that a client sends: its sound goes in, and it survives a short absence of its sender."""

import asyncio
import secrets

from paces_live.analysis.level import CELL_S
from paces_live.match import Listener
from paces_live.server.feed import PcmFeed
from paces_live.server.hub import Lane
from paces_live.server.messages import Hello
from paces_live.server.stream import Stream, Subscription

REATTACH_S = 15.0
"""Time for which a stream waits for a sender whose network has gone, seconds."""

TURN_S = CELL_S
"""Sound that is worth a turn of the hub, seconds: a session does nothing with less than a cell."""


class Contribution:
    """The stream of one sender. Everything here belongs to the thread of the event loop.

    Parameters
    ----------
    hello : Hello
    stream : Stream
    lane : Lane

    Attributes
    ----------
    session : str
        Secret with which the sender comes back.
    listener : Listener
        The sender, who also follows.
    subscription : Subscription
        What the sender has not had yet; it stays while the sender is away.
    heard : int
        Messages so far.
    """

    def __init__(self, hello: Hello, stream: Stream, lane: Lane) -> None:
        self.session = secrets.token_urlsafe(18)
        self.stream = stream
        self.listener = Listener(hello.target, hello.tolerance)
        self.subscription: Subscription = stream.subscribe(self.listener)
        self.feed = PcmFeed(hello)
        self.heard = 0
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

    def put(self, data: bytes) -> None:
        """Take a message of samples; raises as `PcmFeed.put` does."""
        self.feed.put(data)
        if self.feed.waiting_s >= TURN_S:
            self._lane.ask(self.feed.drain)

    def put_gap(self, frames: int) -> None:
        """Take note that the sender has dropped `frames` frames."""
        self.feed.put_gap(frames)
        self._lane.ask(self.feed.drain)

    def finish(self) -> None:
        """Report the song and the end."""
        self._lane.ask(self.feed.drain)
        self._lane.ask(self.feed.finish)
        self._lane.finish()
