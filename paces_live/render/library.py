"""What is in the library, as JSON lines, as words and as a table."""

from collections.abc import Mapping, Sequence
from typing import TextIO

from rich.table import Table

from paces_live.library.scan import Scanned
from paces_live.library.targets import Fits
from paces_live.render.json_lines import dumps, error_line, plain
from paces_live.render.tables import console
from paces_live.render.theme import DARK
from paces_live.text import json_path

NARROW = 60
"""Columns of a terminal from which on the table has room for the longest heading."""
WIDEST = 40
"""Characters of the longest bar."""


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


def fits_line(fits: Fits) -> str:
    """Return how many songs fit a target as one line of JSON.

    Examples
    --------
    >>> fits_line(Fits(165.0, songs=12, locks=5, on_beat=3))
    '{"type": "fits", "target": 165.0, "songs": 12, "locks": 5, "on_beat": 3}'
    """
    return dumps({"type": "fits", **fits._asdict()})


def write_fits(fits: Sequence[Fits], stream: TextIO) -> None:
    """Write how many songs fit each target as a table, with bars.

    Examples
    --------
    >>> import io
    >>> stream = io.StringIO()
    >>> write_fits([Fits(165.0, songs=12, locks=5, on_beat=3)], stream)
    >>> [line.split() for line in stream.getvalue().splitlines()][1][:4]
    ['165', '12', '5', '3']
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DARK.dim)
    shown = console(stream)
    headings = ["target", "songs that match", "locks"]
    headings += ["a step on every beat"] if shown.width >= NARROW else []
    widest = min(WIDEST, max(0, shown.width - sum(len(heading) + 2 for heading in headings)))
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    most = max((one.songs for one in fits), default=0) or 1
    for one in fits:
        figures = (f"{one.target:g}", f"{one.songs}", f"{one.locks}", f"{one.on_beat}")
        table.add_row(*figures[: len(headings)], "█" * round(widest * one.songs / most))
    shown.print(table)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
