"""A worker that works on files to which another program still writes."""

from pathlib import Path

from paces_live.library import scan_worker
from paces_live.library.content import content_key


def _touching(path: Path) -> str:
    key = content_key(path)
    with path.open("ab") as file:
        file.write(b"more")
    return key


def answer(model: str) -> None:
    """Answer as a worker does."""
    vars(scan_worker)["content_key"] = _touching
    scan_worker.answer(model)
