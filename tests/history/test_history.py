"""Songs heard: how they are kept, recalled, listed and forgotten; and that nothing else is written."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from paces_live import demo
from paces_live.cli import main as cli
from paces_live.errors import HistoryError
from paces_live.events import End, Event, Pace, Reading, SongPace
from paces_live.history import database
from paces_live.history.database import MIGRATIONS, HeardSong, History, default_path
from paces_live.history.recall import RememberingEngine
from paces_live.match import best_match
from paces_live.render.history import COLUMNS
from paces_live.system.doctor.checks import history_check
from tests.support.fakes import START, TWO_SONGS, FakeSource, ScriptedEngine, reading, song
from tests.support.signals import rock

REPO = Path(__file__).parents[2]
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def heard(title: str | None, *rates: float, minute: int = 0, length: float = 200.0, target: float = 165.0) -> HeardSong:
    paces = tuple(SongPace(rate, 0.97, 0.9) for rate in rates)
    match = best_match(paces, target)
    return HeardSong(NOON + timedelta(minutes=minute), "mic:USB", title, length, paces, target, match)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.db") as opened:
        yield opened


def rates(paces: tuple[Pace, ...]) -> list[float]:
    return [pace.spm for pace in paces]


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


def test_a_title_is_recalled_by_its_last_good_hearing(history: History) -> None:
    assert history.recall("A") == ()
    history.add(heard("A", 160.0, 80.0))
    history.add(heard("A", 161.0, 80.5))
    history.add(heard("A", 99.0, length=20.0))
    history.add(heard("A"))
    history.add(heard("B", 99.0))
    assert rates(history.recall("A")) == [161.0, 80.5]


def test_a_title_that_songs_contradict_each_other_about_is_none(history: History) -> None:
    for rate in (120.0, 155.0):
        history.add(heard("Radio Running", rate))
    assert history.recall("Radio Running") == ()


def test_what_is_cleared_is_gone_from_the_file(tmp_path: Path) -> None:
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
    def keep(number: int) -> None:
        with History(tmp_path / "history.db") as history:
            for minute in range(5):
                history.add(heard(f"{number}", 120.0, minute=minute))

    with ThreadPoolExecutor(6) as programs:
        list(programs.map(keep, range(6)))
    with History(tmp_path / "history.db") as history:
        assert history.count() == 30


FURTHER = (
    *MIGRATIONS,
    "ALTER TABLE song ADD COLUMN liked INTEGER;\nUPDATE song SET liked = 1;",
    "CREATE TABLE note (song INTEGER, text TEXT);\n"
    "CREATE TRIGGER no_note AFTER DELETE ON song BEGIN\n DELETE FROM note WHERE song = old.id;\nEND;",
)


@pytest.mark.parametrize("scripts", [MIGRATIONS, FURTHER])
def test_each_older_version_is_brought_up_to_date(
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
            connection.execute("INSERT INTO pace VALUES (1, 150, 0.9, 1)")
        connection.commit()
        connection.close()
        with History(path) as history:
            history.add(heard("New", 120.0))
            assert [each.title for each in history.songs()] == ["New", "Old"][: 1 + bool(version)]
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(scripts),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.db"
    with History(path) as history:
        history.add(heard("A", 150.0))
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*MIGRATIONS, "DROP TABLE pace;\nDROP TABLE nowhere;"))
        with pytest.raises(HistoryError, match="no such table: nowhere"):
            History(path)
    with History(path) as history:
        assert rates(history.recall("A")) == [150.0]


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE future (x)")
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"newer paces-live .*: update paces-live, or listen with --no-history"):
        History(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["history.db"]


def test_what_is_no_database_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_text("dear diary\n" * 100)
    for wrong in (path, path / "in" / "a" / "file", tmp_path):
        with pytest.raises(HistoryError, match=r"cannot be used \(.*\): .*--no-history") as told:
            History(wrong)
        assert "\n" not in str(told.value)
    assert path.read_text().startswith("dear diary")


def hear(engine: ScriptedEngine, path: Path) -> tuple[list[Event], RememberingEngine]:
    remembering = RememberingEngine(engine, path, clock=lambda: NOON)
    return list(remembering.events(FakeSource())), remembering


def titled(event: Event, title: str | None) -> Event:
    return replace(event, title=title) if isinstance(event, Reading) else event


def test_songs_that_end_are_kept_and_events_pass_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    events, remembering = hear(ScriptedEngine(TWO_SONGS, target=160.0), path)
    assert events == list(TWO_SONGS)
    assert remembering.trouble is None
    with History(path) as history:
        second, first = history.songs()
    assert (first.heard, first.input, first.title, first.length) == (NOON, "file:demo.ogg", None, 40.0)
    assert (second.title, second.target, second.match) == ("Waltz of the open road", 160.0, song(1, 0, 9, 165.31).match)


SCRIPT: tuple[Event, ...] = (
    START,
    reading(1.0, state="listening"),
    *(titled(reading(float(t), state="listening"), "A") for t in range(2, 8)),
    titled(reading(8.0, state="no_pulse"), "A"),
    titled(reading(9.0, [(120.0, 0.9)], state="provisional"), "A"),
    titled(reading(10.0, state="no_pulse"), "A"),
    song(1, 0.0, 40.0, 120.0, title="A"),
    titled(reading(41.0, state="silence", song=2), "B"),
    titled(reading(80.0, state="silence", song=2), "B"),
    titled(reading(81.0, state="listening", song=2), "B"),
    titled(reading(104.0, state="no_pulse", song=2), "B"),
    titled(reading(105.0, state="no_pulse", song=2), "B"),
    song(2, 80.0, 106.0, title="B"),
    titled(reading(107.0, state="listening", song=3), "C"),
    titled(reading(108.0, state="listening", song=3), "A"),
    End(108.0),
)


def test_a_known_title_has_its_paces_until_the_sound_tells(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with History(path) as history:
        history.add(heard("A", 165.31, 82.66))
        history.add(heard("B", 99.0))
    events, _ = hear(ScriptedEngine(SCRIPT), path)
    readings = {event.t: event for event in events if isinstance(event, Reading)}
    assert [t for t, each in readings.items() if each.remembered] == [*range(2, 9), 81.0, 104.0]
    first = readings[2.0]
    assert (first.state, rates(first.paces)) == ("provisional", [165.31, 82.66])
    assert first.match == best_match(first.paces, 165.0)
    assert readings[81.0].match is None
    live = [event for event in events if not (isinstance(event, Reading) and event.remembered)]
    assert live == [
        event for event in SCRIPT if not (isinstance(event, Reading) and event.t in (*range(2, 9), 81, 104))
    ]


def test_the_engine_is_steered_through_it(tmp_path: Path) -> None:
    engine = ScriptedEngine((), live=True)
    remembering = RememberingEngine(engine, tmp_path / "history.db")
    remembering.target, remembering.tolerance = 150.0, 0.03
    assert (engine.target, engine.tolerance) == (remembering.target, remembering.tolerance) == (150.0, 0.03)
    remembering.paused = True
    assert (engine.paused, remembering.paused, remembering.sample_rate) == (True, True, engine.sample_rate)
    remembering.stop()
    assert [type(event).__name__ for event in remembering.events(FakeSource())] == ["Song", "End"]


def test_a_history_that_cannot_be_opened_stops_nothing() -> None:
    events, remembering = hear(ScriptedEngine(TWO_SONGS), Path("/dev/null/history.db"))
    assert remembering.trouble is not None
    assert "cannot be used" in remembering.trouble
    readings = [event for event in events if isinstance(event, Reading)]
    assert {each.health.note for each in readings} == {remembering.trouble}
    plain = [replace(each, health=replace(each.health, note=None)) for each in readings]
    assert plain == [event for event in TWO_SONGS if isinstance(event, Reading)]


def test_a_full_disk_is_told_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.db"
    room = [1, 1000]
    add = History.add

    def limited(history: History, heard: HeardSong) -> None:
        # SQLite's own way to run out of room; the title is too long for the pages that are there.
        history._connection.execute(f"PRAGMA max_page_count = {room.pop(0)}")
        add(history, replace(heard, title=20_000 * "x"))

    monkeypatch.setattr(History, "add", limited)
    script = (START, song(1, 0.0, 40.0, 120.0), reading(41.0), song(2, 40.0, 80.0, 120.0), reading(81.0), End(81.0))
    events, remembering = hear(ScriptedEngine(script), path)
    assert remembering.trouble is not None
    assert "database or disk is full" in remembering.trouble
    assert [event.health.note for event in events if isinstance(event, Reading)] == [remembering.trouble, None]
    with History(path) as history:
        assert history.count() == 1


def run(*args: str, **options: Any) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb", "TZ": "UTC"}).invoke(cli.app, args, **options)


@pytest.fixture
def kept(state: Path) -> Path:
    """Return the database of a history of three songs, where the commands look for it."""
    path = default_path()
    assert path == state / "paces-live" / "history.db"
    with History(path) as history:
        history.add(heard("The Steps - One", 165.31, 82.66))
        history.add(heard(None, minute=5))
        history.add(heard('=A, "quoted" tune', 123.4, minute=10))
    return path


@pytest.mark.usefixtures("kept")
def test_history_lists_songs() -> None:
    lines = run("history").stdout.splitlines()
    assert lines[0].split() == ["heard", "title", "length", "paces", "target"]
    assert '=A, "quoted" tune' in lines[1]
    assert "NO MATCH" in lines[1]
    assert "mic:USB" in lines[2]
    assert "none found" in lines[2]
    assert "82.7 (97 %), 165.3 (97 %)" in lines[3]
    assert "MATCH 165.3 (lock, +0.2 %)" in lines[3]
    assert len(lines) == 4
    assert len(run("history", "-n", "2").stdout.splitlines()) == 3
    assert "One" in run("history", "--search", "steps").stdout
    assert run("history", "--search", "polka").stdout == "no songs with polka heard yet\n"


@pytest.mark.usefixtures("kept")
def test_history_for_programs() -> None:
    records = [json.loads(line) for line in run("history", "--json").stdout.splitlines()]
    assert [record["title"] for record in records] == ['=A, "quoted" tune', None, "The Steps - One"]
    assert records[2] == {
        "type": "heard",
        "heard": "2026-11-24T12:00:00+00:00",
        "input": "mic:USB",
        "title": "The Steps - One",
        "length": 200.0,
        "paces": [{"spm": spm, "probability": 0.97, "share": 0.9} for spm in (165.31, 82.66)],
        "target": 165.0,
        "match": {"spm": 165.31, "error": 0.0019, "grade": "lock"},
    }
    rows = list(csv.DictReader(io.StringIO(run("history", "--csv").stdout)))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["title"] == '=A, "quoted" tune'
    assert (rows[2]["paces"], rows[2]["grade"], rows[1]["match"]) == ("82.66 165.31", "lock", "")
    assert run("history", "--json", "--csv").exit_code == 2


def test_looking_into_an_empty_history_makes_none(state: Path) -> None:
    for args in (["history"], ["history", "clear"]):
        assert (run(*args).stdout, list(state.iterdir())) == ("no songs heard yet\n", [])
    assert run("history", "--json").stdout == ""


def test_clearing_asks(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("history", "clear")
    assert (result.exit_code, result.stderr) == (
        2,
        "paces-live: history clear forgets 3 songs and cannot ask here: add --yes\n",
    )
    with monkeypatch.context() as patch:
        patch.setattr("paces_live.cli.history._can_ask", lambda: True)
        assert run("history", "clear", input="n\n").exit_code == 1
        assert len(run("history", "--json").stdout.splitlines()) == 3
        assert run("history", "clear", input="y\n").stdout.endswith("forgot 3 songs\n")
    assert kept.exists()
    assert run("history").stdout == "no songs heard yet\n"
    assert run("history", "clear", "--yes").stdout == "forgot 0 songs\n"


def test_a_newer_history_is_an_error_of_one_line(kept: Path) -> None:
    connection = sqlite3.connect(kept)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    for args in (["history"], ["history", "clear", "--yes"]):
        result = run(*args)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert "update paces-live" in result.stderr


def test_doctor_tells_of_the_history(kept: Path) -> None:
    assert (history_check().ok, history_check().detail) == (True, f"3 songs heard, kept in {kept}")
    kept.write_bytes(b"dear diary")
    assert (history_check().ok, "XDG_STATE_HOME" in history_check().fix) == (False, True)
    kept.unlink()
    assert (history_check().ok, kept.exists()) == (True, False)


WATCHED = """
import atexit, json, os, sys
written = []
def watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if not isinstance(path, int) and (set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)):
            written.append(str(path))
