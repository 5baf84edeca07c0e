"""Whether another caption is another song: players send a track in pieces, and stations show their slogan in between.

The rules, in the order in which they apply:

1. A caption without a letter or a digit, such as ``-``, says nothing: the song goes on.
2. Captions are of the same song if they differ only in a counter (see `song_key`), in a number that runs as the clock
   does, in case, in how an accent or a dash is written, or if one lacks the artist. The song keeps its first caption,
   but an artist that comes later is added.
3. A caption only names a song that has no name yet: without a song before it, in silence, within `SETTLE_S` of the
   first name, or if the sound began the song and the caption of the last one was shown in it for less than
   `LATE_TRACK_S`.
4. A caption is doubtful if it is a known slogan, or if it names no artist after one that does. It must be shown for
   `SLOGAN_S` to be believed, any other one for `SETTLE_S`. If the song's own caption comes back before that, nothing
   has happened, and a doubtful caption is a known slogan from then on.
5. A believed caption ends the song at the moment when it was first announced.
6. It only names the song if the caption before it was the doubtful one and was shown for less than `SLOGAN_S`.
7. It ends nothing if it is one of the last `TURNS` captions, and of those since then all but one were shown for less
   than `SLOGAN_S`: these alternate. Slogans are those that have alternated before, or else those that were shown for a
   shorter time. The other one names the song.

Rules 4, 6 and 7 are not for a track of known length: it has an end, so it is no slogan. A slogan that looks like a song
cannot be known before it has alternated once; until then it ends one song.
"""

import re
import unicodedata
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile, takewhile

from paces_live.events import Track

SETTLE_S = 3.0
"""Time for which a new caption must be shown to be believed, seconds: players send a track in pieces within it."""
SLOGAN_S = 30.0
"""Time for which a doubtful caption must be shown to be believed, seconds: stations show slogans for less."""
LATE_TRACK_S = 12.0
"""Time after a song change in which another track may still be the name of the new song, seconds."""
TURNS = 5
"""Most captions before the song's that may come back: stations show several slogans in turn."""
REMEMBERED = 100
"""Most slogans that are remembered."""

_CLOCK = r"-?\d{1,2}(?::\d\d){1,2}"
_AMOUNT = rf"(?:{_CLOCK}|\d+(?:[.,]\d+)?\s?%|(?:\d+\s?m(?:in)?\s)?\d+\s(?:s|sec))"
_COUNTER = rf"{_AMOUNT}(?:\s?(?:/|of)\s?{_AMOUNT})?"
_BRACKETED = rf"[\[(](?:{_COUNTER}|\d+\s?(?:s|sec|seconds))[\])]"
_MARK = r"[-–—|·/,:]"
# A string, which `re` compiles when the first title comes: that takes 2 ms.
_COUNTERS = (
    rf"^(?:{_BRACKETED}|{_CLOCK}(?:\s?/\s?{_CLOCK})?)\s*(?:{_MARK}\s+)?"
    rf"|(?:\s*{_MARK})?\s*(?:{_BRACKETED}|(?<=\s){_COUNTER})$"
)
_NUMBER = re.compile(r"\d+")
_ARTIST = re.compile(r"\s[-–—]\s")


