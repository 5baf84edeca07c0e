"""The events of a session, and the values in them; all are immutable.

A listener who shows events adds a match with its own target, see `paces_live.match.match`. The JSON form of events is
in `paces_live.render.json_lines`, their JSON Schema in `paces_live.schema`.
"""

from dataclasses import dataclass
from typing import Literal

from paces_live.text import one_line

__all__ = [
    "SCHEMA",
    "Condition",
    "End",
    "Event",
    "Failure",
    "Grade",
    "Health",
    "Match",
    "Nearest",
    "Pace",
    "Reading",
    "Section",
    "Song",
    "SongPace",
    "Start",
    "State",
    "Status",
    "Track",
    "Verdict",
]

SCHEMA = 2
"""Version of the events. It grows when a field changes its meaning or disappears."""

State = Literal["listening", "silence", "no_pulse", "provisional", "settled"]
Grade = Literal["lock", "match", "stretch"]
Verdict = Literal["match", "stretch", "no_match"]
"""Whether a song fits a target: `match` within the tolerance, so a lock or a match; `stretch`; or neither."""
Status = Literal[
    "ok",
    "reconnecting",
    "waiting",
    "paused",
    "lost_audio",
    "silent",
    "too_quiet",
    "clipping",
    "unplayable",
    "no_track",
    "history_unavailable",
]
"""The most important problem of a capture; ``ok`` if there is none. After ``ok``, the order is that of precedence."""
STANDSTILL: frozenset[Status] = frozenset({"reconnecting", "waiting", "paused"})
"""Conditions in which a source gives no sound: they explain lost audio and silence."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A judged step rate: steps per minute, and the probability that it is compatible."""

    spm: float
    probability: float


@dataclass(frozen=True, slots=True)
class SongPace:
    """A compatible pace of a whole song; `share` is the part of the song's readings that showed it, 0 to 1.

    If the tempo changes by more than 2.5 %, `low` and `high` are its range, and `spm` is its mean.
    """

    spm: float
    probability: float
    share: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a song in which the tempo is steady, rises or falls: the felt beat at its start and at its end.

    Times are seconds since the beginning of the song.
    """

    start: float
    end: float
    start_spm: float
    end_spm: float


@dataclass(frozen=True, slots=True)
class Match:
    """The compatible pace nearest to a target; `error` is ``spm / target - 1``."""

    spm: float
    error: float
    grade: Grade


@dataclass(frozen=True, slots=True)
class Nearest:
    """The compatible pace nearest to a target, whether it fits or not; `error` is ``spm / target - 1``."""

    spm: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What a player, a station or the tags of a file say about the music; None for everything that they leave out.

    Attributes
    ----------
    title, artist, album, genre : str or None
        One line of printable characters each, whatever was given: a station or a phone must not move the cursor.
    location : str or None
        Path or address, unchanged, so that it can be opened.
    duration : float or None
        Seconds.

    Examples
    --------
    >>> Track(title="So What", artist="Miles Davis").caption
    'Miles Davis - So What'
    """

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    location: str | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        for name in ("title", "artist", "album", "genre"):
            object.__setattr__(self, name, one_line(getattr(self, name) or "") or None)

    @property
    def caption(self) -> str | None:
        """``Artist - Title``, or the title alone; None without a title. Equal captions mean the same song."""
        return f"{self.artist} - {self.title}" if self.artist and self.title else self.title


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem of a source: a code for programs, and a message for people."""

    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class Health:
    """How the capture is doing.

    Attributes
    ----------
    level_dbfs : float
        Level of the last second, decibels relative to full scale.
    dropped_s : float
        Audio that was lost since the start, seconds.
    load : float
        Share of real time that the session spends on its own computing.
    interval : float
        Seconds between readings; a slow machine takes longer ones.
    status : Status
        The most important problem; ``ok`` if there is none.
    message : str or None
        The same in words; None if the status is ``ok``.
    """

    level_dbfs: float
    dropped_s: float
    load: float
    interval: float = 1.0
    status: Status = "ok"
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The first event of a stream."""

    version: str
    input: str
    model: str
    runtime: str
    stream: str = "main"
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Reading:
    """The paces at one moment, and how the capture is doing.

    Attributes
    ----------
    t : float
        Seconds of audio since the start.
    song : int
        Number of the song, from 1.
    state : State
    paces : tuple of Pace
        The compatible paces, most probable first.
    health : Health
    rejected : tuple of Pace
        Candidates that were judged incompatible, most probable first.
    track : Track or None
        What is playing.
    recalled : bool
        Whether the paces come from the history or the library instead of the sound.
    beat : float or None
        The felt beat of the song, beats per minute: what people most likely tap to. None until it is decided.
    periodicity : tuple of float
        Strength of repetition, 0 to 1, on a logarithmic scale of 40 to 320 a minute; empty unless the session was asked
        for it. It is not part of the JSON form.
    stream : str
        Id of the stream.
    """

    t: float
    song: int
    state: State
    paces: tuple[Pace, ...]
    health: Health
    rejected: tuple[Pace, ...] = ()
    track: Track | None = None
    recalled: bool = False
    beat: float | None = None
    periodicity: tuple[float, ...] = ()
    stream: str = "main"

    @property
    def caption(self) -> str | None:
        """Caption of the track; None if it is not known."""
        return self.track.caption if self.track else None


@dataclass(frozen=True, slots=True)
class Song:
    """A song that has ended.

    Attributes
    ----------
    song : int
        Its number, from 1.
    start, end : float
        When it began and ended, seconds of audio.
    paces : tuple of SongPace
        The compatible paces, most probable first.
    track : Track or None
        What it is.
    beat : float or None
        Its felt beat, beats per minute; None if it has no pace.
    stream : str
        Id of the stream.
    skipped : bool
        Whether the listener moved on before it had a settled reading: nobody knows whether it matches.
    sections : tuple of Section
        How the felt beat goes through the song: one if the tempo is steady, none without a pace.
    """

    song: int
    start: float
    end: float
    paces: tuple[SongPace, ...]
    track: Track | None = None
    beat: float | None = None
    stream: str = "main"
    skipped: bool = False
    sections: tuple[Section, ...] = ()

    @property
    def caption(self) -> str | None:
        """Caption of the track; None if it is not known."""
        return self.track.caption if self.track else None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as an event carries it; see `paces_live.errors`."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The last event of a stream; `error` says why the source failed, None after a clean end."""

    t: float
    error: Failure | None = None
    stream: str = "main"


Event = Start | Reading | Song | End
