"""What a page shows of the library: the histogram of its paces, how many songs fit each target, and all songs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from paces_live.library.query import Query
from paces_live.library.search import Results, search
from paces_live.library.store import Library
from paces_live.library.targets import Fits, fits
from paces_live.match import DEFAULT_TOLERANCE

__all__ = ["MIDDLES", "WIDTH", "Histogram", "Overview", "histogram", "overview"]

WIDTH = 5.0
"""Width of a bin of the histogram, steps per minute."""
MIDDLES = tuple(float(spm) for spm in range(45, 320, 5))
"""Middles of the bins. No whole number, which many tempi are, is on an edge, and each bin has as many of them."""
_COUNT = """
    SELECT CAST((spm - :low) / :width AS INTEGER) AS bin, sum(steps IS 1.0), count(*) FROM pace
    WHERE spm >= :low AND spm < :high
        AND EXISTS (SELECT 1 FROM file WHERE file.song = pace.song AND file.gone = 0)
    GROUP BY bin
"""


class Histogram(NamedTuple):
    """How many paces of songs are in each bin around one of `MIDDLES`.

    Attributes
    ----------
    on_beat : tuple of int
        Paces with a step on every beat.
    others : tuple of int
        All others: halves, doubles and thirds.
    """

    on_beat: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What is in the library at one moment.

    Attributes
    ----------
    counts : dict
        See `Library.counts`.
    fits : list of Fits
    histogram : Histogram
    songs : Results
        All songs, in the order of their paths.
    tolerance : float
        That of `fits`.
    """

    counts: dict[str, int]
    fits: list[Fits]
    histogram: Histogram
    songs: Results
    tolerance: float


@contextmanager
def overview(library: Library, tolerance: float = DEFAULT_TOLERANCE) -> Iterator[Overview]:
    """Give what is in the library; until the ``with`` ends, a scan changes nothing of it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     with overview(library) as found:
    ...         found.counts["songs"], len(found.songs), sum(found.histogram.on_beat)
    (0, 0, 0)
    """
    with library.moment():
        found = search(library, Query())
        yield Overview(
            library.counts(), fits(library, tolerance=tolerance), histogram(library), found, tolerance=tolerance
        )


def histogram(library: Library) -> Histogram:
    """Return how many paces are in each bin; those outside of all bins are in none.

    Rates are counted as they are: if they were rounded first, bins would get different numbers of round values, and
    tempi drawn at random would show a pattern.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     len(histogram(library).others) == len(MIDDLES)
    True
    """
    on_beat, every = [0] * len(MIDDLES), [0] * len(MIDDLES)
    values = {"low": MIDDLES[0] - WIDTH / 2, "high": MIDDLES[-1] + WIDTH / 2, "width": WIDTH}
    with library.reading() as connection:
        for number, stepped, count in connection.execute(_COUNT, values):
            on_beat[number], every[number] = stepped, count
    return Histogram(tuple(on_beat), tuple(count - stepped for count, stepped in zip(every, on_beat, strict=True)))
