"""Shows the paces of a track that is known already, until its sound has been judged."""

from collections.abc import Callable
from dataclasses import replace

from paces_live.analysis.felt_beat import felt_beat
from paces_live.events import Pace, Reading

__all__ = ["KNOWN_S", "Recaller"]

KNOWN_S = 25.0
"""After how much of a song the sound alone decides, seconds: a full window was judged."""


class Recaller:
    """Puts known paces into the readings of a track, from before its first sound.

    Parameters
    ----------
    key : callable
        Returns what a track is known by; None if it is not known by anything.
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

    def __init__(self, key: Callable[[Reading], str | None], recall: Callable[[str], tuple[Pace, ...]]) -> None:
        self._key = key
        self._recall = recall
        self.begin()

    def begin(self) -> None:
        """Begin with another stream."""
        self._track: str | None = None
        self._known: tuple[Pace, ...] = ()
        self._since = 0.0
        self._has_sounded = False

    def take(self, reading: Reading) -> Reading:
        """Return a reading with the known paces if the sound has not been judged, or else as it is."""
        key = self._key(reading)
        if key != self._track:
            self._track, self._since, self._has_sounded = key, reading.t, False
            self._known = () if key is None else self._recall(key)
        if reading.state == "silence":
            self._since = reading.t
        else:
            self._has_sounded = True
        if reading.paces or reading.t - self._since >= KNOWN_S:
            # From here on the sound itself decides, even if it has no pace.
            self._known = ()
        if self._known and (reading.state in ("listening", "no_pulse") or not self._has_sounded):
            beat = reading.beat or felt_beat(self._known)
            return replace(reading, state="provisional", paces=self._known, recalled=True, beat=beat)
        return reading
