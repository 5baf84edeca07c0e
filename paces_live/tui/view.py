"""Everything that the screen shows, as one immutable value.

Nothing here knows Textual, threads or time, so a test can make every state of the screen and look at it.
"""

from dataclasses import dataclass, field, replace

from paces_live.analysis.felt_beat import leading
from paces_live.events import Event, Match, Pace, Reading, Song, Start
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, match, nearest
from paces_live.render.theme import DARK, Theme
from paces_live.tui.tap import Taps

TREND_S, TREND = 15.0, 0.02
"""Time within which a tempo changes by so much that the screen says so, seconds; and by how much, relatively."""
STEP = 0.04
"""Largest relative difference of successive tempi of one pace."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """What the events have said so far.

    Attributes
    ----------
    input : str
        Name of the input.
    reading : Reading or None
        The newest reading.
    songs : tuple of Song
        All songs that have ended, of all inputs.
    song_start : float
        Audio time at which the current song began, seconds.
    earlier : int
        Songs of the inputs before this one: every session counts from 1.
    error : str or None
        Why the input cannot be heard.
    recent : tuple of Reading
        The readings of the current song in the last seconds, oldest first.
    """

    input: str = ""
    reading: Reading | None = None
    songs: tuple[Song, ...] = ()
    song_start: float = 0.0
    earlier: int = 0
    error: str | None = None
    recent: tuple[Reading, ...] = ()

    def after(self, event: Event) -> "StreamState":
        """Return the state after `event`."""
        match event:
            case Start():
                return StreamState(event.input, songs=self.songs, earlier=len(self.songs))
            case Reading():
                # Silence belongs to no song: the next one begins when it ends. Songs of a few seconds are not reported.
                between = event.state == "silence" or self._passed_over(event)
                recent = tuple(one for one in self.recent if one.song == event.song and one.t >= event.t - TREND_S)
                start = event.t if between else self.song_start
                return replace(self, reading=event, song_start=start, recent=(*recent, event))
            case Song():
                counted = replace(event, song=self.earlier + event.song)
                return replace(self, reading=self._beyond(event), songs=(*self.songs, counted), song_start=event.end)
            case _:
                return self

    def _beyond(self, ended: Song) -> Reading | None:
        """Return the newest reading, without what it says of the song that has `ended`; the next is a second away."""
        if self.reading is None or self.reading.song != ended.song:
            return self.reading
        blank = replace(self.reading, paces=(), rejected=(), track=None, recalled=False, beat=None, periodicity=())
        return replace(blank, song=ended.song + 1, state="listening")

    def _passed_over(self, now: Reading) -> bool:
        """Return whether another track plays than before, with the same song number."""
        before = self.reading
        return before is not None and before.song == now.song and before.track not in (None, now.track)


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the screen shows.

    Attributes
    ----------
    stream : StreamState
        What the events have said.
    target, tolerance : float or None, float
        The listener's, as they are now.
    cadence : str
        The cadence of the runner, or why it is not known; empty without a sensor.
    taps : Taps
        How the user has just tapped the target.
    paused, ending : bool
        Whether listening is paused, and whether the program is about to end.
    periodicity : bool
        Whether the periodicity is shown.
    elsewhere : bool
        Whether the session is on a server, so that some keys do nothing.
    help : int
        The page of the help that is shown, from 1; 0 without the help.
    theme : Theme
        The colours.
    """

    stream: StreamState = field(default_factory=StreamState)
    target: float | None = DEFAULT_TARGET
    tolerance: float = DEFAULT_TOLERANCE
    cadence: str = ""
    taps: Taps = field(default_factory=Taps)
    paused: bool = False
    ending: bool = False
    periodicity: bool = False
    elsewhere: bool = False
    help: int = 0
    theme: Theme = DARK

    @property
    def reading(self) -> Reading | None:
        """The newest reading."""
        return self.stream.reading

    @property
    def paces(self) -> tuple[Pace, ...]:
        """The compatible paces now."""
        return self.reading.paces if self.reading else ()

    @property
    def beat(self) -> float | None:
        """The felt beat of the song; None while it is not decided."""
        return self.reading.beat if self.reading else None

    @property
    def match(self) -> Match | None:
        """The match with the target as it is now."""
        return match(self.paces, self.target, self.tolerance)

    @property
    def shown(self) -> float | None:
        """The pace in large figures: the one nearest to the target, or the felt beat without a target."""
        found = nearest(self.paces, self.target)
        return found.spm if found else leading(self.paces, self.beat)

    @property
    def trend(self) -> str:
        """Whether the tempo of the pace in large figures rises or falls; empty if it is steady."""
        now = before = self.shown
        if now is None or before is None:
            return ""
        for reading in self.stream.recent[::-1]:
            step = nearest(reading.paces, before)
            if reading.recalled or step is None or abs(step.error) > STEP:
                break
            before = step.spm
        if abs(now / before - 1.0) <= TREND:
            return ""
        return "rising" if now > before else "falling"

    @property
    def song(self) -> int:
        """Number of the current song, over all inputs."""
        return self.stream.earlier + (self.reading.song if self.reading else 1)

    @property
    def song_time(self) -> float:
        """Audio time since the current song began, seconds."""
        return max(0.0, self.reading.t - self.stream.song_start) if self.reading else 0.0

    @property
    def caption(self) -> str | None:
        """Artist and title of the track; None if they are not known."""
        return self.reading.caption if self.reading else None

    @property
    def recalled(self) -> bool:
        """Whether the paces come from the history or the library instead of the sound."""
        return bool(self.paces) and self.reading is not None and self.reading.recalled
