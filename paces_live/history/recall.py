"""Keeps the songs of a stream, and recalls the paces of a known track until the sound has been judged."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from paces_live.errors import HistoryError
from paces_live.events import End, Event, Pace, Reading, Song, Start
from paces_live.history.database import HeardSong, History
from paces_live.match import Listener
from paces_live.session.recalling import Recaller

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class HistoryKeeper:
    """Takes the events of streams, one stream after another; keeps songs and recalls known ones.

    A problem with the history never stops listening: the health of readings reports it.

    Parameters
    ----------
    path : path
        The database.
    listener : Listener
        Songs are kept with the target as it is when they end.
    clock : callable
        Returns the time of day.

    Attributes
    ----------
    error : HistoryError or None
        Why a song was not kept or recalled; None if all were.
    """

    def __init__(self, path: Path, listener: Listener, clock: Callable[[], datetime] = _now) -> None:
        self.error: HistoryError | None = None
        self._path = path
        self._listener = listener
        self._clock = clock
        self._history: History | None = None
        self._input = ""
        self._failing = False
        self._recaller = Recaller(lambda reading: reading.caption, self._recall)
        self._begin("")

    def take(self, event: Event) -> Event:
        """Keep a song; return a reading with recalled paces if the sound has not been judged, others as they are."""
        match event:
            case Start():
                self._begin(event.input)
                self._open()
            case Song():
                self._keep(event)
            case Reading():
                return self._with_error(self._recaller.take(event))
            case End():
                self.close()
        return event

    def close(self) -> None:
        """Close the database; a `Start` opens it again."""
        if self._history is not None:
            self._history.close()
            self._history = None

    def _begin(self, name: str) -> None:
        self._input = name
        self._recaller.begin()

    def _open(self) -> None:
        try:
            self._history = History(self._path)
        except HistoryError as error:
            self._complain(error)

    def _keep(self, song: Song) -> None:
        # Too little of a skipped song was heard: it must not be recalled, nor pass for one without a match.
        if self._history is None or song.skipped:
            return
        heard = HeardSong(
            self._clock(),
            self._input,
            song.caption,
            song.end - song.start,
            song.paces,
            self._listener.target,
            self._listener.match(song.paces),
            song.sections,
        )
        try:
            self._history.add(heard)
        except HistoryError as error:
            self._complain(error)
        else:
            self._failing = False

    def _recall(self, caption: str) -> tuple[Pace, ...]:
        if self._history is None:
            return ()
        try:
            return self._history.recall(caption)
        except HistoryError as error:
            self._complain(error)
            return ()

    def _complain(self, error: HistoryError) -> None:
        _log.info("%s", error)
        self.error, self._failing = error, True

    def _with_error(self, reading: Reading) -> Reading:
        """Return a reading whose health reports the error; a problem of the capture comes first."""
        if not self._failing or self.error is None or reading.health.status != "ok":
            return reading
        health = replace(reading.health, status="history_unavailable", message=str(self.error))
        return replace(reading, health=health)
