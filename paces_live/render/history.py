"""The history as a table, as JSON lines, and as comma-separated values."""

import csv
from collections.abc import Iterable
from typing import Any, TextIO

from rich.table import Table
from rich.text import Text

from paces_live.analysis.felt_beat import felt_beat
from paces_live.history.database import HeardSong
from paces_live.match import DEFAULT_TOLERANCE, Listener, verdict
from paces_live.render.json_lines import dumps, plain
from paces_live.render.song import near_words, tempo_words
from paces_live.render.tables import console
from paces_live.render.theme import DARK
from paces_live.render.wording import by_rate, clock, paces_words, verdict_words

COLUMNS = ("heard", "title", "input", "length", "paces", "probabilities", "target", "match", "error", "grade")


def write_json(songs: Iterable[HeardSong], stream: TextIO) -> None:
    """Write one JSON object per line; `heard` is ISO 8601, UTC.

    Examples
    --------
    >>> import sys
    >>> from datetime import UTC, datetime
    >>> song = HeardSong(datetime(2026, 5, 1, tzinfo=UTC), "mic", "So What", 545.0, (), target=None, match=None)
    >>> write_json([song], sys.stdout)
    {"type": "heard", "heard": "2026-05-01T00:00:00+00:00", "input": "mic", "title": "So What", "length": 545.0, ...}
    """
    for song in songs:
        stream.write(dumps(heard_record(song)) + "\n")


def heard_record(song: HeardSong) -> dict[str, Any]:
    """Return what `write_json` writes.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> song = HeardSong(datetime(2026, 5, 1, tzinfo=UTC), "mic", "So What", 545.0, (), target=None, match=None)
    >>> heard_record(song)["title"]
    'So What'
    """
    judged = {"verdict": verdict(song.paces, song.match, song.target)}
    return {"type": "heard"} | plain(song) | {"heard": song.heard.isoformat()} | judged


def write_csv(songs: Iterable[HeardSong], stream: TextIO) -> None:
    """Write a header and one line per song; all its paces share a field, slowest first, and so do all probabilities.

    Examples
    --------
    >>> import sys
    >>> from datetime import UTC, datetime
    >>> song = HeardSong(datetime(2026, 5, 1, tzinfo=UTC), "mic", "So What", 545.0, (), target=165.0, match=None)
    >>> write_csv([song], sys.stdout)
    heard,title,input,length,paces,probabilities,target,match,error,grade
    2026-05-01T00:00:00+00:00,So What,mic,545.0,,,165,,,
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for song in songs:
        paces = by_rate(song.paces)
        match = song.match
        writer.writerow(
            [
                *(song.heard.isoformat(), text_cell(song.title), text_cell(song.input), f"{song.length:.1f}"),
                " ".join(f"{pace.spm:.2f}" for pace in paces),
                " ".join(f"{pace.probability:.2f}" for pace in paces),
                "" if song.target is None else f"{song.target:g}",
                *((f"{match.spm:.2f}", f"{match.error:.4f}", match.grade) if match else ("", "", "")),
            ]
        )


def text_cell(text: str | None) -> str:
    """Return a text for CSV, on one line; with an apostrophe, no spreadsheet computes what looks like a formula.

    Examples
    --------
    >>> text_cell("=1+1")
    "'=1+1"
    """
    line = " ".join((text or "").splitlines())
    return f"'{line}" if text and text[0] in "=+-@\t\r" else line


def write_table(songs: Iterable[HeardSong], stream: TextIO) -> None:
    """Write a table with local times."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DARK.dim)
    table.add_column("heard", no_wrap=True)
    table.add_column("title", overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("paces", overflow="fold")
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for song in songs:
        beat = felt_beat(song.paces)
        # The tolerance of that time is not kept.
        near = near_words(song.paces, beat, song.sections, Listener(song.target, DEFAULT_TOLERANCE))
        judged = verdict_words(song.match, song.paces, song.target, beat=beat, near=near)
        target = "" if song.target is None else f"{song.target:g}"
        table.add_row(
            song.heard.astimezone().strftime("%Y-%m-%d %H:%M"),
            song.title or Text(song.input, DARK.dim),
            clock(song.length),
            paces_words(song.paces) or "no pace found",
            target,
            "  ".join(filter(None, [tempo_words(song.sections), judged])),
        )
    console(stream).print(table)
