"""Songs heard as a table, as JSON lines, and as comma-separated values."""

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from rich.table import Table
from rich.text import Text

from paces_live.events import rounded
from paces_live.history.database import HeardSong
from paces_live.render.tables import console
from paces_live.render.theme import DARK
from paces_live.render.writers import by_rate, clock, paces_words, verdict

COLUMNS = ("heard", "title", "input", "length", "paces", "probabilities", "target", "match", "error", "grade")


def write_json(songs: Iterable[HeardSong], stream: TextIO) -> None:
    """Write a JSON object a line; `heard` is ISO 8601, UTC."""
    for song in songs:
        record = {"type": "heard"} | rounded(song) | {"heard": song.heard.isoformat()}
        stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(songs: Iterable[HeardSong], stream: TextIO) -> None:
    """Write a header and a line a song; its paces, and their probabilities, stand in one field, slowest first."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for song in songs:
        paces = by_rate(song.paces)
        match = song.match
        writer.writerow(
            [
                *(song.heard.isoformat(), song.title, song.input, f"{song.length:.1f}"),
                " ".join(f"{pace.spm:.2f}" for pace in paces),
                " ".join(f"{pace.probability:.2f}" for pace in paces),
                "" if song.target is None else f"{song.target:g}",
                *((f"{match.spm:.2f}", f"{match.error:.4f}", match.grade) if match else ("", "", "")),
            ]
        )


def write_table(songs: Iterable[HeardSong], stream: TextIO) -> None:
    """Write a table with the local time."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DARK.dim)
    table.add_column("heard", no_wrap=True)
    table.add_column("title", overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("paces", overflow="fold")
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for song in songs:
        target = "" if song.target is None else f"{song.target:g}"
        table.add_row(
            song.heard.astimezone().strftime("%Y-%m-%d %H:%M"),
            song.title or Text(song.input, DARK.dim),
            clock(song.length),
            paces_words(song.paces) or "none found",
            target,
            verdict(song.match, song.paces, song.target),
        )
    console(stream).print(table)
