"""The commands ``find`` and ``library``: tables, lines, and what other programs read."""

import csv
import io
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.errors import PacesError
from paces_live.events import SongPace, Track
from paces_live.library.entries import UNKNOWN
from paces_live.library.store import Library, default_path
from paces_live.render.found import COLUMNS
from tests.support.library import command, fill, on_terminal, records, without_rights

STRANGE = os.fsdecode(b"/m/caf\xe9\n.ogg")


@pytest.fixture(autouse=True)
def library(state: Path) -> Path:
    """Return the library of this user, with a few songs."""
    path = default_path()
    with Library(path) as opened:
        lock, double = SongPace(165.3, 0.97, 0.9), SongPace(82.4, 0.9, 1.0)
        fill(
            opened,
            ("/m/lock.ogg", [lock], 165.3, Track(title="One", artist="=The Steps", genre="Rock")),
            (STRANGE, [double, SongPace(164.8, 0.94, 1.0)], 82.4, Track(title="Two")),
            ("/m/far.ogg", [SongPace(120.0, 0.9, 1.0)], 120.0, Track(title="Far")),
            ("/m/none.ogg", [], None, Track(title="None")),
        )
        opened.fail(
            Path("/m/bad.ogg"), UNKNOWN, PacesError("/m/bad.ogg: is empty", hint="choose another", code="source")
        )
    assert path.is_relative_to(state)
    return path


def run(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, [*map(str, args)], prog_name="paces-live")


def test_in_a_pipe_each_song_is_a_line_best_first() -> None:
    assert run("find", "pace:165").stdout.splitlines() == [
        "/m/lock.ogg  =The Steps - One  3:20  165.3 (97 %)  MATCH 165.3 (lock, +0.2 %), a step on every beat",
        "/m/caf\ufffd\ufffd.ogg  Two  3:21  82.4 (90 %), 164.8 (94 %)  MATCH 164.8 (lock, -0.1 %), two steps a beat",
    ]
    assert run("find", "none").stdout == "/m/none.ogg  None  3:23  no pace found\n"
    assert run("find", "polka").stdout == ""


def test_a_query_may_be_several_words_and_begin_with_a_minus() -> None:
    for query in (
        ["-genre:rock", "pace:165"],
        ["pace:165", "-genre:rock"],
        ["-rock pace:165"],
        ["-rock", "pace:165"],
        ["--", "-one", "two"],
    ):
        result = run("find", *query)
        assert (result.exit_code, result.stdout.count("\n"), "Two" in result.stdout) == (0, 1, True), query
    assert "Usage" in run("find", "-h").stdout


def test_json_follows_the_schema_and_csv_has_a_row_for_each_song() -> None:
    found = records(run("find", "pace:165", "--json").stdout)
    assert [(one["title"], one["pace"]["spm"], one["steps"], one["match"]["grade"]) for one in found] == [
        ("One", 165.3, 1.0, "lock"),
        ("Two", 164.8, 2.0, "lock"),
    ]
    assert found[1]["path"] == "file:///m/caf%E9%0A.ogg"
    everything = records(run("find", "--json").stdout)
    assert {one["title"]: one["pace"] for one in everything} == dict.fromkeys(("One", "Two", "Far", "None"))
    rows = list(csv.DictReader(io.StringIO(run("find", "pace:165", "--csv").stdout)))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["artist"], rows[0]["pace"], rows[0]["grade"]) == ("'=The Steps", "165.30", "lock")
    assert (rows[1]["paces"], rows[1]["steps"]) == ("82.40 164.80", "2.00")


def test_names_that_are_no_utf8_are_found() -> None:
    for query in (b"caf\xe9", b"path:/m/caf\xe9", b"caf\xc3\xa9"):
        done = subprocess.run([*command("find", "--null"), query], capture_output=True, check=True)
        assert done.stdout == (b"" if query == b"caf\xc3\xa9" else b"/m/caf\xe9\n.ogg\0")


