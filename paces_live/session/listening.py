"""Goes through one source after another, steered from other threads, and logs what happens."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from paces_live.analysis.classifier import Classifier
from paces_live.events import End, Event, Reading, Song, Start, Status
from paces_live.match import Listener
from paces_live.session.config import SessionConfig
from paces_live.session.run import NowPlaying, run
from paces_live.session.session import Session
from paces_live.sources.block import Source

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of a stream for those who show them, whether its session is here or on a server, and how to steer it.

    Attributes
    ----------
    name : str
        What it listens to, before its start says so.
    events : callable
        Yields the events, once.
    stop : callable
        Ends them; see `Listening.stop`. Any thread may call it.
    pause : callable or None
        Pauses if it gets True, goes on if it gets False; None if the stream cannot be paused from here.
    """

    name: str
    events: Callable[[], Iterator[Event]]
    stop: Callable[[], None]
    pause: Callable[[bool], None] | None = None


class Listening:
    """Listens to one source after another for a listener, and can be steered from other threads.

    Parameters
    ----------
    classifier : Classifier
    config : SessionConfig
    listener : Listener
    stages : sequence of callable
        Each takes every event and returns it, perhaps changed: the history, a player that skips songs.
    on_block : callable
        As in `run`.

    Examples
    --------
    >>> import numpy as np
    >>> from paces_live.analysis import FixedClassifier
    >>> from paces_live.sources import ArraySource
    >>> listening = Listening(FixedClassifier(lambda spm: 0.9), SessionConfig(), Listener(target=165.0))
    >>> source = ArraySource(np.zeros(2 * 44_100), 44_100, 22_050)
    >>> [type(event).__name__ for event in listening.events(source)]
    ['Start', 'Reading', 'Reading', 'End']
    """

    def __init__(
        self,
        classifier: Classifier,
        config: SessionConfig,
        listener: Listener,
        *,
        stages: Sequence[Callable[[Event], Event]] = (),
        on_block: Callable[[], None] = lambda: None,
    ) -> None:
        self.listener = listener
        self._classifier = classifier
        self._config = config
        self._stages = stages
        self._on_block = on_block
        self._stop = threading.Event()
        self._session: Session | None = None
        self._paused = False

    def events(self, source: Source, now_playing: NowPlaying | None = None) -> Iterator[Event]:
        """Yield the events of `source` until it ends or `stop` is called; see `run`."""
        log, stop = _Log(), self._stop
        session = Session(self._classifier, self._config, live=source.live)
        self._session = session
        self.pause(self._paused)
        try:
            for event in run(
                source,
                session,
                listeners=[self.listener],
                now_playing=now_playing,
                stop=stop,
                on_block=self._on_block,
            ):
                for stage in self._stages:
                    event = stage(event)
                log.take(event)
                if isinstance(event, End):
                    self._over(stop)
                yield event
        finally:
            self._over(stop)

    def stream(self, source: Source, now_playing: NowPlaying | None = None) -> EventStream:
        """Return the events of `source` for those who show them; see `events`."""
        return EventStream(source.name, lambda: self.events(source, now_playing), self.stop, self.pause)

    def _over(self, stop: threading.Event) -> None:
        """Let `stop` end the next source from now on, unless it does so already."""
        if self._stop is stop:
            self._stop = threading.Event()

    def stop(self) -> None:
        """End the source that is being heard, or else the next one: its song is reported, then `End`."""
        self._stop.set()

    def pause(self, paused: bool) -> None:
        """Skip what comes in, or go on; this holds for the sources that follow, too."""
        self._paused = paused
        if self._session is not None:
            (self._session.pause if paused else self._session.resume)()


class _Log:
    """Logs what an operator of a headless machine wants to know."""

    def __init__(self) -> None:
        self._status: Status = "ok"

    def take(self, event: Event) -> None:
        match event:
            case Start():
                _log.info("listening to %s with model %s on %s", event.input, event.model, event.runtime)
            case Reading() if event.health.status != self._status:
                self._status = event.health.status
                _log.info("%s", event.health.message or "all is well again")
            case Song():
                rates = ", ".join(f"{pace.spm:.1f}" for pace in event.paces) or "no paces"
                _log.info("song %d, %.0f to %.0f s: %s", event.song, event.start, event.end, rates)
            case End() if event.error is not None:
                _log.info("failed after %.0f s: %s: %s", event.t, event.error.code, event.error.message)
            case End():
                _log.info("ended after %.0f s", event.t)
