"""A worker that ends when it analyses the file ``b.flac``, as a decoder with a bug does."""

import os
from pathlib import Path

from paces_live.library import content, scan_worker

_key = content.content_key


def _fatal(path: Path) -> str:
    if path.name == "b.flac":
        os.abort()
    return _key(path)


def answer(model: str) -> None:
    """Answer as a worker does."""
    content.content_key = _fatal
    scan_worker.answer(model)
