"""`analyze`: the paces of whole files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import Json, Model, Target, Tolerance, engine_config
from paces_live.errors import PacesError

if TYPE_CHECKING:
    from paces_live.session.engine import EngineConfig
    from paces_live.session.whole_song import FileError, FilePaces


def analyze(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="WAV, FLAC, OGG or MP3 files.")],
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    model: Model = None,
) -> None:
    """Tell the paces of whole files, and which of them fit the target.

    A file that cannot be read is reported, the others are still done, and the exit status is 1.
    """
    config = engine_config(target, tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.session.whole_song import FileError, analyze_files

    results = analyze_files(files, load_classifier(model), config)
    done = list(_tell_results(results, config, json=json))
    if any(isinstance(result, FileError) for result in done):
        raise typer.Exit(PacesError.exit_status)


def _tell_results(
    results: Iterator["FilePaces | FileError"], config: "EngineConfig", *, json: bool
) -> Iterator["FilePaces | FileError"]:
    """Print results, each as soon as it is there except in the table, and pass them on."""
    from paces_live.render.writers import clock, paces_words, verdict
    from paces_live.session.whole_song import FilePaces, to_json

    table = not json and sys.stdout.isatty()
    found: list[FilePaces] = []
    for result in results:
        if json:
            print(to_json(result), flush=True)  # noqa: T201
        elif not isinstance(result, FilePaces):
            sys.stderr.write(f"paces-live: {result.error}\n")
        elif table:
            found.append(result)
        else:
            paces = paces_words(result.paces) or "no pace found"
            words = verdict(result.match, result.paces, config.target)
            line = "  ".join(filter(None, [result.path, clock(result.duration), paces, words]))
            print(line, flush=True)  # noqa: T201
        yield result
    if found:
        from paces_live.render.tables import Row, print_table

        rows = [Row(result.path, result.duration, result.paces, result.match) for result in found]
        print_table(rows, "file", config.target, config.tolerance, stream=sys.stdout)
