"""`doctor`: check whether everything works here."""

import sys

import typer

from paces_live.cli.options import Json, Model
from paces_live.errors import PacesError

MARKS = {True: "  ok", False: "FAIL", None: "   –"}
"""What stands before a check that passed, failed, or is not needed."""


def doctor(json: Json = False, model: Model = None) -> None:
    """Check everything that listening needs, and show how to fix what is missing.

    The exit status is 1 if a check failed.
    """
    from paces_live.render.json_lines import dumps, plain
    from paces_live.system.doctor import run_checks

    failed = False
    for check in run_checks(model):
        failed |= check.ok is False
        if json:
            print(dumps({"type": "check"} | plain(check)), flush=True)  # noqa: T201
            continue
        sys.stdout.write(f"{MARKS[check.ok]}  {check.name}: {check.detail}\n")
        if check.ok is not True and check.fix:
            sys.stdout.write(f"      → {check.fix}\n")
        sys.stdout.flush()
    if failed:
        raise typer.Exit(PacesError.exit_status)
