"""Update the examples in README.md and docs/ from real output: ``python -m tools.examples``.

In a JSON block, each line is replaced by the first real event of the same type with the same `t`, `song` or `path`. In
a console block that shows output, the lines below the command are replaced by its real output.
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
COMMANDS = (
    f"paces-live listen --input {EXCERPT} --fast --json",
    f"paces-live analyze --json {EXCERPT} missing.ogg",
    f"paces-live scan --json {EXCERPT}",
)
"""Commands that print the events of the examples."""
KEYS = ("t", "song", "path")
"""Fields that identify an event among those of its type."""


@cache
def output(command: str) -> str:
    """Return the standard output of `command`, without the settings and the history of this user.

    Raises
    ------
    ValueError
        If it is not a command of paces-live.
    """
    program, *arguments = shlex.split(command)
    if program != "paces-live":
        raise ValueError(f"{command}: not a command of paces-live")
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
    """Yield the events that the examples can show."""
    for command in COMMANDS:
        yield from map(json.loads, output(command).splitlines())


def real(line: str) -> str:
    """Return the real event that the example `line` shows.

    Raises
    ------
    ValueError
        If there is no such event.
    """
    shown = json.loads(line)
    wanted = {name: shown[name] for name in ("type", *KEYS) if name in shown}
    for event in events():
        if wanted.items() <= {name: event.get(name) for name in wanted}.items():
            return json.dumps(event, ensure_ascii=False)
    raise ValueError(f"no real event matches the example {line}")


def renewed(text: str) -> str:
    """Return a document with real examples."""

    def json_block(block: re.Match[str]) -> str:
        return "```json\n" + "".join(f"{real(line)}\n" for line in block[1].splitlines()) + "```"

    def console_block(block: re.Match[str]) -> str:
        first, *rest = block[1].splitlines()
        if rest and not rest[0].startswith("$ "):
            return f"```console\n{first}\n{output(first.removeprefix('$ '))}```"
        return block[0]

    text = re.sub(r"```json\n(.*?)```", json_block, text, flags=re.DOTALL)
    return re.sub(r"```console\n(.*?)```", console_block, text, flags=re.DOTALL)


if __name__ == "__main__":
    for document in DOCUMENTS:
        before = document.read_text("utf-8")
        if (after := renewed(before)) != before:
            document.write_text(after, "utf-8")
