"""The process that a scan gives its files to: it finds the key and the tags of a file, and its paces.

It reads requests as lines of JSON, and answers each with a line.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from paces_live.errors import PacesError
from paces_live.events import Section, SongPace, Track
from paces_live.library.files import FilePaces
from paces_live.library.process import NICENESS


def answer(model: str) -> None:
    """Answer requests on standard input until there are no more; the program that asked may be gone."""
    # Deferred: the program that asks has no need of it.
    from paces_live.analysis.classifier import load_classifier
    from paces_live.collection.items import Item
    from paces_live.library.content import content_key
    from paces_live.library.files import analyze_item
    from paces_live.match import Listener
    from paces_live.now_playing.tags import file_track

    classifier = cache(lambda: load_classifier(Path(model) if model else None))

    def identify(path: Path) -> dict[str, Any]:
        content = content_key(path)
        return {"content": content, "track": asdict(file_track(path) or Track()) | {"location": None}}

    def analyse(path: Path) -> dict[str, Any]:
        song = asdict(analyze_item(Item(path), classifier(), Listener(None)))
        return {"song": song | {"path": str(path)}}

    os.nice(NICENESS)
    tasks: dict[str, Callable[[Path], dict[str, Any]]] = {"identify": identify, "analyse": analyse}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            reply = tasks[request["task"]](Path(request["path"]))
        except PacesError as error:
            reply = {"error": {"message": error.message, "hint": error.hint, "code": error.code}}
        print(json.dumps(reply), flush=True)  # noqa: T201


def track_in(reply: dict[str, Any]) -> Track:
    """Return the track of a file that was identified.

    Examples
    --------
    >>> track_in({"track": {"title": "So What", "artist": "Miles Davis"}}).caption
    'Miles Davis - So What'
    """
    return Track(**reply["track"])


def song_in(reply: dict[str, Any]) -> FilePaces:
    """Return the song in a file that was analysed.

    Examples
    --------
    >>> song_in({"song": {"path": "a.ogg", "duration": 215.0, "paces": [], "sections": []}}).duration
    215.0
    """
    song = reply["song"]
    paces = tuple(SongPace(**pace) for pace in song["paces"])
    sections = tuple(Section(**section) for section in song["sections"])
    return FilePaces(**song | {"path": Path(song["path"]), "paces": paces, "sections": sections})


def error_in(reply: dict[str, Any]) -> PacesError | None:
    """Return why a file could not be identified or analysed; None if it could.

    Examples
    --------
    >>> error_in({"error": {"message": "a.ogg: is empty", "hint": "choose another", "code": "source"}}).code
    'source'
    >>> error_in({"content": "sound:1"}) is None
    True
    """
    found = reply.get("error")
    return None if found is None else PacesError(found["message"], hint=found["hint"], code=found["code"])
