"""Doubles for the command line and the UI: events from a script instead of from sound."""

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from paces_live.analysis.felt_beat import felt_beat
from paces_live.events import (
    End,
    Event,
    Health,
    Pace,
    Reading,
    Section,
    Song,
    SongPace,
    Start,
    State,
    Status,
    Track,
)
from paces_live.match import Listener
from paces_live.session import Block, NowPlaying, Source
from paces_live.session.listening import EventStream


def reading(
    t: float,
    paces: Sequence[tuple[float, float]] = (),
    *,
    state: State = "settled",
    song: int = 1,
    level: float = -21.3,
    status: Status = "ok",
    message: str | None = None,
    lost: float = 0.0,
    title: str | None = None,
    recalled: bool = False,
    periodicity: Sequence[float] = (),
) -> Reading:
    """Return a reading with `paces` given as (spm, probability), most probable first, and with their beat."""
    judged = tuple(Pace(spm, probability) for spm, probability in paces)
    return Reading(
        t,
        song,
        state,
        judged,
        Health(level_dbfs=level, dropped_s=lost, load=0.004, status=status, message=message),
        rejected=(Pace(110.2, 0.03),),
        track=None if title is None else Track(title=title),
        recalled=recalled,
        beat=felt_beat(judged),
        periodicity=tuple(periodicity),
    )


def song(number: int, start: float, end: float, *rates: float, title: str | None = None) -> Song:
    """Return a song with its compatible `rates`."""
    paces = tuple(SongPace(rate, 0.97, 0.9) for rate in rates)
    return Song(number, start, end, paces, None if title is None else Track(title=title), felt_beat(paces))


START = Start("0.1.0", "file:demo.ogg", "sha256:00", "fake 1")
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
"""Two songs with a gap: the first does not match the default target, the second does."""


RISING = Song(
    3,
    100.0,
    160.0,
    (SongPace(165.0, 0.97, 0.9, low=150.0, high=180.0), SongPace(82.5, 0.95, 0.9, low=75.0, high=90.0)),
    beat=165.0,
    sections=(Section(0.0, 60.0, 150.0, 180.0),),
)
"""A song whose tempo rises."""


@dataclass
class FakeSource:
    """A source that nobody reads."""

    name: str = "file:demo.ogg"
    live: bool = False

    def blocks(self) -> Generator[Block, None, None]:
        yield from ()


@dataclass
class FakeSensor:
    """A sensor that says what it is given."""

    cadence: float | None = None
    condition: str | None = "no sensor"


@dataclass
class ScriptedListening:
    """Yields `script`, `pace_s` seconds apart; then ends, raises `error` or, if it is `live`, waits to be stopped."""

    script: Sequence[Event] = TWO_SONGS
    pace_s: float = 0.0
    live: bool = False
    error: BaseException | None = None
    listener: Listener = field(default_factory=Listener)
    paused: bool = False
    inputs: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def events(self, source: Source, now_playing: NowPlaying | None = None) -> Iterator[Event]:  # noqa: ARG002
        self.inputs.append(source.name)
        last = 0.0
        for event in self.script:
            if self.pace_s:
                time.sleep(self.pace_s)
            if self._stopped.is_set():
                break
            if isinstance(event, Start):
                event = replace(event, input=source.name)
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

    def stream(self, source: Source, now_playing: NowPlaying | None = None) -> EventStream:
        return EventStream(source.name, lambda: self.events(source, now_playing), self.stop, self.pause)

    def stop(self) -> None:
        self._stopped.set()

    def pause(self, paused: bool) -> None:
        self.paused = paused