class TrackFollower:
    """Follows which track plays, from the tracks that a player or a station announces.

    It has no clock: the same tracks at the same times give the same answers.

    Attributes
    ----------
    track : Track or None
        What plays, with the caption that the song keeps; None if nobody has said it.

    Examples
    --------
    A station announces a song, its slogan 60 s later, and the next song 10 s after that:

    >>> follower = TrackFollower()
    >>> for t, title in ((0.0, "Ann - One"), (60.0, "Radio X"), (70.0, "Bob - Two"), (73.0, "Bob - Two")):
    ...     ended = follower.take(Track(title=title), t, song_s=t)
    ...     print(ended, follower.track.caption)
    None Ann - One
    None Ann - One
    None Ann - One
    70.0 Bob - Two
    """

    def __init__(self) -> None:
        self._song: _Shown | None = None
        self._before = deque[_Shown](maxlen=TURNS)
        self._other: _Shown | None = None
        self._ended = 0.0
        self._slogans = _Remembered()
        self._alternated = _Remembered()

    @property
    def track(self) -> Track | None:
        """See the class."""
        return self._song.track if self._song else None

    def song_ended(self, t: float) -> None:
        """Take note that a song ended at `t` seconds, for whatever reason."""
        self._ended = t

    def take(self, announced: Track | None, t: float, song_s: float | None) -> float | None:
        """Return when the song ended, seconds, if it is clear now that another track plays; otherwise None.

        Parameters
        ----------
        announced : Track or None
            The newest track that was announced; None if nobody knows.
        t : float
            The present, seconds; it never goes back.
        song_s : float or None
            Seconds since the song began; None if there is no song that a track could end.
        """
        song, key = self._song, song_key(announced)
        if announced is None or key is None:
            if song_s is None:
                self._song = None
            return None
        if song is not None and song.goes_on(announced, key, t):
            song.see(announced, key, t)
            self._came_back()
            return None
        if self._other is None or not self._other.goes_on(announced, key, t):
            self._other = _Shown(announced, key, since=t, until=t)
        other = self._other
        other.see(announced, key, t)
        if song is None or song_s is None:
            self._name(other, t)
            return None
        settling = t - song.since < SETTLE_S
        unnamed = song.since < self._ended and song.until < max(self._ended, t - song_s) + LATE_TRACK_S
        only_names = settling or unnamed
        wait_s = SLOGAN_S if self._is_doubtful(other, after=song) else 0.0 if only_names else SETTLE_S
        if t - other.since < wait_s:
            return None
        if only_names:
            self._name(other, song.since if settling else t)
            return None
        return self._believe(other, song)

    def _came_back(self) -> None:
        """Forget the other caption: the song's own one is shown again."""
        if self._other is not None and self._other.shown_s >= SETTLE_S:
            self._slogans.add(self._other.key)
        self._other = None

    def _name(self, other: "_Shown", since: float) -> None:
        """Let a caption name the song, as if it were shown since then."""
        other.since = since
        self._song, self._other = other, None
        self._before.clear()

    def _believe(self, other: "_Shown", song: "_Shown") -> float | None:
        """Return when the song ended, or None if the caption that is believed now is not another song."""
        self._other = None
        if other.since - song.since < SLOGAN_S and self._is_doubtful(song, after=other):
            self._slogans.add(song.key)
            self._before.clear()
            self._song = other
            return None
        turns = [*self._before, song]
        while turns and not _same(turns[0].key, other.key):
            del turns[0]
        if turns and _may_alternate(turns):
            title = max(turns, key=self._worth)
            self._alternated.add(title.key)
            for shown in turns:
                if shown is not title:
                    self._slogans.add(shown.key)
            self._before.clear()
            self._song = other if title is turns[0] else title
            return None
        self._before.append(song)
        self._song = other
        return other.since

    def _is_doubtful(self, shown: "_Shown", *, after: "_Shown") -> bool:
        if shown.track.duration or after.track.duration:
            return False
        if shown.key in self._slogans:
            return True
        return after.names_artist and not shown.names_artist

    def _worth(self, shown: "_Shown") -> tuple[bool, int]:
        """Return how much a caption that alternates with another one is like that of a song."""
        return shown.key not in self._alternated, round(shown.shown_s)


class _Remembered(deque[str]):
    """The newest keys of captions, at most `REMEMBERED`: a session may last for months."""

    def __init__(self) -> None:
        super().__init__(maxlen=REMEMBERED)

    def add(self, key: str) -> None:
        if key not in self:
            self.append(key)


