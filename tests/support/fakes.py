"""Doubles for the command line and the UI: an engine that plays a script instead of listening."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paces_live.events import End, Event, Health, Level, Match, Pace, Reading, Song, SongPace, Start, State
from paces_live.match import best_match
from paces_live.sources.block import Block, Source


def reading(
    t: float,
    paces: Sequence[tuple[float, float]] = (),
    *,
    state: State = "settled",
    song: int = 1,
    target: float | None = 165.0,
    level: float = -21.3,
    word: Level = "fine",
    lost: float = 0.0,
    note: str | None = None,
    title: str | None = None,
    remembered: bool = False,
    tempogram: Sequence[float] = (),
) -> Reading:
    """Return a reading with `paces` given as (spm, probability), most probable first."""
    judged = tuple(Pace(spm, probability) for spm, probability in paces)
    match: Match | None = best_match(judged, target)
    return Reading(
        t,
        song,
        state,
        judged,
        match,
        Health(level_dbfs=level, dropped_s=lost, load=0.004, level=word, note=note, interval=1.0),
        rejected=(Pace(110.2, 0.03),),
        title=title,
        remembered=remembered,
        tempogram=tuple(tempogram),
    )


def song(number: int, start: float, end: float, *rates: float, title: str | None = None) -> Song:
    """Return a song that was heard, with its compatible `rates`."""
    paces = tuple(SongPace(rate, 0.97, 0.9) for rate in rates)
    return Song(number, start, end, paces, best_match(paces, 165.0), title)


START = Start("0.1.0", "file:demo.ogg", 165.0, 0.05, "sha256:00", "fake 1")
TWO_SONGS: tuple[Event, ...] = (
    START,
    *(reading(float(t), state="listening") for t in range(1, 9)),
    reading(9.0, [(123.4, 0.91)], state="provisional"),
    reading(10.0, [(123.5, 0.95), (61.8, 0.90)], state="provisional"),
    *(reading(float(t), [(123.4, 0.98), (61.7, 0.94)]) for t in range(25, 40)),
    song(1, 0.0, 40.0, 123.4, 61.7),
    *(reading(float(t), state="silence", song=2, level=-90.0) for t in range(40, 43)),
    *(reading(float(t), state="listening", song=2) for t in range(43, 48)),
    *(reading(float(t), [(165.31, 0.97), (82.66, 0.94)], song=2) for t in range(48, 80)),
    song(2, 42.0, 80.0, 165.31, 82.66, title="Waltz of the open road"),
    End(80.0),
)
"""Two songs with a gap: one that does not fit the default target, one that does."""


class FakeSource:
    """A source that nobody listens to."""

    name = "file:demo.ogg"
    live = False

    def blocks(self) -> Iterator[Block]:
        return iter(())


@dataclass
class ScriptedEngine:
    """Yields `script`, `pace_s` seconds apart; then ends, raises `error` or, with `live`, waits to be stopped."""

    script: Sequence[Event] = TWO_SONGS
    pace_s: float = 0.0
    live: bool = False
    error: BaseException | None = None
    target: float | None = 165.0
    tolerance: float = 0.05
    paused: bool = False
    sample_rate: int = 22_050
    inputs: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def events(self, source: Source) -> Iterator[Event]:
        self.inputs.append(source.name)
        last = 0.0
        for event in self.script:
            if self.pace_s:
                time.sleep(self.pace_s)
            if self._stopped.is_set():
                break
            if isinstance(event, Reading):
                last = event.t
            yield event
        if self.error:
            raise self.error
        if self.live:
            self._stopped.wait(30.0)
        if self._stopped.is_set():
            self._stopped.clear()
            yield song(9, 0.0, last, 165.0)
            yield End(last)

    def stop(self) -> None:
        self._stopped.set()
