"""All that the screen shows, as one immutable value.

Nothing here knows Textual, threads or time, so every state of the screen can be made and looked at in a test.
"""

from dataclasses import dataclass, field, replace

from paces_live.events import Event, Match, Pace, Reading, Song, Start
from paces_live.match import MATCH, best_match
from paces_live.render.theme import DARK, Theme


@dataclass(frozen=True, slots=True)
class Heard:
    """What the engine has told so far.

    Attributes
    ----------
    input : str
        What is listened to.
    reading : Reading or None
        The newest one.
    songs : tuple of Song
        All that have ended, of all inputs.
    song_start : float
        Audio time at which the current song began, seconds.
    earlier : int
        Songs of the inputs before this one: the engine counts anew with each.
    trouble : str or None
        Why the input cannot be listened to.
    """

    input: str = ""
    reading: Reading | None = None
    songs: tuple[Song, ...] = ()
    song_start: float = 0.0
    earlier: int = 0
    trouble: str | None = None

    def after(self, event: Event) -> "Heard":
        """Return what is known after `event`."""
        match event:
            case Start():
                return Heard(event.input, songs=self.songs, earlier=len(self.songs))
            case Reading():
                # Silence belongs to no song: the next one begins when it ends. One of a few seconds is not told.
                between = event.state == "silence" or self._passed_over(event)
                return replace(self, reading=event, song_start=event.t if between else self.song_start)
            case Song():
                counted = replace(event, song=self.earlier + event.song)
                return replace(self, songs=(*self.songs, counted), song_start=event.end)
            case _:
                return self

    def _passed_over(self, now: Reading) -> bool:
        """Tell whether another title plays than before, under the number of the song before."""
        before = self.reading
        return before is not None and before.song == now.song and before.title not in (None, now.title)


@dataclass(frozen=True, slots=True)
class View:
    """All that the screen shows.

    Attributes
    ----------
    heard : Heard
        What the engine has told.
    target, tolerance : float or None, float
        As they are now, which the user may have changed since the reading.
    taps : int
        How often the user has tapped the target just now.
    paused, ending : bool
        Whether nothing is listened to, and whether the program is about to end.
    strip, help : bool
        Whether the tempogram is shown, and whether the help is.
    theme : Theme
        The colours.
    """

    heard: Heard = field(default_factory=Heard)
    target: float | None = 165.0
    tolerance: float = MATCH
    taps: int = 0
    paused: bool = False
    ending: bool = False
    strip: bool = False
    help: bool = False
    theme: Theme = DARK

    @property
    def reading(self) -> Reading | None:
        """The newest reading."""
        return self.heard.reading

    @property
    def paces(self) -> tuple[Pace, ...]:
        """The compatible paces heard now."""
        return self.reading.paces if self.reading else ()

    @property
    def match(self) -> Match | None:
        """The match with the target as it is now."""
        return best_match(self.paces, self.target, self.tolerance)

    @property
    def shown(self) -> float | None:
        """The pace in large figures: the one nearest to the target, without a target the most probable."""
        if self.target is None or not self.paces:
            return self.paces[0].spm if self.paces else None
        target = self.target
        return min((pace.spm for pace in self.paces), key=lambda spm: abs(spm / target - 1.0))

    @property
    def song(self) -> int:
        """Number of the current song, over all inputs."""
        return self.heard.earlier + (self.reading.song if self.reading else 1)

    @property
    def song_time(self) -> float:
        """Audio time since the current song began, seconds."""
        return max(0.0, self.reading.t - self.heard.song_start) if self.reading else 0.0

    @property
    def title(self) -> str | None:
        """Title of what plays, where it is known."""
        return self.reading.title if self.reading else None

    @property
    def remembered(self) -> bool:
        """Whether the paces come from the history, not from the sound."""
        return bool(self.paces) and self.reading is not None and self.reading.remembered
