"""Songs and files as a table for the terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paces_live.events import SongPace
from paces_live.match import Listener
from paces_live.render.theme import DARK
from paces_live.render.wording import SKIPPED, by_rate, clock, flag_words, is_yes, percent, stepping, target_words

PIPE_WIDTH = 200
"""Width of a table in a pipe, which has no width of its own; what you are to type must not be cut."""


@dataclass(frozen=True, slots=True)
class Row:
    """A song or a file: its name, length in seconds, paces, felt beat, and whether the listener skipped it."""

    name: str
    length: float
    paces: tuple[SongPace, ...]
    beat: float | None
    skipped: bool = False


def print_table(rows: Iterable[Row], heading: str, listener: Listener, *, stream: TextIO) -> None:
    """Print `rows` to `stream`, matched with the target of `listener`."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style=DARK.dim)
    table.add_column(heading, overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("paces", no_wrap=True)
    table.add_column(target_words(listener))
    for row in rows:
        table.add_row(row.name, clock(row.length), _paces(row, listener), _verdict(row, listener))
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
            (f"{pace.spm:5.1f}", DARK.bold if match and pace.spm == match.spm else DARK.normal),
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
    grade = "" if match.grade == "stretch" else f"{match.grade}, "
    return Text.assemble(
        (f"{flag} {match.spm:.1f}", style),
        f" ({grade}{percent(match.error)})\n",
        (stepping(match.spm, row.beat), DARK.dim),
    )
