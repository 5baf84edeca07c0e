"""A worker that works on files to which another program still writes."""

from pathlib import Path

from paces_live.library import content, scan_worker

_key = content.content_key


def _touching(path: Path) -> str:
    key = _key(path)
    with path.open("ab") as file:
        file.write(b"more")
    return key


def answer(model: str) -> None:
    """Answer as a worker does."""
    content.content_key = _touching
    scan_worker.answer(model)
