"""Finds the songs of the library that a query asks for, those that fit best first."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paces_live.events import Section, SongPace
from paces_live.library.entries import paces_in, sections_in
from paces_live.library.folded import folded
from paces_live.library.query import TEXTS, Query, Span, Term
from paces_live.library.store import Library
from paces_live.match import LOCK_TOLERANCE, Listener
from paces_live.text import shown_path

AT_ONCE = 500
"""Songs that are read at once."""
OF_PACE = {"sure": "probability", "share": "share", "steps": "steps"}
"""Fields that ask the pace that was found, and their columns."""


@dataclass(frozen=True, slots=True)
class Found:
    """A song that was found.

    Attributes
    ----------
    path : Path
        A file that has it.
    title, artist, album, genre : str or None
        What its tags say; without a title, that is the name of the file.
    duration : float
        Seconds.
    pace : SongPace or None
        The pace that the query asks for, the nearest to its target.
    steps : float or None
        How many steps at this pace fall on each felt beat.
    paces, beat, sections
        See `paces_live.library.FilePaces`.
    stale : bool
        Whether another model has judged it than the newest scan used.
    corrected : bool
        Whether the paces are those that a person gave it, see `paces_live.library.corrections`.
    """

    path: Path
    title: str | None
    artist: str | None
    album: str | None
    genre: str | None
    duration: float
    pace: SongPace | None
    steps: float | None
    paces: tuple[SongPace, ...]
    beat: float | None
    sections: tuple[Section, ...]
    stale: bool
    corrected: bool = False

    @property
    def caption(self) -> str | None:
        """``Artist - Title``, or the title alone."""
        return f"{self.artist} - {self.title}" if self.artist and self.title else self.title


class Results:
    """Songs that were found, best first; they are read from the library while you go through them.

    Examples
    --------
    >>> import tempfile
    >>> from paces_live.library.query import parse_query
    >>> with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
    ...     len(search(library, parse_query("pace:165")))
    0
    """

    def __init__(self, library: Library, rows: list[tuple[int, float | None, float | None]]) -> None:
        self._library = library
        self._rows = rows

    @property
    def rows(self) -> Sequence[tuple[int, float | None, float | None]]:
        """For each song the number of its file, and the pace that the query asks for and its steps on a beat."""
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Found]:
        for start in range(0, len(self._rows), AT_ONCE):
            rows = self._rows[start : start + AT_ONCE]
            marks = ", ".join("?" * len(rows))
            with self._library.reading() as connection:
                found = connection.execute(
                    # Nothing but question marks is put into it.
                    "SELECT file.id, path, title, artist, album, genre, duration, beat, paces, sections, NOT current,"  # noqa: S608
                    " song.id IN (SELECT song FROM temp.correction) FROM file"
                    " JOIN song ON song.id = file.song JOIN analyser ON analyser.id = song.analyser"
                    f" WHERE file.id IN ({marks})",
                    [number for number, _, _ in rows],
                ).fetchall()
                known = {one[0]: one[1:] for one in found}
                # Another scan may have taken one away.
                songs = [_found(known[number], spm, steps) for number, spm, steps in rows if number in known]
            yield from songs

    def first(self, count: int) -> "Results":
        """Return the best of them, at most `count`."""
        return Results(self._library, self._rows[:count])


def listener_of(query: Query) -> Listener:
    """Return who asks: the target and the tolerance of the first pace in a query, or no target.

    Examples
    --------
    >>> from paces_live.library.query import parse_query
    >>> listener_of(parse_query("pace:165±3%")).tolerance
    0.03
    """
    target = query.target
    if target is None or target.target is None:
        return Listener(None)
    return Listener(target.target, target.tolerance)


def search(library: Library, query: Query, *, every_file: bool = False) -> Results:
    """Return the songs that a query asks for; each comes once, however many files have it.

    Those that fit the target come first: locks before matches. Of the same grade, songs with a step on every beat come
    first, as in `paces_live.library.fit.misfit`, then the more probable, then the nearer. Without a target, songs
    follow each other as their paths do, and with a range of paces as if the middle of it were the target.

    Parameters
    ----------
    library : Library
    query : Query
        See `paces_live.library.query.parse_query`.
    every_file : bool
        Whether a song comes once for each file instead.
    """
    statement = _Statement(query, every_file)
    with library.reading() as connection:
        return Results(library, connection.execute(statement.text, statement.values).fetchall())


@dataclass
class _Statement:
    """A query in SQL. What people typed is in the values, and never in the text."""

    query: Query
    every_file: bool = False
    text: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        terms = self.query.terms
        wanted = [one for one in terms if one.field == "pace" and not one.negated and one.value is not None]
        spans = [one.value for one in wanted if isinstance(one.value, Span)]
        # Without a pace, a minus means that no pace is like that.
        wanted += [one for one in terms if one.field in OF_PACE and (spans or not one.negated)]
        more = [self._of_pace(one) for one in wanted if one.field in OF_PACE]
        where = ["file.gone = 0", *(self._of_song(one) for one in terms if one not in wanted)]
        where += [self._has_pace([self._within(span), *more]) for span in spans[1:]]
        conditions = " AND ".join(where)
        # A join takes time, so that only those are there that the conditions need.
        joined = " JOIN song ON song.id = file.song" if "song." in conditions else ""
        joined += " JOIN words ON words.file = file.id" if "words." in conditions else ""
        if not spans and not more:
            self.text = (
                # The file is that of the only aggregate, the first path.
                f"SELECT file.id, NULL, NULL FROM file{joined}"  # noqa: S608
                f" WHERE file.song IS NOT NULL AND {conditions} GROUP BY {self._group('file')} ORDER BY min(file.path)"
            )
            return
        paces = " AND ".join([*([self._within(spans[0])] if spans else []), *more])
        order = [*self._grade(spans), "steps IS NOT 1", "probability DESC", "off"]
        self.text = (
            f"WITH fit AS (SELECT song, spm, steps, low, high, probability, min({self._off(spans)}) AS off"  # noqa: S608
            f" FROM pace WHERE {paces} GROUP BY song)"
            f" SELECT min(file.id), spm, steps FROM fit JOIN file ON file.song = fit.song{joined}"
            f" WHERE {conditions} GROUP BY {self._group('fit')} ORDER BY {', '.join(order)}"
        )

    def _group(self, table: str) -> str:
        return "file.id" if self.every_file else f"{table}.song"

    def _off(self, spans: list[Span]) -> str:
        """Return how far a pace is from the target, or how improbable it is if there is none."""
        aim = spans[0].aim if spans else None
        return "-probability" if aim is None else f"abs(spm / {self._value(aim)} - 1)"

    def _grade(self, spans: list[Span]) -> list[str]:
        """Return whether a pace is no lock; nothing without a target."""
        if not spans or spans[0].target is None:
            return []
        target = self._value(spans[0].target)
        lock = self._value(min(LOCK_TOLERANCE, spans[0].tolerance))
        return [f"max(abs(fit.low / {target} - 1), abs(fit.high / {target} - 1)) > {lock}"]

    def _of_song(self, term: Term) -> str:
        match term.field, term.value:
            case _, str(text):
                names = (term.field,) if term.field else TEXTS
                condition = " OR ".join(f"instr(words.{name}, {self._value(_kept(name, text))})" for name in names)
            case "pace", None:
                condition = "song.paces = '[]'"
            case "pace", Span() as span:
                condition = self._has_pace([self._within(span)])
            case "sure" | "share" | "steps", _:
                condition = self._has_pace([self._of_pace(replace(term, negated=False))])
            case "steady", value:
                condition = f"song.steady IS {self._value(value)}"
            case "corrected", value:
                is_corrected = "file.song IN (SELECT song FROM temp.correction)"
                condition = f"({is_corrected}) = {self._value(value)}"
            case "stale", value:
                is_stale = "song.analyser IN (SELECT id FROM analyser WHERE NOT current)"
                condition = f"({is_stale}) = {self._value(value)}"
            case "beat", Span(low, high):
                condition = f"ifnull(song.low >= {self._value(low)} AND song.high <= {self._value(high)}, 0)"
            case "length", Span(low, high):
                condition = f"song.duration BETWEEN {self._value(low)} AND {self._value(high)}"
        return f"NOT ({condition})" if term.negated else f"({condition})"

    def _of_pace(self, term: Term) -> str:
        assert isinstance(term.value, Span)
        condition = f"{OF_PACE[term.field]} BETWEEN {self._value(term.value.low)} AND {self._value(term.value.high)}"
        return f"NOT ifnull({condition}, 0)" if term.negated else condition

    def _within(self, span: Span) -> str:
        low, high = self._value(span.low), self._value(span.high)
        # The index has the lower end of a range first.
        return f"low BETWEEN {low} AND {high} AND high <= {high}"

    def _has_pace(self, conditions: list[str]) -> str:
        return f"EXISTS (SELECT 1 FROM pace WHERE pace.song = song.id AND {' AND '.join(conditions)})"  # noqa: S608

    def _value(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def _kept(name: str, text: str) -> str:
    """Return a text as the library keeps it in a column: bytes that are no UTF-8 are none there."""
    return folded(shown_path(text) if name == "path" else text.encode(errors="replace").decode())


def _found(row: tuple[Any, ...], spm: float | None, steps: float | None) -> Found:
    path, title, artist, album, genre, duration, beat, paces, sections, stale, is_corrected = row
    all_paces, course = paces_in(paces), sections_in(sections)
    pace = next((pace for pace in all_paces if pace.spm == spm), None)
    tags = (title, artist, album, genre)
    is_stale, is_corrected = bool(stale), bool(is_corrected)
    return Found(
        Path(os.fsdecode(path)), *tags, duration, pace, steps, all_paces, beat, course, is_stale, corrected=is_corrected
    )
