"""Corrections overrule what the model found: a query of the library sees what people say.

Views of this connection take the place of the tables ``song`` and ``pace``: SQLite looks for a name among temporary
ones first. Nothing is written into the library, so it may be on a disk that nobody may write to. What the model finds
goes into ``main.song`` and ``main.pace``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from paces_live.library.corrections import Correction, corrected
from paces_live.library.entries import put_paces, song_columns, song_of

if TYPE_CHECKING:
    import sqlite3

TABLE = """
    CREATE TEMP TABLE correction (
        song INTEGER PRIMARY KEY, beat REAL, low REAL, high REAL, steady INTEGER, paces TEXT, sections TEXT
    )
"""
"""The songs that are corrected, in columns of the table ``song``."""
_VIEWS = (
    """
    CREATE TEMP TABLE IF NOT EXISTS corrected_pace (
        song INTEGER, low REAL, high REAL, spm REAL, probability REAL, share REAL, steps REAL
    )
    """,
    "CREATE INDEX IF NOT EXISTS temp.corrected_pace_song ON corrected_pace (song)",
    """
    CREATE TEMP VIEW IF NOT EXISTS song AS SELECT id, content, analyser, duration, damaged,
        iif(correction.song IS NULL, heard.beat, correction.beat) AS beat,
        iif(correction.song IS NULL, heard.low, correction.low) AS low,
        iif(correction.song IS NULL, heard.high, correction.high) AS high,
        iif(correction.song IS NULL, heard.steady, correction.steady) AS steady,
        iif(correction.song IS NULL, heard.paces, correction.paces) AS paces,
        iif(correction.song IS NULL, heard.sections, correction.sections) AS sections
    FROM main.song AS heard LEFT JOIN temp.correction AS correction ON correction.song = heard.id
    """,
    """
    CREATE TEMP VIEW IF NOT EXISTS pace AS
    SELECT song, low, high, spm, probability, share, steps FROM main.pace
        WHERE song NOT IN (SELECT song FROM temp.correction)
    UNION ALL SELECT song, low, high, spm, probability, share, steps FROM temp.corrected_pace
    """,
)


def overrule(connection: "sqlite3.Connection", corrections: Iterable[Correction]) -> None:
    """Let the tables of an open library show what people corrected; songs that it does not know are left out."""
    for one in corrections:
        known = song_of(connection, one.content)
        if known is None:
            continue
        # Without a correction, there are no views: searches are faster.
        for statement in _VIEWS:
            connection.execute(statement)
        number, song = known[0], corrected(known[1], one)
        values = {"song": number} | song_columns(song.paces, song.beat, song.sections)
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        # The names are our own.
        connection.execute(f"INSERT OR REPLACE INTO temp.correction ({names}) VALUES ({marks})", values)  # noqa: S608
        connection.execute("DELETE FROM temp.corrected_pace WHERE song = ?", (number,))
        put_paces(connection, "temp.corrected_pace", number, song.paces, song.beat)
