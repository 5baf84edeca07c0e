"""`library`: what is in the library, and how many songs fit each target."""

import sys
from typing import Annotated

import typer

from paces_live.cli.find import opened
from paces_live.cli.options import Json, LibraryFile, Tolerance
from paces_live.match import DEFAULT_TOLERANCE
from paces_live.text import shown_path


def library(
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    unreadable: Annotated[
        bool,
        typer.Option(
            "--unreadable/--no-unreadable", metavar="", help="List the files that could not be read instead, and why."
        ),
    ] = False,
    json: Json = False,
    library: LibraryFile = None,
) -> None:
    """Show what is in your library, and how many songs fit each target."""
    from paces_live.library.targets import fits
    from paces_live.render.json_lines import error_line
    from paces_live.render.library import fits_line, library_line, library_words, write_fits

    with opened(library) as known:
        if unreadable:
            for path, error in known.unreadable():
                sys.stdout.write(f"{error_line(path, error) if json else shown_path(str(error))}\n")
            return
        counts, found = known.counts(), fits(known, tolerance=tolerance)
    if json:
        for line in (library_line(counts), *map(fits_line, found)):
            sys.stdout.write(f"{line}\n")
    else:
        sys.stdout.write(f"{library_words(counts)}\n\n")
        write_fits(found, sys.stdout)
