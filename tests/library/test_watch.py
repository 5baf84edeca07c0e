"""A scan that watches: what is added, changed, moved and deleted afterwards is in the library soon."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from paces_live.errors import LibraryError
from paces_live.library.store import Library
from paces_live.library.watch import changes
from tests.support.library import command, scanned, write

pytest.importorskip("watchfiles", reason="watchfiles is not installed: pip install watchfiles")
SOON_S = 60.0


def until(library: Path, **expected: int) -> None:
    """Wait until a library has so many songs and files."""
    deadline = time.monotonic() + SOON_S
    while True:
        if library.exists():
            with Library(library) as opened:
                counts = opened.counts()
            if expected.items() <= counts.items():
                return
            assert time.monotonic() < deadline, counts
        time.sleep(0.1)


@pytest.mark.slow
def test_the_library_follows_the_folder(tmp_path: Path) -> None:
    music, library = tmp_path / "music", tmp_path / "library.db"
    write(music / "a.flac", 120.0)
    watching = command("scan", "--watch", music, "--library", library, "--json", "--jobs", "1")
    with subprocess.Popen(watching, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        until(library, songs=1)
        steps: list[tuple[Callable[[], object], dict[str, int]]] = [
            (lambda: write(music / "new album" / "b.flac", 150.0), {"songs": 2, "files": 2}),
            (lambda: shutil.copy(music / "a.flac", music / "c.flac"), {"songs": 2, "files": 3}),
            (lambda: (music / "new album").rename(music / "album"), {"songs": 2, "files": 3, "gone": 0}),
            (lambda: (music / "album" / "b.flac").unlink(), {"songs": 1, "files": 2, "gone": 1}),
            (lambda: write(music / "c.flac", 171.0), {"songs": 2, "files": 2}),
        ]
        for change, expected in steps:
            change()
            until(library, **expected)
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON_S) == 0
        assert process.stderr.read() == ""
        assert '"how": "known"' in process.stdout.read()


def test_what_cannot_be_watched_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = scanned("--watch", tmp_path / "nowhere")
    assert (done.returncode, done.stderr) == (2, "paces-live: there is no folder to watch: give one that exists\n")
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(LibraryError, match="pip install watchfiles") as caught:
        next(changes([tmp_path]))
    assert caught.value.code == "library.package_missing"
