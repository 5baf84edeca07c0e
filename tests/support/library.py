"""Music of known tempi in folders, and scans of it."""

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Any

import soundfile

from paces_live.analysis.classifier import default_model
from paces_live.analysis.manifest import Manifest
from paces_live.events import SongPace, Track
from paces_live.library.analyser import Analyser
from paces_live.library.entries import Stamp
from paces_live.library.files import FilePaces
from paces_live.library.scan import Scan, Scanned
from paces_live.library.store import Library
from paces_live.library.workers import Workers
from paces_live.text import shown_path
from tests.support.schemas import validated
from tests.support.signals import RATE, rock

MANIFEST = Manifest.read(default_model())


def write(path: Path, bpm: float, seconds: float = 12.0) -> Path:
    """Write a song."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.4 * rock(bpm, seconds), RATE)
    return path


def scan(
    library: Path, *paths: Path, refresh: bool = False, manifest: Manifest = MANIFEST, count: int = 2
) -> list[Scanned]:
    """Scan in this process, with real workers, and return what became of the files."""
    with (
        Library(library) as opened,
        Workers[Any](count) as workers,
        closing(Scan(opened, workers, Analyser.of(manifest), refresh=refresh)) as scanning,
    ):
        return list(scanning.run(paths))


def hows(found: Sequence[Scanned]) -> dict[str, str]:
    """Return what became of each file by its name."""
    return {one.path.name: one.how for one in found}


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of the program."""
    return [sys.executable, "-m", "paces_live", *map(str, arguments)]


def scanned(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Scan with a process of its own."""
    return subprocess.run(command("scan", *arguments), capture_output=True, text=True, check=False)


def on_terminal(*arguments: str | Path, term: str = "dumb", columns: int = 100, into: Path | None = None) -> str:
    """Return what the program shows on a terminal; its standard output may go into a file."""
    main, terminal = pty.openpty()
    env = os.environ | {"COLUMNS": str(columns), "TERM": term}
    with (
        into.open("wb") if into else nullcontext(terminal) as output,
        subprocess.Popen(command(*arguments), stdout=output, stdin=terminal, stderr=terminal, env=env) as process,
    ):
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while chunk := os.read(main, 4096):
                shown += chunk
    os.close(main)
    assert process.returncode == 0
    return shown.decode().replace("\r\n", "\n")


def records(output: str) -> list[dict[str, Any]]:
    """Return the records in lines of JSON, checked by their schema."""
    return [validated(line) for line in output.splitlines()]


def fill(library: Library, *songs: tuple[str, Sequence[SongPace], float | None, Track]) -> None:
    """Put songs into a library: a path, paces, the beat, and the tags of each."""
    library.use("sha256:1", "1")
    for number, (path, paces, beat, track) in enumerate(songs):
        found = FilePaces(Path(path), 200.0 + number, tuple(paces), beat=beat)
        stamp = Stamp.of(Path(path)) if os.path.isfile(path) else Stamp(1000, number)  # noqa: PTH113
        library.keep(Path(path), stamp, f"sound:{shown_path(path)}", track, found)


def without_rights() -> list[str]:
    """Return a command that gives up what root may do: to read everything."""
    rights = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"] if os.getuid() == 0 else []
