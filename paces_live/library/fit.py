"""Which songs fit a target best."""

from collections.abc import Iterable

from paces_live.events import SongPace
from paces_live.match import Listener


def misfit(paces: Iterable[SongPace], listener: Listener) -> tuple[float, float]:
    """Return a sorting key: the song whose pace is nearest to the target first, songs without a pace last.

    Of equally near paces the more probable one comes first. Grades grow with the error, so that locks come before
    matches, and these before stretches. Without a target, the most probable pace counts.

    Examples
    --------
    >>> near, far = SongPace(166.0, 0.9, 1.0), SongPace(200.0, 1.0, 1.0)
    >>> sorted([(far,), (), (near, far)], key=lambda paces: misfit(paces, Listener(165.0))) == [(near, far), (far,), ()]
    True
    """
    target = listener.target
    keys = [(abs(pace.spm / target - 1.0) if target else 0.0, -pace.probability) for pace in paces]
    return min(keys, default=(float("inf"), 0.0))
