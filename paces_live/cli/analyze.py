"""`analyze`: the paces of whole files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import PATHS, Json, Model, Target, Tolerance
from paces_live.cli.report import report
from paces_live.errors import PacesError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener
from paces_live.text import shown_path

if TYPE_CHECKING:
    from paces_live.collection.items import Unreadable
    from paces_live.library.files import FilePaces


def analyze(
    # One that may not be read is reported, and does not stop the others.
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help=PATHS, readable=False)],
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    json: Json = False,
    model: Model = None,
) -> None:
    """Show the paces of files, folders and playlists, and which of them match the target.

    If a file cannot be read, you see why, the others are still analysed, and the exit status is 1.
    """
    listener = Listener(float(target), tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.collection.find import find_items
    from paces_live.collection.items import Unreadable
    from paces_live.library.files import analyze_files

    results = analyze_files(find_items(paths), load_classifier(model), listener)
    done = list(_print_results(results, listener, json=json))
    if any(isinstance(result, Unreadable) for result in done):
        raise typer.Exit(PacesError.exit_status)


def _print_results(
    results: Iterator["FilePaces | Unreadable"], listener: Listener, *, json: bool
) -> Iterator["FilePaces | Unreadable"]:
    """Print results, each as soon as it is known unless it goes into a table, and pass them on."""
    from paces_live.library.files import FilePaces
    from paces_live.render.json_lines import file_line
    from paces_live.render.wording import clock, paces_words, verdict_words

    table = not json and sys.stdout.isatty()
    rows: list[FilePaces] = []
    for result in results:
        if json:
            print(file_line(result, listener), flush=True)  # noqa: T201
        elif not isinstance(result, FilePaces):
            report(result.error)
        elif table:
            rows.append(result)
        else:
            paces = paces_words(result.paces) or "no pace found"
            verdict = verdict_words(listener.match(result.paces), result.paces, listener.target, beat=result.beat)
            line = "  ".join(filter(None, [_name(result), clock(result.duration), paces, verdict, _damage(result)]))
            print(line, flush=True)  # noqa: T201
        yield result
    if rows:
        from paces_live.render.tables import Row, print_table

        names = ["  ".join(filter(None, [_name(result), _damage(result)])) for result in rows]
        found = [
            Row(name, result.duration, result.paces, result.beat) for name, result in zip(names, rows, strict=True)
        ]
        print_table(found, "file", listener, stream=sys.stdout)


def _name(result: "FilePaces") -> str:
    """Return what a result is called: its path, and its title in a playlist."""
    return "  ".join(filter(None, (shown_path(result.path), result.title)))


def _damage(result: "FilePaces") -> str:
    """Return how much of a file cannot be decoded; empty if all of it can."""
    return f"{result.damaged:.2f} s are damaged" if result.damaged else ""
