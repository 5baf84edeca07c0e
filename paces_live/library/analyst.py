"""Analyses songs in a process of its own, at low priority, so that what plays and is heard is never disturbed.

A thread is not enough: Python runs one thread at a time, so a thread of low priority would delay the one that plays.
The process reads items as lines of JSON and answers each with a line: its paces, or null.
"""

import json
import logging
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

from paces_live.collection.items import Item
from paces_live.events import SongPace
from paces_live.match import Listener
from paces_live.text import shown_path

_log = logging.getLogger(__name__)

_START = "import sys; sys.path = sys.argv[2:]; from paces_live.library.analyst import answer; answer(sys.argv[1])"
NICENESS = 10
"""How far the process stands back for others: half of what the system has."""


class Analyst:
    """A process that analyses one song at a time; `close` it from any thread.

    Parameters
    ----------
    listener : Listener
        The strongest candidate near its target is always judged.
    model : Path, optional
        See `paces_live.analysis.classifier.load_classifier`.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> analyst = Analyst(Listener(165.0))
    >>> [round(pace.spm) for pace in analyst.paces(Item(excerpt()))]
    [168]
    >>> analyst.close()
    >>> analyst.paces(Item(excerpt())) is None
    True
    """

    def __init__(self, listener: Listener, model: Path | None = None) -> None:
        self._listener = listener
        self._closed = False
        self._process = subprocess.Popen(
            # It imports what this process does, and nothing from the folder that it happens to be in.
            [sys.executable, "-P", "-c", _START, str(model or ""), *filter(None, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What FFmpeg says about a damaged file would go into the picture.
            stderr=subprocess.DEVNULL,
            # More threads would take more cores, and gain nothing here.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            # Ctrl-C is for the program that plays.
            process_group=0,
        )

    def paces(self, item: Item) -> tuple[SongPace, ...] | None:
        """Return the paces of a song as `analyze_item` does; None if it cannot be read, or once this is closed."""
        request = {"path": str(item.path), "start": item.start, "end": item.end, "target": self._listener.target}
        answer = b""
        with suppress(OSError, ValueError):
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer.endswith(b"\n"):
            if not self._closed:
                _log.warning("%s cannot be analysed: the process that does it has ended", shown_path(item.path))
            return None
        found = json.loads(answer)
        return None if found is None else tuple(SongPace(*values) for values in found)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()


def answer(model: str) -> None:
    """Answer requests on standard input until there are no more; the program that asked may be gone."""
    # Deferred: the program that plays has no need of it.
    from paces_live.analysis.classifier import load_classifier
    from paces_live.errors import PacesError
    from paces_live.library.files import analyze_item

    os.nice(NICENESS)
    classifier = load_classifier(Path(model) if model else None)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        item = Item(Path(request["path"]), start=request["start"], end=request["end"])
        paces = None
        with suppress(PacesError):
            found = analyze_item(item, classifier, Listener(request["target"]))
            paces = [astuple(pace) for pace in found.paces]
        print(json.dumps(paces), flush=True)  # noqa: T201
