"""The collections of Mixxx and rekordbox: their tracks, crates and playlists, while these programs run, and damaged."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from paces_live.collection.find import find_items
from paces_live.collection.items import Item, Unreadable
from paces_live.collection.rekordbox import collection
from tests.support.dj import AUTO_DJ, PLAYED, mixxx, rekordbox
from tests.support.folders import make
from tests.support.library import without_rights

NODES = """
<NODE Name="Sets" Type="0" Count="2">
  <NODE Name="Running &amp; more" Type="1" KeyType="0" Entries="2"><TRACK Key="2"/><TRACK Key="0"/></NODE>
  <NODE Name="Empty" Type="1" KeyType="0" Entries="0"/>
</NODE>
<NODE Name="By place" Type="1" KeyType="1" Entries="1"><TRACK Key="{}"/></NODE>
"""


@pytest.fixture
def music(tmp_path: Path) -> list[Path]:
    make(tmp_path, "a 1.ogg", "b.flac", "Disc/Über.mp3")
    return [tmp_path / "a 1.ogg", tmp_path / "b.flac", tmp_path / "Disc/Über.mp3"]


def found(path: Path) -> tuple[list[str], list[str]]:
    """Return the names of the songs, and the errors without the folder."""
    items = list(find_items([path]))
    errors = [str(one.error) for one in items if isinstance(one, Unreadable)]
    return [one.path.name for one in items if isinstance(one, Item)], [one.partition("/db.")[2] for one in errors]


def test_mixxx_has_tracks_crates_and_playlists(tmp_path: Path, music: list[Path]) -> None:
    crates = {"Running": [2, 0], "Sets/Slow": [1], "None": []}
    lists = {"Ramp": [2, 1, 2], "Running": [1], "Queue": [0], "Night": [0], "no name": [0]}
    path = mixxx(tmp_path / "db.sqlite", music, crates, lists)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE Playlists SET name = NULL WHERE name = 'no name'")
        connection.executemany(
            "UPDATE Playlists SET hidden = ? WHERE name = ?", [(AUTO_DJ, "Queue"), (PLAYED, "Night")]
        )
    assert sorted(found(path)[0]) == ["a 1.ogg", "b.flac", "Über.mp3"]
    assert found(path / "Ramp") == (["Über.mp3", "b.flac", "Über.mp3"], []), "in its order"
    assert sorted(found(path / "running")[0]) == ["a 1.ogg", "b.flac", "Über.mp3"], "a crate and a playlist"
    assert found(path / "Sets" / "Slow") == found(path / "Slow") == found(path / "Sets") == (["b.flac"], [])
    assert found(path / "None") == (
        [],
        ["sqlite: None in it lists nothing to play: add music to it, or choose another"],
    )
    hint = "did you mean Running?"
    assert found(path / "Runing") == ([], [f"sqlite: has no crate or playlist Runing: {hint}"])
    hint = "choose None, Running, Sets/Slow, Ramp, Running"
    assert found(path / "Queue") == ([], [f"sqlite: has no crate or playlist Queue: {hint}"])
    (song,) = find_items([path / "Slow"])
    assert song == Item(music[1], "Song 1", "Band")


def test_what_mixxx_hides_or_misses_is_left_out(tmp_path: Path, music: list[Path]) -> None:
    path = mixxx(tmp_path / "db.sqlite", music, {"All": [0, 1, 2]})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE library SET mixxx_deleted = 1 WHERE id = 0")
        connection.execute("UPDATE track_locations SET fs_deleted = 1, location = '/gone/b.wma' WHERE id = 101")
    assert found(path) == (["Über.mp3"], [])
    # Who asks for a crate wants to know what is not there.
    assert found(path / "All") == (["Über.mp3"], ["sqlite: /gone/b.wma: no such file: check the name"])


@pytest.mark.parametrize("wal", [False, True])
def test_mixxx_may_write_at_the_same_time(tmp_path: Path, music: list[Path], wal: bool) -> None:
    path = mixxx(tmp_path / "db.sqlite", music, {"Running": [0]}, wal=wal)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO crate_tracks VALUES (0, 1)")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO crate_tracks VALUES (0, 2)")
        before = path.read_bytes()
        assert found(path / "Running") == (["a 1.ogg", "b.flac"], []), "what is finished, and no more"
        assert path.read_bytes() == before
        writer.execute("COMMIT")
        assert len(found(path / "Running")[0]) == 3


@pytest.mark.slow
def test_a_database_that_is_held_is_waited_for_and_then_an_error(tmp_path: Path, music: list[Path]) -> None:
    path = mixxx(tmp_path / "db.sqlite", music)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        hint = "try again when Mixxx has finished what it does"
        assert found(path) == ([], [f"sqlite: cannot be read (database is locked): {hint}"])
        assert time.monotonic() - begun > 4.0


@pytest.mark.parametrize("wal", [False, True])
def test_nothing_is_written_and_nothing_needs_to_be(tmp_path: Path, music: list[Path], wal: bool) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    path = mixxx(folder / "db.sqlite", music, wal=wal)
    assert [one.name for one in folder.iterdir()] == ["db.sqlite"]
    assert len(found(path)[0]) == 3
    assert [one.name for one in folder.iterdir()] == ["db.sqlite"]
    folder.chmod(0o555)
    path.chmod(0o444)
    try:
        code = (
            "import sys, pathlib; from paces_live.collection.find import find_items;"
            "print(*(one.path.name for one in find_items([pathlib.Path(sys.argv[1])])), sep='\\n')"
        )
        program = [*without_rights(), sys.executable, "-c", code, str(path)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert sorted(done.stdout.splitlines()) == ["a 1.ogg", "b.flac", "Über.mp3"]
        assert [one.name for one in folder.iterdir()] == ["db.sqlite"]
    finally:
        folder.chmod(0o755)


def test_mixxx_that_was_killed_while_it_wrote(tmp_path: Path, music: list[Path]) -> None:
    path = mixxx(tmp_path / "db.sqlite", music, {"Running": [0]})
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN');"
        "c.executemany('INSERT INTO settings VALUES (?, ?, 0, 0)', ((f'{n}', 'x' * 500) for n in range(500)));"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert path.with_name("db.sqlite-journal").exists()
    before = path.read_bytes()
    names, errors = found(path / "Running")
    # Half of it is written: only a program that may write can put it right.
    assert names == []
    assert errors[0].startswith("sqlite: cannot be read (")
    assert errors[0].endswith("): start Mixxx and end it, then try again")
    assert path.read_bytes() == before


def test_databases_of_others_and_damaged_ones_are_errors(tmp_path: Path, music: list[Path]) -> None:
    path = tmp_path / "db.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE library (id)")
    assert found(path) == ([], ["sqlite: is a database, but not of Mixxx: give mixxxdb.sqlite"])
    data = mixxx(tmp_path / "other.sqlite", music, {"Running": [0]}).read_bytes()
    path.write_bytes(data[:3000])
    damaged = "database disk image is malformed"
    assert found(path)[1] == [f"sqlite: cannot be read ({damaged}): it is damaged: take a copy of it that is not"]
    for seed in range(30):
        chance = random.Random(seed)
        broken = bytearray(data[: chance.randrange(16, len(data))] if seed % 2 else data)
        for _ in range(20):
            broken[chance.randrange(16, len(broken))] = chance.randrange(256)
        path.write_bytes(broken)
        names, errors = found(path)
        assert set(names) <= {one.name for one in music}
        assert all(error.startswith("sqlite: ") for error in errors)


def test_a_location_that_is_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.ogg")
    make(tmp_path, name, "b.ogg")
    path = mixxx(tmp_path / "db.sqlite", [tmp_path / "b.ogg"])
    with closing(sqlite3.connect(path)) as connection, connection:
        place = os.fsencode(tmp_path / name)
        connection.execute("UPDATE track_locations SET location = CAST(? AS TEXT)", (place,))
    assert [one.path for one in find_items([path])] == [tmp_path / name]


def test_rekordbox_has_tracks_and_playlists_in_folders(tmp_path: Path, music: list[Path]) -> None:
    at = f"file://localhost{tmp_path}/b.flac"
    path = rekordbox(tmp_path / "db.xml", [str(one) for one in music], NODES.format(at))
    assert found(path) == (["a 1.ogg", "b.flac", "Über.mp3"], [])
    assert found(path / "Sets/Running & more") == found(path / "running & MORE") == (["Über.mp3", "a 1.ogg"], [])
    assert found(path / "By place") == (["b.flac"], [])
    assert found(path / "Sets") == (["Über.mp3", "a 1.ogg"], [])
    assert found(path / "ROOT")[1] == [
        "xml: has no crate or playlist ROOT: choose Sets/Running & more, Sets/Empty, By place"
    ]
    assert found(path / "Empty")[1] == ["xml: Empty in it lists nothing to play: add music to it, or choose another"]
    first = next(iter(find_items([path])))
    assert first == Item(music[0], "Song 0", "Band & Co")


@pytest.mark.usefixtures("music")
def test_rekordbox_of_another_system(tmp_path: Path) -> None:
    path = rekordbox(
        tmp_path / "db.xml",
        ["C:/Users/Me/Music/a 1.ogg", f"/Volumes/Stick/{tmp_path.name}/Disc/Über.mp3", "D:/gone.mp3"],
    )
    assert found(path) == (
        ["a 1.ogg", "Über.mp3"],
        ["xml: file://localhost/D:/gone.mp3: no such file: check the name"],
    )


def test_xml_that_is_hostile_or_damaged(tmp_path: Path, music: list[Path]) -> None:
    path = rekordbox(tmp_path / "db.xml", [str(one) for one in music], NODES.format("x"))
    text = path.read_text("utf-8")
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;&a;&a;&a;">]>'
    path.write_text(text.replace("?>", f"?>{entity}", 1).replace("Song 0", "&b;"), "utf-8")
    assert list(find_items([path])) == [Item(path)], "rekordbox writes no declarations"
    path.write_text(text.replace("Song 0", "&b;"), "utf-8")
    first = next(iter(find_items([path])))
    assert isinstance(first, Item)
    assert first.title == "&b;"
    data = text.encode()
    for seed in range(200):
        chance = random.Random(seed)
        broken = bytearray(data[: chance.randrange(1, len(data))])
        for _ in range(10):
            at = chance.randrange(len(broken))
            broken[at : at + 1] = chance.choice([b"<", b">", b'"', b"</NODE>", b"<!--", b"", b"\xff", b"&#0;"])
        collection(bytes(broken))


@pytest.mark.parametrize(
    "text", [b"<TRACK " * 200_000, b"<NODE a='" * 200_000, b"<!--" * 300_000, b"<NODE Type='0'>" * 100_000]
)
def test_damaged_text_takes_no_more_time_than_sound_text(text: bytes) -> None:
    begun = time.process_time()
    collection(b"<DJ_PLAYLISTS>" + text)
    assert time.process_time() - begun < 5.0


def test_a_collection_that_lists_itself(tmp_path: Path) -> None:
    path = mixxx(tmp_path / "db.sqlite", [tmp_path / "db.sqlite"], {"Self": [0]})
    for named in (path, path / "Self"):
        assert found(named) == ([], ["sqlite: lists itself: remove it from the playlists in it"])


def test_a_playlist_may_list_a_crate(tmp_path: Path, music: list[Path]) -> None:
    mixxx(tmp_path / "db.sqlite", music, {"Running": [1]})
    playlist = tmp_path / "all.m3u"
    playlist.write_text("a 1.ogg\ndb.sqlite\n")
    assert len(found(playlist)[0]) == 4


def test_a_path_below_something_else_is_missing(tmp_path: Path) -> None:
    make(tmp_path, "a.ogg")
    (tmp_path / "notes.xml").write_text("<notes/>")
    os.mkfifo(tmp_path / "pipe.sqlite")
    for name in ("a.ogg/Running", "notes.xml/Running", "pipe.sqlite/Running", "none.sqlite/Running"):
        (one,) = find_items([tmp_path / name])
        assert isinstance(one, Unreadable)
        assert one.error.code == "source.not_found"
