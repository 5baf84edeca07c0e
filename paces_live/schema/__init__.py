"""JSON Schema (2020-12) of everything that is written with ``--json``.

``events.json`` has the events of a stream, ``lines.json`` the lines of the other commands, ``control.json`` the lines
that a program may write to standard input, ``server.json`` what a server and its clients say beside the events.
"""

import json
from pathlib import Path
from typing import Any

__all__ = [
    "load",
    "names",
]

FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Return the names of the schemas.

    Examples
    --------
    >>> names()
    ('control', 'events', 'lines', 'server')
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load(name: str) -> dict[str, Any]:
    """Return a schema.

    Examples
    --------
    >>> load("events")["title"]
    'paces-live events, schema 2'
    """
    schema: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return schema
