"""Collections of DJ programs, in the tables and the tags that these programs write."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

MIXXX = """
CREATE TABLE settings (name TEXT UNIQUE NOT NULL, value TEXT, locked INTEGER DEFAULT 0, hidden INTEGER DEFAULT 0);
CREATE TABLE track_locations (id INTEGER PRIMARY KEY AUTOINCREMENT, location VARCHAR(512) UNIQUE, filename VARCHAR(512),
    directory VARCHAR(512), filesize INTEGER, fs_deleted INTEGER, needs_verification INTEGER);
CREATE TABLE library (id INTEGER PRIMARY KEY AUTOINCREMENT, artist VARCHAR(64), title VARCHAR(64), album VARCHAR(64),
    location INTEGER REFERENCES track_locations(location), duration FLOAT, bpm FLOAT, mixxx_deleted INTEGER);
CREATE TABLE crates (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(48) UNIQUE NOT NULL, count INTEGER DEFAULT 0,
    show INTEGER DEFAULT 1, locked INTEGER DEFAULT 0, autodj_source INTEGER DEFAULT 0);
CREATE TABLE crate_tracks (crate_id INTEGER NOT NULL REFERENCES crates(id),
    track_id INTEGER NOT NULL REFERENCES library(id), UNIQUE (crate_id, track_id));
CREATE TABLE Playlists (id INTEGER PRIMARY KEY, name VARCHAR(48), position INTEGER, hidden INTEGER DEFAULT 0 NOT NULL,
    date_created DATETIME, date_modified DATETIME, locked INTEGER DEFAULT 0);
CREATE TABLE PlaylistTracks (id INTEGER PRIMARY KEY, playlist_id INTEGER REFERENCES Playlists(id),
    track_id INTEGER REFERENCES library(id), position INTEGER, pl_datetime_added TEXT);
"""
AUTO_DJ, PLAYED = 1, 2
"""What hides a playlist of Mixxx: it is the queue of Auto DJ, or the songs of an evening."""


def mixxx(
    path: Path,
    songs: Sequence[Path],
    crates: Mapping[str, Sequence[int]] = {},
    playlists: Mapping[str, Sequence[int]] = {},
    *,
    wal: bool = False,
) -> Path:
    """Write the database of Mixxx; crates and playlists have the numbers of their songs, from 0 on."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if wal:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(MIXXX)
        for number, song in enumerate(songs):
            connection.execute(
                "INSERT INTO track_locations VALUES (?, ?, ?, ?, 1000, 0, 0)",
                (100 + number, str(song), song.name, str(song.parent)),
            )
            connection.execute(
                "INSERT INTO library VALUES (?, 'Band', ?, NULL, ?, 200.0, 82.5, 0)",
                (number, f"Song {number}", 100 + number),
            )
        for key, (name, tracks) in enumerate(crates.items()):
            connection.execute("INSERT INTO crates (id, name) VALUES (?, ?)", (key, name))
            connection.executemany("INSERT INTO crate_tracks VALUES (?, ?)", [(key, track) for track in tracks])
        for key, (name, tracks) in enumerate(playlists.items()):
            connection.execute("INSERT INTO Playlists (id, name, position) VALUES (?, ?, ?)", (key, name, key))
            connection.executemany(
                "INSERT INTO PlaylistTracks (playlist_id, track_id, position) VALUES (?, ?, ?)",
                [(key, track, place) for place, track in enumerate(tracks, start=1)],
            )
    return path


def location(path: str) -> str:
    """Return a path as rekordbox writes it, which is that of another system for ``C:/``."""
    return f"file://localhost/{quote(path.lstrip('/'), safe='/:')}"


def rekordbox(path: Path, songs: Sequence[str], nodes: str = "") -> Path:
    """Write the collection of rekordbox; `nodes` are its playlists, whose keys are the places of songs, from 0 on."""
    tracks = "".join(
        f'<TRACK TrackID="{number}" Name="Song {number}" Artist="Band &amp; Co" TotalTime="200" AverageBpm="82.50"'
        f' Location={quoteattr(location(song))}>\n<TEMPO Inizio="0.1" Bpm="82.50" Metro="4/4" Battito="1"/>\n'
        f'<POSITION_MARK Name="A &gt; B" Type="0" Start="1.0" Num="0"/>\n</TRACK>\n'
        for number, song in enumerate(songs)
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n\n<DJ_PLAYLISTS Version="1.0.0">\n'
        '<PRODUCT Name="rekordbox" Version="7.0.9" Company="AlphaTheta"/>\n'
        f'<COLLECTION Entries="{len(songs)}">\n{tracks}</COLLECTION>\n'
        f'<PLAYLISTS>\n<NODE Type="0" Name="ROOT" Count="1">\n{nodes}\n</NODE>\n</PLAYLISTS>\n</DJ_PLAYLISTS>\n',
        "utf-8",
    )
    return path
