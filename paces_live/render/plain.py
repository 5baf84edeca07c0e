"""Events as lines of text, for pipes, logs and terminals without a user interface."""

import math
from typing import TextIO

from paces_live.events import End, Event, Health, Reading, Song, Start
from paces_live.match import Listener
from paces_live.render.song import near_words, song_words
from paces_live.render.wording import (
    by_rate,
    clock,
    colour_wanted,
    paces_words,
    state_word,
    status_words,
    stepping,
    target_words,
    verdict_words,
)
from paces_live.sensor import Sensor, cadence_words

NEWS_CHANGE = 0.01
"""Largest relative change of a pace that is not worth a new line."""
LOST_S = 1.0
"""Least audio lost since the last line that is worth a new one, seconds."""


class PlainWriter:
    """One line for each change that matters to a runner, and one for each song at its end.

    Parameters
    ----------
    stream : text file object
    listener : Listener
    rejected : bool
        Whether lines name the candidates that were judged incompatible.
    sensor : Sensor, optional
        Lines have its cadence, and the target that follows it.

    Examples
    --------
    >>> import sys
    >>> writer = PlainWriter(sys.stdout, Listener(170.0))
    >>> writer.write(Start("1.0", "mic", model="sha256:0123", runtime="ai-edge-litert 2.1"))
    listening to mic, target 170 spm ± 5 %
    >>> writer.write(Song(1, 0.0, 215.0, paces=()))
       3:35  song 1  ended            3:35 long  no pace found
    """

    def __init__(
        self, stream: TextIO, listener: Listener, *, rejected: bool = False, sensor: Sensor | None = None
    ) -> None:
        self._stream = stream
        self._listener = listener
        self._rejected = rejected
        self._sensor = sensor
        self._runner: tuple[str | None, float] | None = None
        self._colour = colour_wanted(stream)
        self._last: Reading | None = None

    def write(self, event: Event) -> None:
        """Write `event` and flush, or leave it out if it says nothing new."""
        match event:
            case Start():
                self._print(f"listening to {event.input}, {target_words(self._listener)}")
            case Reading():
                moved = self._runner_moved()
                if self._last is None or moved or is_news(self._last, event, self._listener):
                    self._print(self._reading_line(event))
                    self._last = event
            case Song():
                words = song_words(event, self._verdict(event))
                self._print(f"{clock(event.end):>7}  song {event.song}  {'ended':<15}  {words}")
            case End():
                self._print(f"{clock(event.t):>7}  end")

    def _print(self, line: str) -> None:
        print(line.rstrip(), file=self._stream, flush=True)

    def _verdict(self, event: Reading | Song) -> str:
        listener, near = self._listener, ""
        if isinstance(event, Song):
            near = near_words(event.paces, event.beat, event.sections, listener)
        match = listener.match(event.paces)
        return verdict_words(match, event.paces, listener.target, beat=event.beat, near=near, colour=self._colour)

    def _runner_moved(self) -> bool:
        """Return whether the target has followed the sensor, or the sensor has come or gone, since this last was so."""
        if self._sensor is None:
            return False
        before, now = self._runner, (self._sensor.condition, self._listener.target or math.inf)
        moved = before is None or before[0] != now[0] or abs(now[1] / before[1] - 1.0) > NEWS_CHANGE
        if moved:
            self._runner = now
        return moved

    def _reading_line(self, reading: Reading) -> str:
        before = self._last
        parts = [f"{clock(reading.t):>7}  song {reading.song}", f"{state_word(reading):<15}"]
        if reading.track and (before is None or before.track != reading.track):
            parts.append(reading.caption or "")
        if reading.paces:
            parts.append(paces_words(reading.paces))
            parts.append(self._verdict(reading))
        if self._sensor is not None:
            parts += [cadence_words(self._sensor), target_words(self._listener)]
        if self._rejected and reading.rejected:
            parts.append(f"rejected {paces_words(reading.rejected)}")
        if reading.health.status != "lost_audio":
            parts.append(status_words(reading.health))
        lost_s = reading.health.dropped_s - (before.health.dropped_s if before else 0.0)
        if lost_s > 0.0:
            parts.append(f"lost {lost_s:.1f} s of audio")
        return "  ".join(filter(None, parts))


def is_news(before: Reading, now: Reading, listener: Listener) -> bool:
    """Return whether `now` says something that a runner wants to know and that `before` did not say.

    Examples
    --------
    >>> health = Health(level_dbfs=-20.0, dropped_s=0.0, load=0.1)
    >>> before = Reading(1.0, 1, "listening", (), health)
    >>> is_news(before, Reading(2.0, 1, "listening", (), health), Listener())
    False
    >>> is_news(before, Reading(2.0, 1, "no_pulse", (), health), Listener())
    True
    """
    if (before.song, before.state, len(before.paces)) != (now.song, now.state, len(now.paces)):
        return True
    if (before.track, before.recalled) != (now.track, now.recalled):
        return True
    if _advice(before, listener) != _advice(now, listener):
        return True
    if _lasting(before.health) != _lasting(now.health):
        return True
    if now.health.dropped_s - before.health.dropped_s >= LOST_S:
        return True
    pairs = zip(by_rate(before.paces), by_rate(now.paces), strict=True)
    return any(abs(new.spm / old.spm - 1.0) > NEWS_CHANGE for old, new in pairs)


def _advice(reading: Reading, listener: Listener) -> tuple[str, str] | None:
    """Return how well a reading fits and how to step; None if it does not fit."""
    match = listener.match(reading.paces)
    return (match.grade, stepping(match.spm, reading.beat)) if match else None


def _lasting(health: Health) -> str | None:
    """Return the problem of the capture, without its progress; a loss is over with its reading, and counted apart."""
    if health.status == "waiting":
        return "waiting"
    return None if health.status == "lost_audio" else health.message
