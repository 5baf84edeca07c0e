"""`find`: the songs of the library that a query asks for."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from paces_live.cli.options import Csv, Json, LibraryFile, Tolerance, whole_number
from paces_live.errors import UsageError
from paces_live.match import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from paces_live.library.search import Results
    from paces_live.library.store import Library
    from paces_live.match import Listener

SHOWN = 50
"""Songs that fill a terminal; more scroll away."""
_NEGATED = re.compile(r"-[^-].*", re.DOTALL)


class FindCommand(TyperCommand):
    """Takes ``-artist:x`` and ``-rock`` as parts of the query, and not as options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse `args` after putting a minus sign, which the query knows, for the hyphen of a term."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        terms = [arg not in own and _NEGATED.fullmatch(arg) is not None for arg in args]
        return super().parse_args(ctx, [f"−{arg[1:]}" if term else arg for arg, term in zip(args, terms, strict=True)])


def _first(value: int | None) -> int | None:
    """Return `value` if it is a number of songs."""
    if value is not None and value < 1:
        raise UsageError(f"first {value} is out of range", hint="choose at least 1", code="usage.first")
    return value


def find(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY",
            help="Terms that must all hold, and must not after a minus: [bold]pace:165[/bold], "
            "[bold]pace:160..170[/bold], [bold]pace:165±3%[/bold] or [bold]pace:none[/bold] (any pace of the song); "
            "[bold]sure:0.8..[/bold], [bold]share:50%..[/bold] and [bold]steps:1[/bold] (of that pace); "
            "[bold]beat:80..90[/bold]; [bold]steady:yes[/bold]; [bold]length:2:30..5:00[/bold]; "
            "[bold]stale:yes[/bold]; [bold]title:[/bold], [bold]artist:[/bold], [bold]album:[/bold], "
            "[bold]genre:[/bold] and [bold]path:[/bold] (a part is enough); or a word that is in any of these. "
            "All songs without a query.",
        ),
    ] = None,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    first: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole_number("first", "how many songs, such as 20"),
            callback=_first,
            help="Show the best N songs. By default 50 in a table, and all otherwise.",
        ),
    ] = None,
    json: Json = False,
    csv: Csv = False,
    null: Annotated[
        bool, typer.Option("--null/--no-null", metavar="", help="Write paths to stdout, each with a NUL after it.")
    ] = False,
    library: LibraryFile = None,
) -> None:
    """Find the songs in your library that fit, best first.

    Locks come before matches. Of these, songs with a step on every beat come first, then those that we are surer of.
    """
    if json + csv + null > 1:
        raise UsageError("--json, --csv and --null exclude each other", hint="choose one", code="usage.json")
    from paces_live.library.query import parse_query
    from paces_live.library.search import listener_of, search

    asked = parse_query(" ".join(query or ()), tolerance)
    with opened(library) as known:
        found, listener = search(known, asked), listener_of(asked)
        if json or csv or null or not sys.stdout.isatty():
            _write(found if first is None else found.first(first), listener, json=json, csv=csv, null=null)
        else:
            _show(found, listener, first or SHOWN)


def opened(path: Path | None, *, read_only: bool = True) -> "Library":
    """Return the open library; looking for songs must not create one.

    Raises
    ------
    LibraryError
        There is none.
    """
    from paces_live.library.store import open_library

    return open_library(path, read_only=read_only)


def _write(songs: "Results", listener: "Listener", *, json: bool, csv: bool, null: bool) -> None:
    """Write songs for other programs, one after the other."""
    from paces_live.render.found import found_line, found_words, write_csv
    from paces_live.system.streams import write_path

    if csv:
        write_csv(songs, listener, sys.stdout)
        return
    for song in songs:
        if null:
            write_path(song.path)
        else:
            sys.stdout.write(f"{(found_line if json else found_words)(song, listener)}\n")


def _show(songs: "Results", listener: "Listener", count: int) -> None:
    """Show the best songs as a table, and say how many there are."""
    from paces_live.render.found import write_table

    if not songs:
        sys.stdout.write("no song fits\n")
        return
    write_table(songs.first(count), listener, sys.stdout)
    if len(songs) > count:
        sys.stdout.write(f"\n{len(songs) - count} more: --first {len(songs)} shows them all\n")