sys.addaudithook(watch)
os.close(os.open("probe", os.O_WRONLY | os.O_CREAT))
os.remove("probe")
atexit.register(lambda: print(json.dumps(written), file=sys.stderr))
from paces_live.__main__ import main
main()
"""


@pytest.mark.parametrize(("source", "options"), [("-", "--json"), ("file", "--plain"), ("file", "--no-history")])
def test_audio_is_never_written(tmp_path: Path, options: str, source: str) -> None:
    """Neither Python nor a library under it leaves anything but the history: no other file is opened, none is there."""
    rate = 22050
    audio = np.concatenate([rock(150.0, 30.0), np.zeros(3 * rate, np.float32)])
    music = tmp_path / "music.wav"
    soundfile.write(music, audio, rate)
    home = tmp_path / "home"
    home.mkdir()
    own = {name: str(home) for name in ("HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    arguments = [
        "listen",
        "-i",
        source if source == "-" else str(music),
        "--fast",
        "--rate",
        str(rate),
        options,
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        input=(32767 * np.clip(audio, -1, 1)).astype("<i2").tobytes() if source == "-" else b"",
        env=os.environ | own | {"PYTHONPATH": str(REPO), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=home,
        capture_output=True,
        check=True,
        timeout=60,
    )
    # The probe shows that others would be seen.
    assert set(json.loads(done.stderr)) - {os.devnull} == {"probe"}
    left = {path.relative_to(home): path.stat().st_size for path in home.rglob("*") if path.is_file()}
    assert list(left) == ([] if "--no-history" in options else [Path("paces-live/history.db")])
    assert sum(left.values()) < rate, "not even one bit a sample"
    if left:
        with History(home / "paces-live/history.db") as history:
            (kept,) = history.songs()
        assert kept.title == (None if source == "-" else "music")
        assert 150 in [round(pace.spm) for pace in kept.paces]


def test_the_demo_is_not_the_users_music(state: Path) -> None:
    assert run("demo", "--fast", "--plain").exit_code == 0
    assert list(state.iterdir()) == []


def test_listening_goes_on_without_a_history_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    result = run("listen", "-i", str(demo.excerpt()), "--fast", "--json")
    assert result.exit_code == 0
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()].count("song") == 2
    assert result.stderr.count("\n") == result.stderr.count("history /dev/null/paces-live/history.db") == 1


def test_a_known_file_has_its_paces_at_once() -> None:
    with History(default_path()) as history:
        history.add(heard("demo", 61.0, 183.0))
    listening = ("listen", "-i", str(demo.excerpt()), "--fast", "--plain", "--target", "180")
    lines = run(*listening).stdout.splitlines()
    assert "song 1  remembered       demo  61.0 (97 %), 183.0 (97 %)  MATCH 183.0" in lines[1]
    assert "remembered" not in "".join(lines[2:])
    # Its two songs have the name of the file, and no pace in common: the name says nothing any more.
    assert "remembered" not in run(*listening).stdout
