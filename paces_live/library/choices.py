"""The songs of the library that a plan may take."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from paces_live.library.folded import folded
from paces_live.library.plan import Part
from paces_live.library.query import Query, Span, Term
from paces_live.library.search import search
from paces_live.library.store import Library
from paces_live.match import LOCK_TOLERANCE

__all__ = ["Choice", "choices"]

MOST = 1000
"""Most songs for a target: the best of them last for two days, and more take longer than you want to wait."""


class Choice(NamedTuple):
    """A song at one of its paces.

    Attributes
    ----------
    file : int
        Its number in the library.
    spm, low, high : float
        The pace and its range, steps per minute.
    steps : float or None
        Steps on each felt beat.
    probability : float
    duration : float
        Seconds.
    artist : str
        In small letters; empty if it is unknown.
    song : str
        The same for two recordings in different files: artist and title, or the number without them.
    """

    file: int
    spm: float
    low: float
    high: float
    steps: float | None
    probability: float
    duration: float
    artist: str
    song: str

    def off(self, target: float) -> float:
        """Return the relative error of the end of the range that is farther from a target."""
        return max(abs(self.low / target - 1.0), abs(self.high / target - 1.0))


def choices(library: Library, query: Query, parts: Iterable[Part], tolerance: float) -> list[Choice]:
    """Return the songs that a query asks for with a pace near a target of a plan, for each target the best.

    What the query asks of the pace, such as ``sure:0.8..``, it asks of that pace.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     choices(library, Query(), [Part(60.0, 150.0, 170.0)], 0.05)
    []
    """
    rows: dict[tuple[int, float], float | None] = {}
    for target in sorted({target for part in parts for target in _targets(part, tolerance)}):
        wanted = Span(target * (1.0 - tolerance), target * (1.0 + tolerance), target, tolerance)
        found = search(library, Query((Term("pace", wanted), *query.terms))).first(MOST)
        rows |= {(file, spm): steps for file, spm, steps in found.rows if spm is not None}
    # The order must not depend on that of the search, so that a seed gives the same again.
    return list(_details(library, sorted(rows), rows))


def _targets(part: Part, tolerance: float) -> Sequence[float]:
    """Return targets of a part so near to each other that what locks to any target of it locks to one of them."""
    count = math.ceil(math.log(part.high / part.low) / min(tolerance, LOCK_TOLERANCE))
    if not count:
        return (part.low,)
    return [part.low * (part.high / part.low) ** (step / count) for step in range(count + 1)]


def _details(
    library: Library, keys: Iterable[tuple[int, float]], steps: dict[tuple[int, float], float | None]
) -> Iterator[Choice]:
    with library.reading() as connection:
        for file, spm in keys:
            row = connection.execute(
                "SELECT pace.low, pace.high, probability, duration, artist, title FROM file"
                " JOIN song ON song.id = file.song JOIN pace ON pace.song = song.id AND pace.spm = ?"
                " WHERE file.id = ?",
                (spm, file),
            ).fetchone()
            # Another scan may have taken it away.
            if row:
                low, high, probability, duration, artist, title = row
                artist = folded(artist or "")
                song = f"{artist}\0{folded(title)}" if artist and title else f"{file}"
                yield Choice(file, spm, low, high, steps[file, spm], probability, duration, artist, song)
