"""The command ``scan``: what it writes, two of it at once, and disks that are full or may not be written to."""

import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from paces_live.events import Track
from paces_live.history.database import History
from paces_live.library.entries import Stamp
from paces_live.library.store import Library
from paces_live.render.progress import Rate
from tests.support.disks import on_small_disk
from tests.support.dj import mixxx
from tests.support.library import command, fill, on_terminal, records, scanned, write


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for number in range(6):
        write(folder / f"{number}.flac", 120.0 + 10.0 * number)
    return folder


def test_it_shows_what_is_in_the_library_and_what_cannot_be_read(music: Path, tmp_path: Path, state: Path) -> None:
    (tmp_path / "text.ogg").write_text("not music")
    done = scanned(tmp_path, music / "1.flac")
    assert (done.returncode, done.stdout) == (1, "your library has 1 song in 1 file; 1 file cannot be read\n")
    assert done.stderr.count("\n") == 1
    assert "text.ogg: is not audio" in done.stderr
    assert (state / "paces-live" / "library.db").exists()
    done = scanned(tmp_path, music / "1.flac")
    assert (done.returncode, done.stderr) == (0, "")


def test_its_lines_of_json_follow_the_schema(music: Path, tmp_path: Path) -> None:
    (tmp_path / "text.ogg").write_text("not music")
    shutil.copy(music / "1.flac", tmp_path / "copy.flac")
    library = tmp_path / "library.db"
    scanned(music / "1.flac", "--library", library)
    found = records(scanned(tmp_path, music / "2.flac", "--library", library, "--json").stdout)
    assert {Path(one.get("path", "")).name: one.get("how") for one in found[:-1]} == {
        "copy.flac": "known",
        "2.flac": "analysed",
        "text.ogg": None,
    }
    assert found[-1] == {"type": "library", "songs": 2, "files": 3, "stale": 0, "unreadable": 1, "gone": 0}


def test_a_terminal_shows_how_far_it_is_and_a_log_gets_a_line_a_minute(music: Path, tmp_path: Path) -> None:
    shown = on_terminal("scan", music, "--library", tmp_path / "library.db", term="xterm")
    assert re.search(r"6 of 6, \d+ a minute, \d+ times as fast as it plays, 0:00 left", shown)
    assert shown.splitlines()[-1].endswith("your library has 6 songs in 6 files")
    times = iter([0.0, 0.0, 30.0, 90.0, 100.0, 151.0])
    log = io.StringIO()
    with Rate(log, clock=lambda: next(times)) as rate:
        rate.total = 4
        for _ in range(4):
            rate.done(60.0)
    assert log.getvalue().splitlines() == [
        "paces-live: 2 of 4, 1 a minute, 1 times as fast as it plays, 1:30 left",
        "paces-live: 4 of 4, 2 a minute, 2 times as fast as it plays, 0:00 left",
    ]


