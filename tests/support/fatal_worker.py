"""A worker that ends when it identifies or analyses the file ``b.flac``, as a decoder with a bug does."""

import os
from typing import Any

from paces_live.library import scan_worker


def answer(model: str) -> None:
    """Answer as a worker does."""
    reply_to = scan_worker.reply_to

    def fatal(request: dict[str, str], model: str) -> dict[str, Any]:
        if request["path"].endswith("/b.flac"):
            os.abort()
        return reply_to(request, model)

    vars(scan_worker)["reply_to"] = fatal
    scan_worker.answer(model)
