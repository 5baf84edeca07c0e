"""The library as JSON lines and as words."""

from collections.abc import Mapping

from paces_live.library.scan import Scanned
from paces_live.render.json_lines import dumps, error_line, plain
from paces_live.text import json_path


def scanned_line(one: Scanned) -> str:
    """Return what became of a file in a scan as one line of JSON.

    Examples
    --------
    >>> from pathlib import Path
    >>> scanned_line(Scanned(Path("a.ogg"), "known"))
    '{"type": "scanned", "path": "a.ogg", "how": "known", "song": null}'
    """
    if one.error:
        return error_line(one.path, one.error)
    song = plain(one.song, without={"path", "title"}) if one.song else None
    return dumps({"type": "scanned", "path": json_path(one.path), "how": one.how, "song": song})


def library_line(counts: Mapping[str, int]) -> str:
    """Return what is in a library as one line of JSON; see `paces_live.library.store.Library.counts`.

    Examples
    --------
    >>> library_line({"songs": 2, "stale": 0, "files": 3, "unreadable": 1, "gone": 0})
    '{"type": "library", "songs": 2, "stale": 0, "files": 3, "unreadable": 1, "gone": 0}'
    """
    return dumps({"type": "library", **counts})


def library_words(counts: Mapping[str, int]) -> str:
    """Say what is in a library.

    Examples
    --------
    >>> library_words({"songs": 2, "stale": 1, "files": 3, "unreadable": 1, "gone": 0})
    'your library has 2 songs in 3 files; 1 file cannot be read; 1 song is of another model: scan with --refresh'
    """
    parts = [f"your library has {_count(counts['songs'], 'song')} in {_count(counts['files'], 'file')}"]
    if unreadable := counts["unreadable"]:
        parts.append(f"{_count(unreadable, 'file')} cannot be read")
    if gone := counts["gone"]:
        parts.append(f"{_count(gone, 'file')} {'is' if gone == 1 else 'are'} gone")
    if stale := counts["stale"]:
        parts.append(f"{_count(stale, 'song')} {'is' if stale == 1 else 'are'} of another model: scan with --refresh")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
