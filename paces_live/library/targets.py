"""How many songs of the library fit each target."""

from collections.abc import Iterable
from typing import NamedTuple

from paces_live.library.store import Library
from paces_live.match import DEFAULT_TOLERANCE, LOCK_TOLERANCE

TARGETS = tuple(float(spm) for spm in range(130, 205, 5))
"""Rates at which people run, steps per minute."""
_COUNT = """
    WITH target (spm) AS (VALUES {targets}),
    absent AS MATERIALIZED (
        SELECT id FROM song WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.song = song.id AND file.gone = 0)
    )
    SELECT target.spm, count(DISTINCT song), count(DISTINCT iif(pace.low >= target.spm * (1.0 - :lock)
        AND pace.high <= target.spm * (1.0 + :lock), song, NULL)), count(DISTINCT iif(steps = 1.0, song, NULL))
    FROM target LEFT JOIN pace ON pace.low BETWEEN target.spm * (1.0 - :tolerance) AND target.spm * (1.0 + :tolerance)
        AND pace.high <= target.spm * (1.0 + :tolerance) AND song NOT IN (SELECT id FROM absent)
    GROUP BY target.spm ORDER BY target.spm
"""


class Fits(NamedTuple):
    """How many songs fit a target: those that match, and of these the locks, and those with a step on every beat."""

    target: float
    songs: int
    locks: int
    on_beat: int


def fits(library: Library, targets: Iterable[float] = TARGETS, tolerance: float = DEFAULT_TOLERANCE) -> list[Fits]:
    """Return how many songs fit each target.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     fits(library, [165.0])
    [Fits(target=165.0, songs=0, locks=0, on_beat=0)]
    """
    listed = ", ".join(f"({float(target)!r})" for target in targets)
    values = {"tolerance": tolerance, "lock": min(LOCK_TOLERANCE, tolerance)}
    with library.reading() as connection:
        return [Fits(*row) for row in connection.execute(_COUNT.format(targets=listed), values)]
