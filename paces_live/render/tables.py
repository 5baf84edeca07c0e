"""Songs and files as a table for the terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paces_live.events import Match, SongPace
from paces_live.match import stepping
from paces_live.render.theme import DARK
from paces_live.render.writers import by_rate, clock, percent, target_words

PIPE_WIDTH = 200
"""A pipe has no width of its own, and what is to be typed must not be cut."""


@dataclass(frozen=True, slots=True)
class Row:
    """A song or a file: what it is called, its length in seconds, its paces, and the one that fits the target."""

    name: str
    length: float
    paces: tuple[SongPace, ...]
    match: Match | None


def print_table(rows: Iterable[Row], heading: str, target: float | None, tolerance: float, *, stream: TextIO) -> None:
    """Print `rows` to `stream`."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style=DARK.dim)
    table.add_column(heading, overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("paces", no_wrap=True)
    table.add_column(target_words(target, tolerance))
    for row in rows:
        table.add_row(row.name, clock(row.length), _paces(row), _fit(row, target))
    console(stream).print(table)


def console(stream: TextIO) -> Console:
    """Return what prints tables to `stream`, as wide as its terminal, and words as they are."""
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _paces(row: Row) -> Text:
    if not row.paces:
        return Text("none found", DARK.dim)
    chosen = row.match.spm if row.match else None
    lines = [
        Text.assemble(
            (f"{pace.spm:5.1f}", DARK.bold if pace.spm == chosen else DARK.normal),
            (f"  {100 * pace.probability:3.0f} %", DARK.dim),
        )
        for pace in by_rate(row.paces)
    ]
    return Text("\n").join(lines)


def _fit(row: Row, target: float | None) -> Text:
    match = row.match
    if target is None or not row.paces:
        return Text()
    if match is None:
        return Text("✕ NO MATCH", DARK.no)
    sign, style = ("≈ STRETCH", DARK.no) if match.grade == "stretch" else ("✓ MATCH", DARK.yes)
    grade = "" if match.grade == "stretch" else f"{match.grade}, "
    return Text.assemble(
        (f"{sign} {match.spm:.1f}", style),
        f" ({grade}{percent(match.error)})\n",
        (stepping(match.spm, row.paces), DARK.dim),
    )
