"""Exports that are interrupted, and folders that fail them: kills, watches, full and read-only disks. All is real."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.disks import on_small_disk
from tests.support.exported import contents, listed, music
from tests.support.library import command
from tests.support.mtp import on_watch


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    return music(tmp_path / "Music", tmp_path / "library.db", 12, 3.0)


def export(songs: Path, folder: Path, *arguments: str) -> list[str]:
    library = songs.parent / "library.db"
    return command("export", folder, "pace:155", "--library", library, *arguments)


def in_shell(songs: Path, folder: Path, *arguments: str) -> str:
    return shlex.join(export(songs, folder, *arguments))


@pytest.mark.slow
def test_kills_leave_nothing_broken(songs: Path, tmp_path: Path) -> None:
    whole, stick = tmp_path / "whole", tmp_path / "stick"
    stick.mkdir()
    subprocess.run(export(songs, whole, "--mp3"), check=True, capture_output=True)
    for killed_at in (1, 2, 3, 5, 8):
        with subprocess.Popen(export(songs, stick, "--mp3"), stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and len(os.listdir(stick)) < killed_at:  # noqa: PTH208
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        expected = contents(whole)
        for name, data in contents(stick).items():
            if not name.startswith("paces-live."):
                assert data == expected[name], "each name has a whole song"
        if (stick / "paces-live.m3u8").exists():
            assert set(listed(stick)) <= set(contents(stick)), "the playlist lists what is there"
    done = subprocess.run(export(songs, stick, "--mp3"), check=True, capture_output=True, text=True)
    assert "there already" in done.stdout.splitlines()[-1]
    assert contents(stick) == contents(whole)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_there_and_lists_it(songs: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with subprocess.Popen(export(songs, stick, "--mp3"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None and len(os.listdir(stick)) < 4:  # noqa: PTH208
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode == 130
    found = set(contents(stick)) - {"paces-live.m3u8"}
    assert 2 <= len(found) < 12
    assert listed(stick) == sorted(found)


@pytest.mark.slow
@pytest.mark.parametrize("can", ["rename open", "open", "rename", ""])
def test_a_watch_gets_contents_alone(can: str, songs: Path, tmp_path: Path) -> None:
    if "open" not in can and shutil.which("gio") is None:
        pytest.skip("gio is missing: apt install libglib2.0-bin")
    whole, watch, back = tmp_path / "whole", tmp_path / "watch", tmp_path / "back"
    subprocess.run(export(songs, whole, "--mp3"), check=True, capture_output=True)
    before = in_shell(songs, watch, "-title:5", "--mp3", "--max-size", "16M")
    run = in_shell(songs, watch, "--mp3", "--remove")
    script = f"set -e; {before}; {run}; {run}; mkdir {back}; {'cp' if 'open' in can else 'gio copy'} {watch}/* {back}"
    done = on_watch(watch, script, can=can)
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(back) == contents(whole)
    *_, again, refused = done.stdout.splitlines()
    assert again.endswith(": 12 there already")
    # It does not try anything else that a watch refuses.
    tried = set(refused.removeprefix("refused: ").split(", "))
    expected = {"rename over a file"} | ({"fsync"} if "open" in can else {"open"})
    assert tried == expected | (set() if "rename" in can else {"rename"})


@pytest.mark.slow
def test_a_watch_that_is_pulled_out_is_one_line(songs: Path, tmp_path: Path) -> None:
    watch = tmp_path / "watch"
    done = on_watch(watch, in_shell(songs, watch), dies_after=300_000)
    assert done.returncode == 1
    assert done.stderr == (
        f"paces-live: {watch}: cannot be used: Transport endpoint is not connected: "
        "check that it is connected, and may be written to\n"
    )


@pytest.mark.slow
def test_a_disk_without_room_is_one_line_before_anything_is_copied(songs: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    done = on_small_disk(disk, 200, f"{in_shell(songs, disk)} && exit 3; ls -A {disk}")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"paces-live: {disk}: has 205 kB free, and the songs need ")
    assert "make room, or give --max-size" not in done.stderr, "a megabyte would be too much"
    assert done.stderr.count("\n") == 1
    assert done.stdout.splitlines()[-1].endswith(".opus"), "the list, and no file"


@pytest.mark.slow
def test_a_disk_that_fills_up_is_one_line_and_lists_what_is_there(songs: Path, tmp_path: Path) -> None:
    disk, back = tmp_path / "disk", tmp_path / "back"
    # The room is there before, and another program takes it.
    program = (
        "import sys; from paces_live.export.copying import Copying; from paces_live.cli.main import app\n"
        "from pathlib import Path\n"
        "begin = Copying.__enter__\n"
        "def fill(copying):\n"
        "    begin(copying)\n"
        f"    with open({str(disk / 'other')!r}, 'wb') as other:\n"
        "        other.write(bytes(1_500_000))\n"
        "    return copying\n"
        "Copying.__enter__ = fill\n"
        "app(sys.argv[1:])\n"
    )
    arguments = export(songs, disk)[3:]
    run = shlex.join([sys.executable, "-c", program, *arguments])
    again = in_shell(songs, disk)
    script = f"{run} && exit 3; mkdir {back}; cp {disk}/* {back}; rm {disk}/other; {again}"
    done = on_small_disk(disk, 2000, script)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"paces-live: {disk}: is full: remove something, or give --max-size\n"
    found = set(contents(back)) - {"other", "paces-live.m3u8"}
    assert 0 < len(found) < 12
    assert listed(back) == sorted(found)
    assert done.stdout.splitlines()[-1].endswith(f"{len(found)} there already")


@pytest.mark.slow
def test_a_read_only_disk_is_one_line(songs: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    done = on_small_disk(disk, 4000, f"mount -o remount,ro {disk}; {in_shell(songs, disk)} && exit 3; exit 0")
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        f"paces-live: {disk}: cannot be used: Read-only file system: "
        "check that it is connected, and may be written to\n"
    )
