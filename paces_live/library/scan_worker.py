"""The process that a scan gives its files to: it finds the key and the tags of a file, and its paces.

It reads requests as lines of JSON, and answers each with a line.
"""

import json
import os
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from paces_live.analysis.classifier import Classifier, load_classifier
from paces_live.collection.items import Item
from paces_live.errors import PacesError
from paces_live.events import Section, SongPace, Track
from paces_live.library.content import content_key
from paces_live.library.files import FilePaces, analyze_item
from paces_live.library.process import NICENESS
from paces_live.match import Listener
from paces_live.now_playing.tags import file_track


def answer(model: str) -> None:
    """Answer requests on standard input until there are no more; the program that asked may be gone."""
    os.nice(NICENESS)
    for line in sys.stdin.buffer:
        print(json.dumps(reply_to(json.loads(line), model)), flush=True)  # noqa: T201


def reply_to(request: dict[str, str], model: str = "") -> dict[str, Any]:
    """Return the reply to a request.

    Parameters
    ----------
    request : dict
        ``path``, and ``task``: ``identify`` or ``analyse``.
    model : str
        Path of the model; empty for the shipped one.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> reply_to({"task": "identify", "path": str(excerpt())})["track"]["title"]
    'demo'
    """
    path = Path(request["path"])
    try:
        return _identify(path) if request["task"] == "identify" else _analyse(path, model)
    except PacesError as error:
        return {"error": {"message": error.message, "hint": error.hint, "code": error.code}}


def _identify(path: Path) -> dict[str, Any]:
    track = file_track(path) or Track()
    return {"content": content_key(path), "track": asdict(track) | {"location": None}}


def _analyse(path: Path, model: str) -> dict[str, Any]:
    song = asdict(analyze_item(Item(path), _classifier(model), Listener(None)))
    return {"song": song | {"path": str(path)}}


@cache
def _classifier(model: str) -> Classifier:
    return load_classifier(Path(model) if model else None)


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
