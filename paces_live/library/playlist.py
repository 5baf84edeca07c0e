"""The songs of a playlist for a run: what a plan and a query choose from the library, and how well it is met."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from paces_live.errors import LibraryError
from paces_live.library.choices import choices
from paces_live.library.plan import Part
from paces_live.library.planner import Met, Planned, choose, met
from paces_live.library.present import present
from paces_live.library.query import Query
from paces_live.library.search import Found, Results
from paces_live.library.store import Library

__all__ = ["Chosen", "choose_songs"]


class Chosen(NamedTuple):
    """What was chosen for a plan.

    Attributes
    ----------
    parts : sequence of Part
        The plan.
    planned : list of Planned
        The songs in order, with their place in the plan.
    songs : list of Found
        The same songs, as the library knows them.
    gaps : list of (float, float)
        When nothing fits: seconds since the beginning of the plan.
    """

    parts: Sequence[Part]
    planned: list[Planned]
    songs: list[Found]
    gaps: list[tuple[float, float]]

    def met(self, tolerance: float, count: int | None = None) -> list[Met]:
        """Return how well each part of the plan is met by the first songs, `count` of them or all."""
        return list(met(self.parts, self.planned[:count], self.gaps, tolerance))


def choose_songs(
    library: Library, query: Query, parts: Sequence[Part], tolerance: float, chance: random.Random
) -> Chosen:
    """Return songs of the library for a plan; see `paces_live.library.planner.choose`.

    Raises
    ------
    LibraryError
        No song fits.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     choose_songs(library, Query(), [Part(600.0, 150.0, 150.0)], 0.05, random.Random(1))
    Traceback (most recent call last):
        ...
    paces_live.errors.LibraryError: no song in your library fits: choose another plan or query, or a larger --tolerance
    """
    with library.moment():
        planned, gaps = choose(parts, choices(library, query, parts, tolerance), tolerance, chance)
        found = Results(library, [(one.song.file, one.song.spm, one.song.steps) for one in planned])
        songs = list(present(library, found))
    if not planned:
        hint = "choose another plan or query, or a larger --tolerance"
        raise LibraryError("no song in your library fits", hint=hint, code="library.no_match")
    return Chosen(parts, planned, songs, gaps)