def test_null_gives_the_bytes_of_paths() -> None:
    done = subprocess.run(command("find", "pace:165", "--null"), capture_output=True, check=True)
    assert done.stdout == b"/m/lock.ogg\0/m/caf\xe9\n.ogg\0"
    with subprocess.Popen(command("find", "--null"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_on_a_terminal_there_is_a_table_of_the_best() -> None:
    lines = on_terminal("find", "pace:165").splitlines()
    assert lines[0].split() == ["pace", "sure", "length", "song"]
    assert " ".join(lines[1].split()) == "165.3 97 % lock, +0.2 %, a step on every beat 3:20 =The Steps - One"
    assert len(lines) == 3
    assert on_terminal("find", "--first", "1").splitlines()[2:] == ["", "3 more: --first 4 shows them all"]
    assert on_terminal("find", "polka") == "no song fits\n"


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (["find", "bpm:120"], 2, "bpm:120: bpm is no field: "),
        (["find", "--json", "--null"], 2, "--json, --csv and --null exclude each other: choose one"),
        (["find", "--first", "0"], 2, "first 0 is out of range: choose at least 1"),
        (["find", "--library", "/nowhere/l.db"], 1, "there is no library at /nowhere/l.db: make one: paces-live scan"),
        (["library", "--library", "/nowhere/l.db"], 1, "there is no library at /nowhere/l.db: make one: "),
        (["find", "--library", "/proc/version"], 1, "library /proc/version cannot be used ("),
    ],
)
def test_what_is_wrong_is_one_line(args: list[str], status: int, words: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (status, "", 1)
    assert result.stderr.startswith(f"paces-live: {words}")


def test_looking_does_not_make_a_library(library: Path) -> None:
    library.unlink()
    assert run("find", "pace:165").exit_code == 1
    assert not library.exists()


def test_a_library_in_a_folder_that_may_not_be_written_is_searched(library: Path) -> None:
    library.parent.chmod(0o500)
    for name in ("find", "library"):
        done = subprocess.run([*without_rights(), *command(name)], capture_output=True, text=True)
        assert (done.returncode, done.stderr, done.stdout.count("\n") >= 4) == (0, "", True)
    library.parent.chmod(0o700)
    assert [path.name for path in library.parent.iterdir()] == ["library.db"]


def test_a_newer_library_is_left_alone(library: Path) -> None:
    with Library(library) as opened, opened.reading() as connection:
        connection.execute("PRAGMA user_version = 99")
    result = run("find")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "was written by a newer paces-live (version 99" in result.stderr


def test_the_tolerance_is_an_option_and_a_setting(settings_file: Path) -> None:
    assert run("find", "pace:165", "--tolerance", "0.15%").stdout.count("\n") == 1
    settings_file.write_text('tolerance = "0.15%"\n', "utf-8")
    assert run("find", "pace:165").stdout.count("\n") == 1
    assert run("find", "pace:165±1%").stdout.count("\n") == 2


def test_the_library_shows_how_many_songs_fit_each_target() -> None:
    result = run("library")
    first, _, heading, *rows = result.stdout.splitlines()
    assert first == "your library has 4 songs in 4 files; 1 file cannot be read"
    assert heading.split() == ["target", "songs", "that", "match", "locks", "a", "step", "on", "every", "beat"]
    figures = {row.split()[0]: row.split()[1:4] for row in rows}
    assert list(figures) == [str(target) for target in range(130, 205, 5)]
    assert (figures["165"], figures["190"]) == (["2", "2", "1"], ["0", "0", "0"])
    summary, *lines = records(run("library", "--json").stdout)
    assert (summary["type"], summary["unreadable"]) == ("library", 1)
    assert lines[7] == {"type": "fits", "target": 165.0, "songs": 2, "locks": 2, "on_beat": 1}


def test_a_narrow_terminal_shows_the_figures_that_fit() -> None:
    headings = [on_terminal("library", columns=columns, term="xterm").splitlines()[2] for columns in (59, 60)]
    assert ["a step on every beat" in heading for heading in headings] == [False, True]
    assert all("songs that match" in heading and "locks" in heading for heading in headings)


def test_the_library_lists_what_cannot_be_read() -> None:
    result = run("library", "--unreadable")
    assert (result.stdout, result.stderr) == ("/m/bad.ogg: is empty: choose another\n", "")
    assert records(run("library", "--unreadable", "--json").stdout) == [
        {
            "type": "error",
            "path": "/m/bad.ogg",
            "code": "source",
            "message": "/m/bad.ogg: is empty",
            "hint": "choose another",
        }
    ]
