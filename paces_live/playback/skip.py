"""Moves a player on from songs that surely do not fit the target."""

from collections.abc import Callable, Hashable

from paces_live.analysis.song_change import INTRODUCTION_S
from paces_live.collection.items import Item
from paces_live.events import Event, Reading
from paces_live.match import Listener
from paces_live.playback.player import Player

DOUBT_S = 10.0
"""Audio of settled readings in a row that all match, or that all do not, after which a song is sure; seconds."""
PACELESS_S = 60.0
"""Audio without a pace after which a song has none, seconds: even the longest introductions are over by then."""


class Mismatch:
    """Decides from the readings of a song whether it surely does not match.

    It surely does not if the introduction is over and no settled reading has matched for a while, not even as a
    stretch. A song that has matched for that long fits, no matter what follows.

    Examples
    --------
    A song at 120 steps per minute does not match a target of 165. That is sure when its introduction is over:

    >>> from paces_live.events import Health, Pace
    >>> paces, health = (Pace(120.0, 0.9),), Health(level_dbfs=-20.0, dropped_s=0.0, load=0.1)
    >>> readings = [Reading(t, 1, "settled", paces, health) for t in (0.0, 30.0, 60.0)]
    >>> mismatch = Mismatch()
    >>> [mismatch.is_sure(reading, 1, Listener(165.0)) for reading in readings]
    [False, False, True]
    """

    def __init__(self) -> None:
        self._song: Hashable = None
        self._target: float | None = None
        self._begun = self._paced = 0.0
        self._matched = self._unmatched = 0.0
        self._fits = False

    def is_sure(self, reading: Reading, song: Hashable, listener: Listener) -> bool:
        """Take the next reading, one of `song`; return whether `song` surely does not match."""
        now, target = reading.t, listener.target
        matches = listener.match(reading.paces) is not None
        if song != self._song:
            self._begun = self._paced = now
        if song != self._song or target != self._target:
            self._song, self._target, self._fits = song, target, False
            self._matched = self._unmatched = now
        if reading.paces:
            self._paced = now
        if matches or reading.state != "settled":
            self._matched = now
        if not matches or reading.state != "settled":
            self._unmatched = now
        self._fits = self._fits or now - self._unmatched >= DOUBT_S
        if target is None or self._fits:
            return False
        if now - self._paced >= PACELESS_S:
            return True
        return now - self._begun >= INTRODUCTION_S and now - self._matched >= DOUBT_S


class Skipper:
    """Takes the events of what a player plays, and asks it for the next song if one surely does not match.

    Parameters
    ----------
    player : Player
    listener : Listener
    is_known_to_match : callable
        Returns whether a song is known to match as a whole. What is heard of it never skips such a song: a person may
        have corrected it.
    """

    def __init__(self, player: Player, listener: Listener, is_known_to_match: Callable[[Item], bool]) -> None:
        self._player = player
        self._listener = listener
        self._is_known_to_match = is_known_to_match
        self._mismatch = Mismatch()
        self._skipped: int | None = None

    def take(self, event: Event) -> Event:
        """Return `event` as it is; skip the song that it belongs to if that is called for."""
        playing = self._player.playing
        if not isinstance(event, Reading) or playing is None or playing.number == self._skipped:
            return event
        is_sure = self._mismatch.is_sure(event, playing.number, self._listener)
        if is_sure and not self._is_known_to_match(playing.item):
            self._skipped = playing.number
            self._player.pass_over()
        return event
