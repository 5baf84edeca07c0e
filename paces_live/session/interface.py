"""What an engine is to those who use it: the user interface, and the history."""

from collections.abc import Iterator
from typing import Protocol

from paces_live.events import Event
from paces_live.sources.block import Source


class Engine(Protocol):
    """What they need of `paces_live.session.engine.Engine`."""

    target: float | None
    """Target cadence, steps per minute; like the next two settable from any thread while the engine runs."""
    tolerance: float
    """Largest relative error of a match."""
    paused: bool
    """Whether what comes in is thrown away."""

    @property
    def sample_rate(self) -> int:
        """Sample rate that it hears its sources at, Hz."""

    def events(self, source: Source) -> Iterator[Event]:
        """Yield what is heard until the source ends or `stop` is called."""

    def stop(self) -> None:
        """Ask `events` to log the current song and end."""
