"""``python -m benchmarks scan``: how fast a scan is beside other programs, its memory, and whether kills harm it.

It encodes songs as MP3, lets each program find their tempi in turn, scans many short songs and four times as many, and
kills scans (-9) at random moments. It writes a page.
"""

import argparse
import os
import platform
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import scan_page
from benchmarks.process import SINGLE, run
from benchmarks.whole_files import PROGRAMS

OWN = "paces-live scan"
TIMES = 4
"""How many times as many songs the second scan has of which the memory is measured."""
SHORT_S = 6.0
"""Length of the songs of which only the number matters, seconds."""
LONGEST_S = 1.5
"""Longest time after which a scan is killed, seconds: it starts, analyses a few songs, and is in the middle of one."""
LOOK_S = 0.02
"""Time between two looks at the memory of processes, seconds."""


@dataclass
class Killed:
    """What became of a library while its scans were killed.

    Attributes
    ----------
    names : set of str
        The songs.
    kills : int
    busy : int
        Kills after which there was still something to do.
    damaged : int
        Kills after which SQLite found the database damaged.
    lost : set of str
        Songs that a scan reported, and that were not in the library.
    missing : set of str
        Songs that are not in the library now.
    reported : list of str
        Songs that were reported, each as often as it was.
    """

    names: set[str]
    kills: int = 0
    busy: int = 0
    damaged: int = 0
    lost: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    reported: list[str] = field(default_factory=list)

    @property
    def twice(self) -> int:
        """How often a song was reported again."""
        return len(self.reported) - len(set(self.reported))

    def look(self, reported: Sequence[str], kept: set[str], *, is_sound: bool) -> None:
        """Note what a scan has reported, and what is in the library afterwards."""
        self.reported += reported
        self.lost |= set(self.reported) - kept
        self.missing = self.names - kept
        self.damaged += not is_sound


def main(arguments: list[str]) -> None:
    """Measure everything, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scan", description=__doc__)
    parser.add_argument("--files", type=int, default=40, help="songs that all programs take")
    parser.add_argument("--seconds", type=float, default=240.0, help="length of each")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each program; their medians count")
    parser.add_argument("--short", type=int, default=500, help="short songs for the memory and the kills")
    parser.add_argument("--kills", type=int, default=200, help="scans that are killed")
    parser.add_argument(
        "--environments", type=Path, default=Path(".venv-baselines"), help="folder of those of other programs"
    )
    parser.add_argument("--folder", type=Path, default=Path("docs"), help="folder for scan.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for songs, count, seconds in (("long", options.files, options.seconds), ("short", options.short, SHORT_S)):
            _announce(f"encoding {count} songs of {seconds:g} s")
            # In another process, because its libraries would make this one large: see `benchmarks.process.run`.
            command = [sys.executable, "-m", "benchmarks.mp3", str(folder / songs), f"{count}", f"{seconds}"]
            subprocess.run(command, check=True)
        cpu, missing = side_by_side(folder, options.rounds, options.environments)
        memory = {count: _memory(folder, count) for count in (options.short // TIMES, options.short)}
        killed = kill(folder, options.kills)
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    found = scan_page.Found(machine, options.files, options.seconds, options.rounds, cpu, missing, memory, killed)
    (options.folder / "scan.md").write_text(scan_page.page(found), "utf-8")
    _announce(f"written: {options.folder / 'scan.md'}")


def side_by_side(folder: Path, rounds: int, environments: Path) -> tuple[dict[str, float], list[str]]:
    """Return the processor time of each program for all songs, seconds, and the programs that are not installed."""
    songs = sorted((folder / "long").iterdir())
    pythons = {name: one.python(environments) for name, one in PROGRAMS.items()}
    missing = [name for name, python in pythons.items() if python is None]
    spent: dict[str, list[float]] = {name: [] for name in (OWN, *pythons) if name not in missing}
    for number in range(rounds + 1):
        for name in spent:
            # The first time is not counted: it compiles, and reads everything from the disk.
            taken = songs if number else songs[:1]
            _announce(f"{name}, {f'round {number}' if number else 'to begin with'}")
            library = folder / f"library-{number}.db"
            own = _command(library, *taken)
            other = [str(pythons.get(name)), "-m", "benchmarks.whole_files", name, *map(str, taken)]
            done = run(name, own if name == OWN else other)
            found = scan_page.analysed(b"".join(done.lines)) if name == OWN else done.lines
            if len(found) != len(taken):
                sys.exit(f"{name} has found {len(found)} tempi in {len(taken)} songs")
            if number:
                spent[name].append(done.cpu_s)
    return {name: statistics.median(values) for name, values in spent.items()}, missing


def _command(library: Path, *paths: Path) -> list[str]:
    """Return the command of a scan with one worker."""
    scan = [sys.executable, "-m", "paces_live", "scan", *map(str, paths)]
    return [*scan, "--library", str(library), "--jobs", "1", "--json"]


def _memory(folder: Path, count: int) -> tuple[float, float]:
    """Return the peak memory of a scan of short songs, and of its worker, megabytes."""
    songs = sorted((folder / "short").iterdir())[:count]
    place = folder / f"short-{count}"
    place.mkdir()
    for song in songs:
        (place / song.name).hardlink_to(song)
    _announce(f"the memory of a scan of {count} songs")
    own = worker = 0.0
    scan = _command(folder / f"memory-{count}.db", place)
    with subprocess.Popen(scan, stdout=subprocess.DEVNULL, env=os.environ | SINGLE) as process:
        while process.poll() is None:
            own = max(own, _peak_mb(process.pid))
            worker = max([worker, *map(_peak_mb, _children(process.pid))])
            time.sleep(LOOK_S)
    if process.returncode:
        sys.exit(f"the scan failed with status {process.returncode}")
    return own, worker


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _peak_mb(pid: int) -> float:
    """Return the peak memory of a process until now, megabytes; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024.0
    return 0.0


