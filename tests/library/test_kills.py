"""A scan that is killed at any moment has lost nothing, and does nothing twice. KILLS is how often it is killed."""

import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.library import command, records, write

KILLS = int(os.environ.get("KILLS", "6"))
SONGS = max(12, 5 * KILLS // 2)
LONGEST_S = 1.5
"""Longest time after which a scan is killed, seconds: it starts, analyses a few songs, and is in the middle of one."""


def kept(library: Path) -> set[str]:
    """Return the names of the files whose song is in the library, after a check that it is whole."""
    if not library.exists():
        return set()
    connection = sqlite3.connect(library)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            return set()
        assert connection.execute("SELECT count(*), count(DISTINCT content) FROM song").fetchone() == (
            *connection.execute("SELECT count(*) FROM file WHERE song IS NOT NULL").fetchone() * 2,
        )
        return {
            Path(os.fsdecode(path)).name
            for (path,) in connection.execute("SELECT path FROM file WHERE song IS NOT NULL")
        }
    finally:
        connection.close()


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path) -> None:
    music, library, output = tmp_path / "music", tmp_path / "library.db", tmp_path / "output"
    names = {write(music / f"{number:03}.flac", 100.0 + number * 100.0 / SONGS, 6.0).name for number in range(SONGS)}
    scan = command("scan", music, "--library", library, "--json", "--jobs", "2")
    moments = random.Random(1)
    done: list[str] = []
    for killed in range(KILLS + 1):
        with output.open("w+") as file, subprocess.Popen(scan, stdout=file) as process:
            if killed < KILLS:
                time.sleep(moments.uniform(0.0, LONGEST_S))
                process.send_signal(signal.SIGKILL)
            process.wait()
        text = output.read_text()
        found = [one for one in records(text[: text.rfind("\n") + 1]) if one["type"] == "scanned"]
        assert {one["how"] for one in found} <= {"analysed"}
        done += [Path(one["path"]).name for one in found]
        assert set(done) <= kept(library), "lost"
    assert len(done) == len(set(done)), "done twice"
    assert kept(library) == names
    assert process.returncode == 0


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    for number in range(8):
        write(tmp_path / f"{number}.flac", 120.0 + number)
    scan = command("scan", tmp_path, "--library", tmp_path / "library.db", "--json", "--jobs", "1")
    with subprocess.Popen(scan, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        os.kill(int(children[0]), signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == 0
    *files, summary = records("".join(lines))
    assert {one["how"] for one in files} == {"analysed"}
    assert len(files) == summary["songs"] == 8


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"{number}.flac", 120.0 + number, 30.0)
    scan = command("scan", tmp_path, "--library", tmp_path / "library.db", "--json", "--jobs", "1")
    with subprocess.Popen(scan, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        done = records(first + process.stdout.read())
        assert (process.wait(), process.stderr.read()) == (130, "")
    assert {Path(one["path"]).name for one in done} <= kept(tmp_path / "library.db")
    assert len(done) < 20
