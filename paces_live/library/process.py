"""Processes that analyse songs: they stand back for everything else, and take one core each.

A thread is not enough: Python runs one thread at a time, so a thread of low priority would delay the others.
"""

import os
import subprocess
import sys
from pathlib import Path

_START = """
import importlib, sys
_, module, model, *sys.path = sys.argv
importlib.import_module(module).answer(model)
"""
NICENESS = 10
"""How far a process stands back for others: half of what the system has."""


def start(module: str, model: Path | None) -> "subprocess.Popen[bytes]":
    """Start a process that answers each line on its standard input with one on its standard output.

    Parameters
    ----------
    module : str
        Its function `answer` takes the model as text, and does that until there are no more lines.
    model : Path or None
        See `paces_live.analysis.classifier.load_classifier`.
    """
    return subprocess.Popen(
        # It imports what this process does, and nothing from the folder that it happens to be in.
        [sys.executable, "-P", "-c", _START, module, str(model or ""), *filter(None, sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What FFmpeg says about a damaged file would go into the picture.
        stderr=subprocess.DEVNULL,
        # More threads would take more cores, and gain nothing here.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        # Ctrl-C is for the program that started it.
        process_group=0,
    )
