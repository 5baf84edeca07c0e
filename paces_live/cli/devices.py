"""`devices` and `doctor`: what there is to listen to, and whether everything works."""

import json as jsonlib
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from paces_live.cli.options import Json, Model
from paces_live.errors import PacesError

if TYPE_CHECKING:
    from paces_live.sources.devices import Input
    from paces_live.system.doctor.sound import Check


def devices(json: Json = False) -> None:
    """List microphones, outputs whose sound can be heard, and players, and what to type to listen to each."""
    from paces_live.sources.devices import OTHERS, list_inputs, render

    inputs = list_inputs()
    if json:
        for one in inputs:
            _write_line("input", one)
        return
    from paces_live.render.tables import console

    out = console(sys.stdout)
    out.print(render(inputs))
    out.print(OTHERS)


def doctor(json: Json = False, model: Model = None) -> None:
    """Check everything that listening needs, and say how to fix what is missing.

    Exit status 1 if a check failed.
    """
    from paces_live.system.doctor import run_checks

    failed = False
    for check in run_checks(model):
        failed |= check.ok is False
        if json:
            _write_line("check", check)
            continue
        sys.stdout.write(f"{_MARKS[check.ok]}  {check.name}: {check.detail}\n")
        if check.ok is not True and check.fix:
            sys.stdout.write(f"      → {check.fix}\n")
        sys.stdout.flush()
    if failed:
        raise typer.Exit(PacesError.exit_status)


def _write_line(kind: str, record: "Input | Check") -> None:
    """Write `record` as one line of JSON."""
    print(jsonlib.dumps({"type": kind} | asdict(record), ensure_ascii=False), flush=True)  # noqa: T201


_MARKS = {True: "  ok", False: "FAIL", None: "   –"}
