"""An engine that remembers: songs that end are kept, and a known title has its paces at once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from paces_live.errors import HistoryError
from paces_live.events import Event, Pace, Reading, Song
from paces_live.history.database import KNOWN_S, HeardSong, History
from paces_live.match import best_match
from paces_live.session.interface import Engine
from paces_live.sources.block import Source


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class RememberingEngine:
    """An engine whose songs are kept, and whose known songs are recalled; it hears as it would without.

    What the history cannot do never stops the listening. It is told in the health of the readings, and in `trouble`.

    Parameters
    ----------
    engine : Engine
        It hears.
    path : path
        The database of songs heard.
    clock : callable
        Returns the time of day.

    Attributes
    ----------
    trouble : str or None
        Why a song was not kept or recalled, one line; None where all were.
    """

    def __init__(self, engine: Engine, path: Path, clock: Callable[[], datetime] = _now) -> None:
        self.trouble: str | None = None
        self._note: str | None = None
        self._engine = engine
        self._path = path
        self._clock = clock

    @property
    def target(self) -> float | None:
        """The engine's target."""
        return self._engine.target

    @target.setter
    def target(self, target: float | None) -> None:
        self._engine.target = target

    @property
    def tolerance(self) -> float:
        """The engine's tolerance."""
        return self._engine.tolerance

    @tolerance.setter
    def tolerance(self, tolerance: float) -> None:
        self._engine.tolerance = tolerance

    @property
    def paused(self) -> bool:
        """Whether the engine throws away what comes in."""
        return self._engine.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._engine.paused = paused

    @property
    def sample_rate(self) -> int:
        """The engine's sample rate, Hz."""
        return self._engine.sample_rate

    def stop(self) -> None:
        """Ask for a clean end."""
        self._engine.stop()

    def events(self, source: Source) -> Iterator[Event]:
        """Yield the engine's events, readings with remembered paces where the sound has not told any yet."""
        with ExitStack() as opened:
            try:
                history = opened.enter_context(History(self._path))
            except HistoryError as error:
                self._complain(error)
                for event in self._engine.events(source):
                    yield self._noted(event)
                return
            title: str | None = None
            known: tuple[Pace, ...] = ()
            since = 0.0
            for event in self._engine.events(source):
                if isinstance(event, Song):
                    self._keep(history, event, source.name)
                if isinstance(event, Reading):
                    if event.title != title:
                        title, since = event.title, event.t
                        known = self._recall(history, title)
                    if event.state == "silence":
                        since = event.t
                    if event.paces or event.t - since >= KNOWN_S:
                        # From here on the sound itself tells, be it that there is none.
                        known = ()
                    if known and event.state in ("listening", "no_pulse"):
                        match = best_match(known, self.target, self.tolerance)
                        event = replace(event, state="provisional", paces=known, match=match, remembered=True)
                yield self._noted(event)

    def _keep(self, history: History, song: Song, name: str) -> None:
        length = song.end - song.start
        heard = HeardSong(self._clock(), name, song.title, length, song.paces, self.target, song.match)
        try:
            history.add(heard)
        except HistoryError as error:
            self._complain(error)
        else:
            self._note = None

    def _recall(self, history: History, title: str | None) -> tuple[Pace, ...]:
        try:
            return history.recall(title) if title else ()
        except HistoryError as error:
            self._complain(error)
            return ()

    def _complain(self, error: HistoryError) -> None:
        self._note = self.trouble = str(error)

    def _noted(self, event: Event) -> Event:
        """Return a reading with the word about the history; what the source says about itself comes first."""
        if self._note is None or not isinstance(event, Reading) or event.health.note is not None:
            return event
        return replace(event, health=replace(event.health, note=self._note))
