"""Analyses songs in a process of its own, at low priority, so that what plays and is heard is never disturbed.

The process reads items as lines of JSON and answers each with a line: its paces, or null.
"""

import json
import logging
import os
import sys
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

from paces_live.collection.items import Item
from paces_live.events import SongPace
from paces_live.library.process import NICENESS, start
from paces_live.match import Listener
from paces_live.text import shown_path

_log = logging.getLogger(__name__)


class Analyst:
    """A process that analyses one song at a time; `close` it from any thread.

    Parameters
    ----------
    listener : Listener
        The strongest peak near its target is always a candidate.
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
        self._process = start(__name__, model)

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
