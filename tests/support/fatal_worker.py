"""A worker that ends when it analyses the file ``b.flac``, as a decoder with a bug does."""

import os
from pathlib import Path

from paces_live.library import scan_worker
from paces_live.library.content import content_key


def _fatal(path: Path) -> str:
    if path.name == "b.flac":
        os.abort()
    return content_key(path)


def answer(model: str) -> None:
    """Answer as a worker does."""
    vars(scan_worker)["content_key"] = _fatal
    scan_worker.answer(model)
