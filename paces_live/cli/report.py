"""`report`: a page about the library, in one file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from paces_live.cli.find import opened
from paces_live.cli.options import LibraryFile, Tolerance
from paces_live.match import DEFAULT_TOLERANCE
from paces_live.text import shown_path


def report(
    file: Annotated[
        Path, typer.Argument(metavar="OUT.html", help="The page to write; replaces one of that name.", readable=False)
    ],
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    library: LibraryFile = None,
) -> None:
    """Write a page about your library: its paces, what fits each target, and all songs.

    It is one file, which needs no network: open it in a browser, or send it to your phone. Songs can be searched and
    sorted in it.
    """
    from paces_live.library.overview import overview
    from paces_live.render.overview import overview_json
    from paces_live.server.report import check_report, write_report

    check_report(file)
    with opened(library) as known, overview(known, tolerance) as found:
        size = write_report(file, overview_json(found))
        songs = len(found.songs)
    sys.stdout.write(f"{shown_path(file)} shows {songs} song{'s' * (songs != 1)}, {size / 1e6:.1f} MB\n")
