"""The felt beat of a song: decided once its paces are known, then kept, so that advice on how to step does not flip."""

import math
from collections.abc import Iterable, Sequence

from paces_live.analysis.tracking import SAME_PACE, related
from paces_live.events import Pace, SongPace

PREFERRED_TACTUS = 130.0
"""Beat rate that listeners prefer, beats per minute; Moelants (2002) found 120 to 130. In annotated songs, the pace
that came to mind first is nearer to it than its half or double more often than with 100 or 120: `calibrate` counts."""
DECIDED_S = 8.0
"""Length of a song before its beat is decided, seconds: eight beats of 60 a minute. Before, a fast pace is often known
whose half, the beat, is not."""
NEARER = 0.3
"""Octaves by which another pace must be nearer to the preferred rate than the beat, to be the beat instead."""


def felt_beat(paces: Iterable[Pace | SongPace]) -> float | None:
    """Return the pace that people most likely tap to, beats per minute; None if there is no pace.

    It is the pace nearest to 130, by ratio.

    Examples
    --------
    >>> felt_beat([Pace(86.0, 0.9), Pace(172.0, 0.95)])
    172.0
    """
    return min((pace.spm for pace in paces), key=_octaves, default=None)


def leading(paces: Sequence[Pace | SongPace], beat: float | None) -> float | None:
    """Return the pace that comes first and is shown large without a target; None if there is no pace.

    It is the felt beat if that is one of the paces, so that it does not flip, or else the pace that would be.

    Examples
    --------
    >>> leading([Pace(82.5, 0.9), Pace(165.0, 0.95)], 82.4), leading([Pace(82.5, 0.9), Pace(165.0, 0.95)], None)
    (82.5, 165.0)
    """
    same = (pace.spm for pace in paces if beat is not None and abs(pace.spm / beat - 1.0) <= SAME_PACE)
    return next(same, felt_beat(paces))


class FeltBeat:
    """Follows the felt beat of one song from reading to reading.

    Examples
    --------
    The half of a pace needs more time than the pace. Until then the beat is open:

    >>> beat = FeltBeat()
    >>> beat.update([Pace(200.0, 0.95)], song_s=4.0)
    >>> beat.update([Pace(200.0, 0.95), Pace(100.0, 0.9)], song_s=8.0)
    100.0

    It stays the beat while only its double is shown:

    >>> beat.update([Pace(200.0, 0.95)], song_s=30.0)
    100.0
    """

    def __init__(self) -> None:
        self._beat: float | None = None

    def update(self, paces: Sequence[Pace], song_s: float) -> float | None:
        """Take the paces of a reading; return the beat, None if it is not decided.

        Parameters
        ----------
        paces : sequence of Pace
            The compatible paces now.
        song_s : float
            Audio since the beginning of the song, seconds.
        """
        if song_s >= DECIDED_S and paces:
            self._beat = self.among(paces)
        return self._beat

    def among(self, paces: Sequence[Pace | SongPace]) -> float | None:
        """Return the beat of `paces`: the decided one, unless they contradict it or one is a lot nearer to 130."""
        likely, decided = felt_beat(paces), self._beat
        if likely is None or decided is None or _octaves(likely) + NEARER < _octaves(decided):
            return likely
        if same := [pace.spm for pace in paces if abs(pace.spm / decided - 1.0) <= SAME_PACE]:
            return same[0]
        return decided if all(related(pace.spm, decided) for pace in paces) else likely


def _octaves(spm: float) -> float:
    """Return the distance from the preferred rate, octaves."""
    return abs(math.log2(spm / PREFERRED_TACTUS))
