"""`doctor`: check whether everything works here."""

import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from paces_live.cli.options import Json, Model
from paces_live.errors import PacesError, UsageError

if TYPE_CHECKING:
    from paces_live.system.doctor import Use

MARKS = {True: "  ok", False: "FAIL", None: "note"}
"""What stands before a check that passed, failed, or is not needed."""
FOR = ("everything", "mic", "monitor", "files", "radio", "play")
OLD_FOR = {"playback": "monitor"}
"""Other names of what `--for` takes."""


def _use(value: str) -> str:
    """Return `value` if it is a use."""
    value = OLD_FOR.get(value, value)
    if value not in FOR:
        raise UsageError(f"{value!r} is nothing that doctor checks", hint=f"choose {', '.join(FOR)}", code="usage.for")
    return value


def doctor(
    use: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="USE",
            callback=_use,
            autocompletion=lambda incomplete: [one for one in FOR if one.startswith(incomplete)],
            help="Check [bold]everything[/bold], or only what you need to listen to a [bold]mic[/bold], to the "
            "[bold]monitor[/bold] (what this machine plays), "
            "to [bold]files[/bold] or [bold]radio[/bold] stations, or to [bold]play[/bold] files.",
        ),
    ] = "everything",
    json: Json = False,
    model: Model = None,
) -> None:
    """Check what works here, and show how to fix what is missing.

    The exit status is 1 if nothing can be heard, or if what --for names does not work.

    A note says what you may not need.
    """
    from paces_live.render.json_lines import dumps, plain
    from paces_live.system.doctor import run_checks

    failed = False
    for check in run_checks(model, None if use == "everything" else cast("Use", use)):
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
