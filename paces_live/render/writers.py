"""Events as lines: NDJSON for programs, plain text for pipes, logs and terminals without a user interface.

The wording here serves the terminal UI and the tables too, so that one thing has one name everywhere.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Protocol, TextIO, TypeVar

from paces_live.events import End, Event, Health, Match, Pace, Reading, Song, SongPace, Start, State, to_json
from paces_live.match import stepping

SAME_PACE = 0.01
"""Relative change of a pace that is not worth a new line."""
LOST_S = 1.0
"""Audio lost since the last line that is worth a new one, seconds."""

P = TypeVar("P", Pace, SongPace)

BLUE, ORANGE = "38;5;39", "38;5;208"
"""Terminal colours of yes and no that colour-blind people tell apart."""


class Writer(Protocol):
    """Takes the events of a run, one after the other."""

    def write(self, event: Event) -> None:
        """Write `event` and flush, or leave it out where it says nothing new."""


class JsonWriter:
    """Every event as one line of JSON; `rejected` adds the candidates that were judged incompatible."""

    def __init__(self, stream: TextIO, *, rejected: bool = False) -> None:
        self._stream = stream
        self._rejected = rejected

    def write(self, event: Event) -> None:
        """Write `event` and flush."""
        print(to_json(event, rejected=self._rejected), file=self._stream, flush=True)


class PlainWriter:
    """One line for each change that matters to a runner, and one for each song at its end."""

    def __init__(self, stream: TextIO, *, rejected: bool = False) -> None:
        self._stream = stream
        self._rejected = rejected
        self._colour = colour_wanted(stream)
        self._target: float | None = None
        self._said: Reading | None = None

    def write(self, event: Event) -> None:
        """Write `event` and flush, or leave it out where it says nothing new."""
        match event:
            case Start():
                self._target = event.target
                self._print(f"listening to {event.input}, {target_words(event.target, event.tolerance)}")
            case Reading():
                if self._said is None or news(self._said, event):
                    self._print(self._reading_line(event, lost=self._lost_since(event)))
                    self._said = event
            case Song():
                words = verdict(event.match, event.paces, self._target, colour=self._colour)
                self._print(f"{clock(event.end):>7}  song {event.song}  {'ended':<15}  {song_line(event, words)}")
            case End():
                self._print(f"{clock(event.t):>7}  end")

    def _print(self, line: str) -> None:
        print(line.rstrip(), file=self._stream, flush=True)

    def _lost_since(self, reading: Reading) -> float:
        return reading.health.dropped_s - (self._said.health.dropped_s if self._said else 0.0)

    def _reading_line(self, reading: Reading, *, lost: float) -> str:
        parts = [f"{clock(reading.t):>7}  song {reading.song}", f"{state_word(reading):<15}"]
        if reading.title and (self._said is None or self._said.title != reading.title):
            parts.append(reading.title)
        if reading.paces:
            parts.append(paces_words(reading.paces))
            parts.append(verdict(reading.match, reading.paces, self._target, colour=self._colour))
        if self._rejected and reading.rejected:
            parts.append(f"rejected {paces_words(reading.rejected)}")
        if note := level_note(reading.health):
            parts.append(f"{note} ({reading.health.level_dbfs:.0f} dBFS)")
        parts.append(reading.health.note or "")
        if lost > 0.0:
            parts.append(f"lost {lost:.1f} s of audio")
        return "  ".join(filter(None, parts))


STATE_WORDS: dict[State, str] = {
    "listening": "listening",
    "silence": "silence",
    "no_pulse": "no steady pulse",
    "provisional": "still settling",
    "settled": "settled",
}


def state_word(reading: Reading) -> str:
    """Return the state of a reading in a runner's words."""
    return "remembered" if reading.remembered else STATE_WORDS[reading.state]


def news(before: Reading, now: Reading) -> bool:
    """Tell whether `now` says something that a runner wants to know and that `before` did not say."""
    if (before.song, before.state, len(before.paces)) != (now.song, now.state, len(now.paces)):
        return True
    if (before.title, before.remembered) != (now.title, now.remembered):
        return True
    if (before.match and before.match.grade) != (now.match and now.match.grade):
        return True
    if (before.health.note, before.health.level) != (now.health.note, now.health.level):
        return True
    if now.health.dropped_s - before.health.dropped_s >= LOST_S:
        return True
    pairs = zip(by_rate(before.paces), by_rate(now.paces), strict=True)
    return any(abs(new.spm / old.spm - 1.0) > SAME_PACE for old, new in pairs)


def by_rate(paces: Iterable[P]) -> list[P]:
    """Return `paces` slowest first: an order that does not jump as probabilities change."""
    return sorted(paces, key=lambda pace: pace.spm)


def paces_words(paces: Iterable[Pace | SongPace]) -> str:
    """Return paces with their probabilities, slowest first, as ``82.7 (94 %), 165.3 (97 %)``."""
    ordered = sorted(paces, key=lambda pace: pace.spm)
    return ", ".join(f"{pace.spm:.1f} ({100 * pace.probability:.0f} %)" for pace in ordered)


def verdict(
    match: Match | None, paces: Sequence[Pace | SongPace], target: float | None, *, colour: bool = False
) -> str:
    """Return whether the music fits `target`, how well, and how to step; empty without a target or paces."""
    if target is None or not paces:
        return ""
    if match is None:
        return painted("NO MATCH", ORANGE, colour)
    word = painted("STRETCH", ORANGE, colour) if match.grade == "stretch" else painted("MATCH", BLUE, colour)
    return f"{word} {match.spm:.1f} ({match.grade}, {percent(match.error)}), {stepping(match.spm, paces)}"


def song_line(song: Song, words: str) -> str:
    """Return the length, title, paces and `verdict` words of a heard song as one line."""
    paces = paces_words(song.paces) if song.paces else "no pace found"
    return "  ".join(filter(None, [f"{clock(song.end - song.start)} long", song.title, paces, words]))


def target_words(target: float | None, tolerance: float) -> str:
    """Return the target as ``target 165 spm ± 5 %``."""
    return "no target" if target is None else f"target {target:g} spm ± {100 * tolerance:g} %"


def level_note(health: Health) -> str:
    """Return what has been wrong with the level of the capture for some seconds, or nothing."""
    return "" if health.level == "fine" else health.level


def clock(seconds: float) -> str:
    """Return a duration as ``3:35`` or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(ratio: float) -> str:
    """Return a relative error as ``+0.2 %``."""
    return f"{signed(100.0 * ratio)} %"


def signed(value: float) -> str:
    """Return `value` with its sign and one digit; what rounds to zero has no minus."""
    return f"{round(value, 1) + 0.0:+.1f}"


def colour_wanted(stream: TextIO) -> bool:
    """Tell whether `stream` is a terminal whose user does not refuse colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str, wanted: bool) -> str:
    """Return `text` bold and in `colour` where that is wanted."""
    return f"\x1b[1;{colour}m{text}\x1b[0m" if wanted else text
