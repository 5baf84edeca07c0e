"""`schema`: the JSON Schema of what is written with ``--json``."""

import sys
from typing import Annotated

import typer

from paces_live.errors import UsageError


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="[bold]events[/bold] (of listen, play and demo), [bold]lines[/bold] (of the other commands), "
            "[bold]control[/bold] (what listen, play and demo take on stdin), or [bold]server[/bold] (serve).",
        ),
    ] = "events",
) -> None:
    """Print the JSON Schema (2020-12) of what paces-live writes with --json."""
    from paces_live.render.json_lines import dumps
    from paces_live.schema import load, names

    if name not in names():
        raise UsageError(f"there is no schema {name}", hint=f"choose {' or '.join(names())}")
    sys.stdout.write(dumps(load(name), indent=1) + "\n")
