"""Writes the examples in README.md and docs/ anew: what the program really says to the commands that they show.

In a block of JSON each line becomes the first event of the same type with the same `t`, `song` or `path`. In a console
block that shows output, the lines under the command become the command's own.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
EXCERPT = "paces_live/data/demo.ogg"
EVENTS = (
    f"paces-live listen --input {EXCERPT} --fast --json",
    f"paces-live analyze --json {EXCERPT} missing.ogg",
)
TELLING = ("t", "song", "path")
"""Fields that say which of the events of a type is meant."""


@cache
def output(command: str) -> str:
    """Return what `command` writes to standard output."""
    program, *arguments = shlex.split(command)
    if program != "paces-live":
        raise ValueError(f"{command}: only paces-live is run here")
    # Without the settings, and what else is kept, of whoever runs this.
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PACES_LIVE_")}
        return subprocess.run(
            [sys.executable, "-m", "paces_live", *arguments],
            cwd=ROOT,
            env=kept | {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout


def events() -> Iterator[dict[str, Any]]:
    """Yield the events that examples are taken from."""
    for command in EVENTS:
        yield from map(json.loads, output(command).splitlines())


def real(line: str) -> str:
    """Return the real event that `line` is an example of."""
    shown = json.loads(line)
    wanted = {name: shown[name] for name in ("type", *TELLING) if name in shown}
    for event in events():
        if wanted.items() <= {name: event.get(name) for name in wanted}.items():
            return json.dumps(event, ensure_ascii=False)
    raise ValueError(f"the program says nothing like {line}")


def renewed(text: str) -> str:
    """Return a document with its examples as they are now."""

    def json_block(block: re.Match[str]) -> str:
        return "```json\n" + "".join(f"{real(line)}\n" for line in block[1].splitlines()) + "```"

    def console_block(block: re.Match[str]) -> str:
        first, *rest = block[1].splitlines()
        told = (
            output(first.removeprefix("$ ")) if rest and not rest[0].startswith("$ ") else block[1].partition("\n")[2]
        )
        return f"```console\n{first}\n{told}```"

    text = re.sub(r"```json\n(.*?)```", json_block, text, flags=re.DOTALL)
    return re.sub(r"```console\n(.*?)```", console_block, text, flags=re.DOTALL)


if __name__ == "__main__":
    for document in DOCUMENTS:
        before = document.read_text("utf-8")
        if (after := renewed(before)) != before:
            document.write_text(after, "utf-8")
