"""The pull loop: a source is read, its blocks are pushed into a session, the events come out."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import Protocol, Self

from paces_live.errors import PacesError
from paces_live.events import Condition, Event, Track
from paces_live.match import Listener
from paces_live.session.session import Session
from paces_live.sources.block import Source


class NowPlaying(Protocol):
    """Knows what is playing, for as long as it is entered."""

    @property
    def track(self) -> Track | None:
        """What is playing; None if that is not known."""

    @property
    def condition(self) -> Condition | None:
        """Why the track is not known; None if all is well or if it does not matter."""

    def __enter__(self) -> Self:
        """Begin to watch."""

    def __exit__(self, *_: object) -> None:
        """Stop watching."""


def run(
    source: Source,
    session: Session,
    *,
    listeners: Sequence[Listener] = (),
    now_playing: NowPlaying | None = None,
    stop: threading.Event | None = None,
    on_block: Callable[[], None] = lambda: None,
) -> Iterator[Event]:
    """Yield the events of a source, from `Start` to `End`.

    Parameters
    ----------
    source : Source
        It is opened here, and closed at the end.
    session : Session
        A new one: it takes the blocks of one source.
    listeners : sequence of Listener
        Their targets are the session's tempi of interest. Without listeners, those of the session stay as they are.
    now_playing : NowPlaying, optional
        Says what is playing, instead of the source itself.
    stop : threading.Event, optional
        Set it to end the run at the next block, half a second from now at most.
    on_block : callable
        Called after each block, even if no event came of it: the loop is alive.

    Raises
    ------
    PacesError
        The source cannot be opened or read; the song that was heard and `End` have been yielded. It is a `SourceError`,
        or a `UsageError` if standard input is a terminal.

    Examples
    --------
    >>> import numpy as np
    >>> from paces_live.analysis.classifier import load_classifier
    >>> from paces_live.sources.array import ArraySource
    >>> session = Session(load_classifier())
    >>> source = ArraySource(np.zeros(2 * 44_100), 44_100, session.sample_rate)
    >>> [type(event).__name__ for event in run(source, session)]
    ['Start', 'Reading', 'Reading', 'End']
    """
    started = False
    try:
        with now_playing or nullcontext(), closing(source.blocks()) as blocks:
            for block in blocks:
                if not started:
                    # Only now: a device has its full name once it is open.
                    yield session.start(source.name)
                    started = True
                if listeners:
                    session.of_interest = [one.target for one in listeners if one.target is not None]
                if now_playing is not None:
                    session.now_playing(now_playing.track)
                    condition = block.condition or now_playing.condition
                    if block.track is not None or condition is not None:
                        block = replace(block, track=None, condition=condition)
                yield from session.push(block)
                on_block()
                if stop is not None and stop.is_set():
                    break
    except PacesError as error:
        if not started:
            yield session.start(source.name)
        yield from session.finish(error)
        raise
    if not started:
        yield session.start(source.name)
    yield from session.finish()