def test_two_scans_at_once_share_the_work(music: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    scans = [
        subprocess.Popen(
            command("scan", music, "--library", library, "--json", "--jobs", "1"), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [one.communicate(timeout=60)[0] for one in scans]
    assert [one.returncode for one in scans] == [0, 0]
    found = [one for output in outputs for one in records(output)]
    analysed = sorted(Path(one["path"]).name for one in found if one.get("how") == "analysed")
    assert analysed == sorted(path.name for path in music.iterdir()), "nothing is left out, and nothing is done twice"
    assert [one["songs"] for one in found if one["type"] == "library"] == [6, 6]


def test_a_crate_of_mixxx(music: Path, tmp_path: Path) -> None:
    songs = sorted(music.iterdir())
    database = mixxx(tmp_path / "mixxxdb.sqlite", songs, {"Running": [1, 3]})
    done = scanned(database / "Running", "--library", tmp_path / "library.db", "--json")
    names = {Path(one["path"]).name for one in records(done.stdout) if one["type"] == "scanned"}
    assert (names, done.returncode) == ({songs[1].name, songs[3].name}, 0)


def test_a_pipe_with_the_name_of_a_playlist_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.m3u")
    done = scanned(tmp_path / "x.m3u", "--library", tmp_path / "library.db")
    assert done.stderr == f"paces-live: {tmp_path}/x.m3u: is not a regular file: give a playlist in a file\n"


def test_what_a_program_reads_does_not_go_to_the_terminal(music: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    shown = on_terminal(
        "scan", music / "1.flac", "--json", "--library", tmp_path / "library.db", term="xterm", into=lines
    )
    assert [one["type"] for one in records(lines.read_text())] == ["scanned", "library"]
    assert "{" not in shown
    assert "1 of 1" in shown


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([""], "a path is empty: write . for the folder that you are in"),
        (["--jobs", "0"], "jobs 0 is out of range: choose at least 1"),
        (["--model", "none.json"], "cannot read none.json: No such file or directory: give a model file, such as"),
        (["--library", "/proc/library.db"], "library /proc/library.db cannot be used"),
    ],
)
def test_what_cannot_work_is_one_line(music: Path, wrong: list[str], words: str) -> None:
    done = scanned(music, *wrong)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.startswith(f"paces-live: {words}")
    assert done.stderr.count("\n") == 1


def test_a_full_disk_is_one_line_and_harms_nothing(music: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    scan = " ".join(command("scan", music, "--library", disk / "library.db", "--jobs", "1"))
    script = (
        f"{scan.replace(str(music), str(music / '1.flac'))}\n"
        f"dd if=/dev/zero of={disk}/ballast bs=1k 2>{tmp_path}/dd || true\n"
        f"{scan} && exit 3\n"
        f"rm {disk}/ballast\n{scan}\n"
    )
    done = on_small_disk(disk, 400, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["your library has 1 song in 1 file", "your library has 6 songs in 6 files"]
    assert done.stderr.startswith(f"paces-live: library {disk}/library.db cannot be used (")
    assert done.stderr.count("\n") == 1


def test_a_read_only_disk_is_one_line(music: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    scan = " ".join(command("scan", music, "--library", disk / "library.db"))
    done = on_small_disk(disk, 4000, f"mount -o remount,ro {disk}\n{scan} && exit 3\nexit 0")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"paces-live: library {disk}/library.db cannot be used (")
    assert done.stderr.count("\n") == 1


def test_the_database_of_another_program_is_left_alone(music: Path, tmp_path: Path) -> None:
    stranger, history = tmp_path / "stranger.db", tmp_path / "history.db"
    with closing(sqlite3.connect(stranger)) as connection:
        connection.execute("CREATE TABLE mine (one)")
    with History(history):
        pass
    for path in (stranger, history):
        before = path.read_bytes()
        done = scanned(music, "--library", path)
        assert (done.returncode, done.stdout, path.read_bytes()) == (1, "", before)
        assert done.stderr.startswith(f"paces-live: {path} is a database, but no library; nothing in it was changed: ")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    song = write(tmp_path / "song.flac", 120.0)
    few, many = (peak_mb(fill_folder(tmp_path / str(files), song, files), tmp_path) for files in (10_000, 40_000))
    # A hundred bytes for each would be 3 MB; the caches of SQLite grow a little more.
    assert many - few < 2.0


def fill_folder(folder: Path, song: Path, files: int) -> Path:
    """Make a folder with so many links to a song."""
    for number in range(files):
        path = folder / f"{number // 200}" / f"{number} a song with a name as long as names are.mp3"
        if number % 200 == 0:
            path.parent.mkdir(parents=True)
        path.symlink_to(song)
    return folder


def peak_mb(folder: Path, scratch: Path) -> float:
    """Return the most memory that a scan of a folder takes in which everything is known."""
    library = scratch / f"{folder.name}.db"
    paths = sorted(folder.rglob("*.mp3"))
    stamp = Stamp.of(paths[0])
    with Library(library) as opened:
        fill(opened, (str(folder.parent / "song.flac"), (), None, Track()))
        with opened.reading() as connection:
            connection.execute("BEGIN")
            rows = [(bytes(path), *stamp) for path in paths]
            connection.executemany("INSERT INTO file (path, size, modified, song) VALUES (?, ?, ?, 1)", rows)
            connection.execute("COMMIT")
    # Of the process itself: the figure of getrusage has that of its parent in it.
    program = (
        "import sys; from pathlib import Path; from tests.support.library import scan\n"
        "assert scan(Path(sys.argv[1]), Path(sys.argv[2])) == []\n"
        "print(Path('/proc/self/status').read_text('ascii').partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", program, library, folder], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024
