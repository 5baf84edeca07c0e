"""`devices` and `doctor`: what there is to listen to, and whether everything works."""

import sys

import typer

from paces_live.commands.options import Model
from paces_live.errors import PacesError

PIPE_WIDTH = 200


def devices() -> None:
    """List the microphones and other inputs, and what to type to listen to each."""
    from rich.console import Console

    from paces_live.devices import list_inputs, render

    # A pipe has no width, and what is to be typed must not be cut.
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(file=sys.stdout, width=width, markup=False, highlight=False).print(render(list_inputs()))


def doctor(model: Model = None) -> None:
    """Check everything that listening needs, and say how to fix what is missing.

    Exit status 1 if a check failed.
    """
    from paces_live.doctor import run_checks

    failed = False
    for check in run_checks(model):
        failed |= check.ok is False
        sys.stdout.write(f"{_MARKS[check.ok]}  {check.name}: {check.detail}\n")
        if check.ok is not True and check.fix:
            sys.stdout.write(f"      → {check.fix}\n")
        sys.stdout.flush()
    if failed:
        raise typer.Exit(PacesError.exit_status)


_MARKS = {True: "  ok", False: "FAIL", None: "   –"}
