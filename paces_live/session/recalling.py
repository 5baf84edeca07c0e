"""Shows the paces of a track that is known already, until its sound has been judged."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Generic, TypeVar

from paces_live.analysis.felt_beat import felt_beat
from paces_live.events import Pace, Reading

__all__ = ["KNOWN_S", "Recaller"]

Key = TypeVar("Key", bound=Hashable)

QUIET_S = 10.0
"""Longest silence with which a track begins, seconds; a longer one is a pause."""
KNOWN_S = 25.0
"""After how much of a song the sound alone decides, seconds: a full window was judged."""


class Recaller(Generic[Key]):
    """Puts known paces into the readings of a track, from before its first sound.

    Parameters
    ----------
    key : callable
        Returns what a track is known by, or one hearing of it; None if it is not known by anything.
    recall : callable
        Returns the paces that are known by a key, most probable first; empty if there are none.

    Examples
    --------
    >>> from paces_live.events import Health, Track
    >>> recaller = Recaller(lambda reading: reading.caption, lambda caption: (Pace(165.0, 0.9),))
    >>> health = Health(level_dbfs=-20.0, dropped_s=0.0, load=0.1)
    >>> reading = Reading(1.0, 1, "listening", (), health, track=Track(title="So What"))
    >>> recaller.take(reading).paces
    (Pace(spm=165.0, probability=0.9),)
    """

    def __init__(self, key: Callable[[Reading], Key | None], recall: Callable[[Key], tuple[Pace, ...]]) -> None:
        self._key = key
        self._recall = recall
        self.begin()

    def begin(self) -> None:
        """Begin with another stream."""
        self._track: Key | None = None
        self._known: tuple[Pace, ...] = ()
        self._since = self._begun = 0.0

    def take(self, reading: Reading) -> Reading:
        """Return a reading with the known paces if the sound has not been judged, or else as it is."""
        key = self._key(reading)
        if key != self._track:
            self._track, self._since, self._begun = key, reading.t, reading.t
            self._known = () if key is None else self._recall(key)
        if reading.state == "silence":
            self._since = reading.t
        if reading.paces or reading.t - self._since >= KNOWN_S:
            # From here on the sound itself decides, even if it has no pace.
            self._known = ()
        is_quiet = reading.state == "silence" and reading.t - self._begun < QUIET_S
        if self._known and (reading.state in ("listening", "no_pulse") or is_quiet):
            beat = reading.beat or felt_beat(self._known)
            return replace(reading, state="provisional", paces=self._known, recalled=True, beat=beat)
        return reading
