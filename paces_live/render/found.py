"""Songs that were found in the library: as a table, as lines, as JSON, and as comma-separated values."""

import csv
from collections.abc import Iterable
from typing import TextIO

from rich.table import Table
from rich.text import Text

from paces_live.library.search import Found
from paces_live.match import Listener
from paces_live.render.history import text_cell
from paces_live.render.json_lines import dumps, judged, plain
from paces_live.render.song import tempo_words
from paces_live.render.tables import console
from paces_live.render.theme import DARK
from paces_live.render.wording import by_rate, clock, paces_words, percent, rate_words, stepping, verdict_words
from paces_live.text import shown_path

COLUMNS = (
    *("path", "title", "artist", "album", "genre", "length", "pace", "probability", "share", "steps", "error", "grade"),
    *("paces", "probabilities", "beat"),
)

CORRECTED = "corrected"
"""Of a song whose paces are those that a person gave it."""


def found_line(song: Found, listener: Listener) -> str:
    """Return a song as one line of JSON, as `listener` sees it.

    Examples
    --------
    >>> from pathlib import Path
    >>> song = Found(Path("a.ogg"), "So What", None, None, None, 215.0, None, None, (), None, (), stale=False)
    >>> found_line(song, Listener(None))
    '{"type": "found", "path": "a.ogg", "title": "So What", "artist": null, "album": null, "genre": null, ...}'
    """
    return dumps({"type": "found"} | plain(song) | judged(song.paces, song.beat, listener))


def found_words(song: Found, listener: Listener) -> str:
    """Return a song as a line of text.

    Examples
    --------
    >>> from pathlib import Path
    >>> song = Found(Path("a.ogg"), "So What", None, None, None, 215.0, None, None, (), None, (), stale=False)
    >>> found_words(song, Listener(None))
    'a.ogg  So What  3:35  no pace found'
    """
    judged_words = verdict_words(listener.match(song.paces), song.paces, listener.target, beat=song.beat)
    paces = paces_words(song.paces) or "no pace found"
    name, by = (shown_path(song.path), song.caption, clock(song.duration)), CORRECTED if song.corrected else ""
    parts = (*name, paces, by, tempo_words(song.sections), judged_words)
    return "  ".join(filter(None, parts))


def write_csv(songs: Iterable[Found], listener: Listener, stream: TextIO) -> None:
    """Write a header and one line per song; all its paces share a field, slowest first, and so do all probabilities.

    Examples
    --------
    >>> import sys
    >>> write_csv([], Listener(None), sys.stdout)
    path,title,artist,album,genre,length,pace,probability,share,steps,error,grade,paces,probabilities,beat
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for song in songs:
        pace, match, paces = song.pace, listener.match(song.paces), by_rate(song.paces)
        writer.writerow(
            [
                *map(text_cell, (str(song.path), song.title, song.artist, song.album, song.genre)),
                f"{song.duration:.1f}",
                *((f"{pace.spm:.2f}", f"{pace.probability:.2f}", f"{pace.share:.2f}") if pace else ("", "", "")),
                "" if song.steps is None else f"{song.steps:.2f}",
                *((f"{match.error:.4f}", match.grade) if match else ("", "")),
                " ".join(f"{pace.spm:.2f}" for pace in paces),
                " ".join(f"{pace.probability:.2f}" for pace in paces),
                "" if song.beat is None else f"{song.beat:.2f}",
            ]
        )


def write_table(songs: Iterable[Found], listener: Listener, stream: TextIO) -> None:
    """Write a table; its first columns are about the pace that the query asks for, if it asks for one."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DARK.dim)
    table.add_column("pace", justify="right", no_wrap=True)
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("song", overflow="fold")
    for song in songs:
        match = listener.match(song.paces)
        words = [f"{match.grade}, {percent(match.error)}"] if match else []
        words += [stepping(song.pace.spm, song.beat)] if song.pace else []
        table.add_row(
            *_pace(song),
            ", ".join(filter(None, [*words, tempo_words(song.sections), CORRECTED if song.corrected else ""])),
            clock(song.duration),
            song.caption or shown_path(song.path),
        )
    console(stream).print(table)


def _pace(song: Found) -> tuple[str | Text, str]:
    if song.pace:
        return Text(rate_words(song.pace), DARK.bold), f"{100 * song.pace.probability:.0f} %"
    if not song.paces:
        return Text("none", DARK.dim), ""
    return ", ".join(rate_words(pace, 0) for pace in by_rate(song.paces)), ""
