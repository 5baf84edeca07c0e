"""Songs and files as a table for the terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paces_live.events import Section, SongPace
from paces_live.match import Listener
from paces_live.render.song import near_words, tempo_words
from paces_live.render.theme import DARK
from paces_live.render.wording import (
    SKIPPED,
    by_rate,
    clock,
    flag_words,
    is_yes,
    percent,
    rate_words,
    stepping,
    target_words,
)

PIPE_WIDTH = 200
"""Width of a table in a pipe, which has no width of its own; what you are to type must not be cut."""


@dataclass(frozen=True, slots=True)
class Row:
    """A song or a file.

    Attributes
    ----------
    name : str
    length : float
        Seconds.
    paces, beat, sections
        See `paces_live.events.Song`; times are since the beginning of the song.
    skipped : bool
        Whether the listener skipped it.
    """

    name: str
    length: float
    paces: tuple[SongPace, ...]
    beat: float | None
    sections: tuple[Section, ...] = ()
    skipped: bool = False


def print_table(rows: Iterable[Row], heading: str, listener: Listener, *, stream: TextIO) -> None:
    """Print `rows` to `stream`, matched with the target of `listener`."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style=DARK.dim)
    table.add_column(heading, overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("paces", no_wrap=True)
    table.add_column(target_words(listener))
    for row in rows:
        table.add_row(
            row.name, clock(row.length), _paces(row, listener), _verdict(row, listener) + _tempo(row, listener)
        )
    console(stream).print(table)


def console(stream: TextIO) -> Console:
    """Return a console that prints tables to `stream` as wide as its terminal, and words as they are.

    Examples
    --------
    A pipe has no width of its own:

    >>> import io
    >>> console(io.StringIO()).width
    200
    """
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _paces(row: Row, listener: Listener) -> Text:
    if row.skipped:
        return Text(SKIPPED, DARK.dim)
    if not row.paces:
        return Text("no pace found", DARK.dim)
    match = listener.match(row.paces)
    lines = [
        Text.assemble(
            (f"{rate_words(pace):>5}", DARK.bold if match and pace.spm == match.spm else DARK.normal),
            (f"  {100 * pace.probability:3.0f} %", DARK.dim),
        )
        for pace in by_rate(row.paces)
    ]
    return Text("\n").join(lines)


def _verdict(row: Row, listener: Listener) -> Text:
    if listener.target is None or not row.paces or row.skipped:
        return Text()
    match = listener.match(row.paces)
    flag, style = " ".join(flag_words(match)), DARK.yes if is_yes(match) else DARK.no
    if match is None:
        return Text(flag, style)
    pace = next(pace for pace in row.paces if pace.spm == match.spm)
    words, grade = rate_words(pace), "" if match.grade == "stretch" else f"{match.grade}, "
    return Text.assemble(
        (f"{flag} {words}", style),
        f" ({match.grade})\n" if pace.low is not None else f" ({grade}{percent(match.error)})\n",
        (stepping(match.spm, row.beat), DARK.dim),
    )


def _tempo(row: Row, listener: Listener) -> Text:
    """Return how the tempo changes, and when it is near the target, if it does not match all the time."""
    near = "" if is_yes(listener.match(row.paces)) else near_words(row.paces, row.beat, row.sections, listener)
    lines = [tempo_words(row.sections), near] if not row.skipped else []
    return Text("".join(f"\n{line}" for line in lines if line), DARK.dim)
