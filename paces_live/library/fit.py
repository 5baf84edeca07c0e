"""Which songs fit a target best."""

from collections.abc import Sequence

from paces_live.events import SongPace
from paces_live.match import Listener, steps_per_beat

GRADES = ("lock", "match", "stretch")
"""Grades, best first."""


def misfit(paces: Sequence[SongPace], listener: Listener, beat: float | None = None) -> tuple[float, ...]:
    """Return a sorting key: the song that fits the target best first, songs without a pace last.

    Locks come before matches, and these before stretches. Of the same grade, songs with a step on every beat come
    first: 16 runners were steadier so than with a beat every second step (Brain Sciences 2020, 10, 273). Then the
    nearest to the target comes first, then the more probable. Without a target, the most probable pace counts.

    Parameters
    ----------
    paces : sequence of SongPace
    listener : Listener
    beat : float, optional
        The felt beat of the song.

    Examples
    --------
    >>> near, far = SongPace(166.0, 0.9, 1.0), SongPace(200.0, 1.0, 1.0)
    >>> sorted([(far,), (), (near, far)], key=lambda paces: misfit(paces, Listener(165.0))) == [(near, far), (far,), ()]
    True
    """
    match, target = listener.match(paces), listener.target
    grade = GRADES.index(match.grade) if match else len(GRADES)
    steadier = match is not None and beat is not None and steps_per_beat(match.spm, beat) == 1.0
    keys = [(abs(pace.spm / target - 1.0) if target else 0.0, -pace.probability) for pace in paces]
    return grade, not steadier, *min(keys, default=(float("inf"), 0.0))