@dataclass(slots=True)
class _Shown:
    """A caption that is shown, with the times at which it was first and last announced, seconds."""

    track: Track
    key: str
    since: float
    until: float
    newest: str = ""
    newest_since: float = 0.0

    @property
    def shown_s(self) -> float:
        return self.until - self.since

    @property
    def names_artist(self) -> bool:
        return bool(self.track.artist or _ARTIST.search(self.track.title or ""))

    def goes_on(self, track: Track, key: str, t: float) -> bool:
        """Return whether a caption that is announced is of the same song."""
        if _same(key, self.key) or track.caption == self.newest:
            return True
        return not track.duration and _runs(self.newest, track.caption or "", t - self.newest_since)

    def see(self, track: Track, key: str, t: float) -> None:
        """Take note that it is shown; its caption changes only if the artist was missing."""
        self.until = t
        if track.caption != self.newest:
            self.newest, self.newest_since = track.caption or "", t
        if track.caption == self.track.caption or (_same(key, self.key) and len(key) > len(self.key)):
            self.track, self.key = track, key


def _may_alternate(turns: list[_Shown]) -> bool:
    """Return whether captions that followed each other may be a song and slogans."""
    with_length = any(shown.track.duration for shown in turns)
    return not with_length and sum(shown.shown_s >= SLOGAN_S for shown in turns) <= 1


def _runs(before: str, after: str, seconds: float) -> bool:
    """Return whether captions differ only in a number that has run on or back by about as many seconds as went by.

    It may have run further: nobody knows for how long the first caption was shown before we came.

    Examples
    --------
    >>> _runs("Ann - One, 58 of 184", "Ann - One, 68 of 184", 10.0), _runs("Ann - One 0'58", "Ann - One 1'08", 10.0)
    (True, True)
    >>> _runs("Ann - Suite, Part 1", "Ann - Suite, Part 2", 20.0)
    False
    """
    if _NUMBER.sub("0", before) != _NUMBER.sub("0", after) or seconds >= SLOGAN_S:
        return False
    numbers = zip(map(int, _NUMBER.findall(before)), map(int, _NUMBER.findall(after)), strict=True)
    # The first that differ after each other are minutes and seconds.
    ran = 0
    for was, now in takewhile(_differ, dropwhile(lambda pair: not _differ(pair), numbers)):
        ran = 60 * ran + now - was
    return seconds / 2 <= abs(ran) <= 2 * seconds + SETTLE_S


def _differ(pair: tuple[int, int]) -> bool:
    return pair[0] != pair[1]


@lru_cache(maxsize=64)  # a source announces the same track ten times a second
def song_key(track: Track | None) -> str | None:
    """Return what the captions of one song have in common; None if the track has no caption that says something.

    A counter is a position, a length, a percentage or a number of seconds, at the beginning or the end of the title. It
    is part of the key if nothing else would be left of the title. Other numbers are part of the title.

    Examples
    --------
    >>> song_key(Track(title="[00:31] Ann - One")), song_key(Track(title="Ann - ONE 0:45 / 3:04"))
    ('ann - one', 'ann - one')
    >>> song_key(Track(title="Symphony No. 5")), song_key(Track(title="4:33", artist="John Cage"))
    ('symphony no. 5', 'john cage - 4:33')
    >>> song_key(Track(title="-")) is None
    True
    """
    if track is None or not any(character.isalnum() for character in track.caption or ""):
        return None
    title = track.title or ""
    rest = re.sub(_COUNTERS, "", title)
    if any(character.isalpha() for character in rest) and bool(_ARTIST.search(rest)) == bool(_ARTIST.search(title)):
        title = rest
    caption = f"{track.artist} - {title}" if track.artist else title
    return _ARTIST.sub(" - ", unicodedata.normalize("NFC", caption)).casefold()


def _same(key: str, other: str) -> bool:
    """Return whether two keys are of the same song; the artist may be missing in one of them."""
    return key == other or key.endswith(f" - {other}") or other.endswith(f" - {key}")
