"""The database of songs: kept, found, forgotten, migrated."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from paces_live.errors import HistoryError
from paces_live.history import database
from paces_live.history.database import MIGRATIONS, History
from tests.support.fakes import RISING
from tests.support.history import NOON, heard, rates


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.db") as opened:
        yield opened


def test_songs_come_back_as_they_were_newest_first(tmp_path: Path) -> None:
    songs = [heard("A", 165.31, 82.66), heard(None, minute=1), replace(heard("B", 123.4, minute=2), target=None)]
    with History(tmp_path / "deep" / "history.db") as history:
        for each in songs:
            history.add(each)
    with History(tmp_path / "deep" / "history.db") as history:
        assert history.songs() == songs[::-1]
        assert history.songs(limit=1) == songs[2:]
        assert history.count() == 3
    assert songs[0].match is not None
    assert (tmp_path / "deep").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("word", "titles"),
    [("steps", ["The Steps - One"]), ("100%", ["100% cotton"]), ("_", []), ("usb", ["100% cotton", "The Steps - One"])],
)
def test_songs_are_found_by_a_word(history: History, word: str, titles: list[str]) -> None:
    for title in ("The Steps - One", "100% cotton"):
        history.add(heard(title, 120.0))
    assert [each.title for each in history.songs(word=word)] == titles


def test_the_last_song_that_was_long_enough_is_recalled(history: History) -> None:
    assert history.recall("A") == ()
    history.add(heard("A", 160.0, 80.0))
    history.add(heard("A", 161.0, 80.5))
    history.add(heard("A", 99.0, length=20.0))
    history.add(heard("A"))
    history.add(heard("B", 99.0))
    assert rates(history.recall("A")) == [161.0, 80.5]


def test_a_song_whose_tempo_changes_is_kept_with_its_sections_and_not_recalled(history: History) -> None:
    rising = replace(heard("A"), paces=RISING.paces, sections=RISING.sections)
    history.add(rising)
    history.add(heard("B", 160.0))
    assert history.songs()[1] == rising
    assert history.recall("A") == ()


def test_a_title_with_contradictory_paces_is_not_recalled(history: History) -> None:
    for rate in (120.0, 155.0):
        history.add(heard("Radio Running", rate))
    assert history.recall("Radio Running") == ()


def test_cleared_songs_are_gone_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with History(path) as history:
        history.add(heard("Embarrassing tune", 120.0))
        history.clear()
        assert history.songs() == []
        files = [file.read_bytes() for file in tmp_path.iterdir()]
        assert len(files) == 3, "the database and the two files of its log"
        assert not any(b"Embarrassing" in content for content in files)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM pace").fetchone() == (0,)
    connection.close()


def test_several_programs_keep_songs_at_once(tmp_path: Path) -> None:
    def keep_songs(number: int) -> None:
        with History(tmp_path / "history.db") as history:
            for minute in range(5):
                history.add(heard(f"{number}", 120.0, minute=minute))

    with ThreadPoolExecutor(6) as programs:
        list(programs.map(keep_songs, range(6)))
    with History(tmp_path / "history.db") as history:
        assert history.count() == 30


FURTHER = (
    *MIGRATIONS,
    "ALTER TABLE song ADD COLUMN liked INTEGER;\nUPDATE song SET liked = 1;",
    "CREATE TABLE note (song INTEGER, text TEXT);\n"
    "CREATE TRIGGER no_note AFTER DELETE ON song BEGIN\n DELETE FROM note WHERE song = old.id;\nEND;",
)


@pytest.mark.parametrize("scripts", [MIGRATIONS, FURTHER])
def test_every_older_version_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(database, "MIGRATIONS", scripts)
    for version in range(len(scripts) + 1):
        path = tmp_path / f"{version}.db"
        connection = sqlite3.connect(path)
        for script in scripts[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {version}")
        if version:
            connection.execute(
                "INSERT INTO song (heard, input, title, length) VALUES (?, 'mic', 'Old', 30)", [str(NOON)]
            )
            connection.execute("INSERT INTO pace (song, spm, probability, share) VALUES (1, 150, 0.9, 1)")
        connection.commit()
        connection.close()
        with History(path) as history:
            history.add(heard("New", 120.0))
            assert [each.title for each in history.songs()] == ["New", "Old"][: 1 + bool(version)]
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(scripts),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_a_failed_migration_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.db"
    with History(path) as history:
        history.add(heard("A", 150.0))
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*MIGRATIONS, "DROP TABLE pace;\nDROP TABLE nowhere;"))
        with pytest.raises(HistoryError, match="no such table: nowhere"):
            History(path)
    with History(path) as history:
        assert rates(history.recall("A")) == [150.0]


def test_a_damaged_row_is_one_line(tmp_path: Path, history: History) -> None:
    history.add(heard("A", 150.0))
    connection = sqlite3.connect(tmp_path / "history.db")
    with connection:
        connection.execute("UPDATE song SET sections = '[[1.0, '")
    connection.close()
    with pytest.raises(HistoryError, match="it is damaged"):
        history.songs()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE future (x)")
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"newer paces-live .*: update paces-live, or .* --no-history"):
        History(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["history.db"]


def test_a_file_that_is_not_a_database_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_text("dear diary\n" * 100)
    for wrong in (path, path / "in" / "a" / "file", tmp_path):
        with pytest.raises(HistoryError, match=r"cannot be used \(.*\): .*--no-history") as raised:
            History(wrong)
        assert "\n" not in str(raised.value)
    assert path.read_text().startswith("dear diary")