def kill(folder: Path, kills: int) -> Killed:
    """Scan the short songs with two workers, and kill the scan at random moments; then let one end."""
    music, library, output = folder / "short", folder / "killed.db", folder / "output"
    music, library, output = folder / "short", folder / "killed.db", folder / "output"
    moments, killed = random.Random(1), Killed({song.name for song in music.iterdir()})
    scan = [sys.executable, "-m", "paces_live", "scan", str(music), "--library", str(library), "--json", "--jobs", "2"]
    for number in range(kills + 1):
        if number % 50 == 0:
            _announce(f"a scan that is killed, {number} of {kills}")
        with output.open("w+b") as file, subprocess.Popen(scan, stdout=file, stderr=subprocess.DEVNULL) as process:
            if number < kills:
                time.sleep(moments.uniform(0.0, LONGEST_S))
                process.send_signal(signal.SIGKILL)
        kept, is_sound = _kept(library)
        killed.look(scan_page.analysed(output.read_bytes()), kept, is_sound=is_sound)
        if number < kills:
            killed.kills += 1
            killed.busy += bool(killed.missing)
    return killed


def _kept(library: Path) -> tuple[set[str], bool]:
    """Return the names of the songs in a library, and whether the database is sound."""
    if not library.exists():
        return set(), True
    with closing(sqlite3.connect(library)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'file'").fetchone()[0]:
            return set(), True
        checks: Sequence[tuple[str, list[tuple[str, ...]]]] = (
            ("PRAGMA integrity_check", [("ok",)]),
            ("PRAGMA foreign_key_check", []),
        )
        is_sound = all(connection.execute(check).fetchall() == good for check, good in checks)
        rows = connection.execute("SELECT path FROM file JOIN song ON song.id = file.song").fetchall()
    return {Path(os.fsdecode(path)).name for (path,) in rows}, is_sound


def _announce(what: str) -> None:
    sys.stderr.write(f"{what}\n")
