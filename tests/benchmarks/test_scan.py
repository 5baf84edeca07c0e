"""The benchmark of a scan: its songs, what it counts, and its page."""

from pathlib import Path

import pytest

from benchmarks import mp3, scan
from benchmarks.scan_page import Found, analysed, page
from benchmarks.whole_files import PROGRAMS, Program
from paces_live.analysis.classifier import load_classifier
from paces_live.collection.items import Item
from paces_live.library import analyze_item
from paces_live.library.content import content_key
from paces_live.match import Listener


def test_the_songs_are_music_of_that_length_and_all_differ(tmp_path: Path) -> None:
    mp3.main(tmp_path, 3, 30.0)
    songs = sorted(tmp_path.iterdir())
    assert len({content_key(song) for song in songs}) == 3
    found = analyze_item(Item(songs[0]), load_classifier(), Listener())
    assert found.duration == pytest.approx(30.0, abs=0.1)
    assert found.paces


def test_a_line_that_is_cut_off_reports_nothing() -> None:
    line = b'{"type": "scanned", "path": "/m/%d.mp3", "how": "analysed"}\n'
    assert analysed(line % 1 + line % 2 + (line % 3)[:-9]) == ["1.mp3", "2.mp3"]
    assert analysed(b"") == analysed(line[:-1]) == []


def test_the_page_says_who_is_faster_and_what_was_lost() -> None:
    killed = scan.Killed({f"{number}" for number in range(500)}, kills=200, busy=198)
    killed.look(["1", "2", "1"], {"1", "3"}, is_sound=False)
    killed.look(["2"], {*killed.names} - {"4", "5", "6"}, is_sound=True)
    cpu = {scan.OWN: 4.0, "other": 10.0}
    text = page(Found("arm64", 10, 100.0, 3, cpu, ["gone"], {125: (40.0, 80.0), 500: (41.0, 81.0)}, killed))
    for row in (
        f"| {scan.OWN} | 250 | 1.0 | 11.1 |",
        "| other | 100 | 2.5 | 27.8 |",
        "Not installed: gone.",
        "| 500 | 41 | 81 |",
        "200 scans of 500 short songs with two workers were killed (-9) at random moments, 198 of them",
        "| database damaged | 1 |",
        "| songs lost | 1 |",
        "| songs analysed and reported twice | 2 |",
        "| songs missing in the end | 3 |",
    ):
        assert row in text


@pytest.mark.slow
def test_everything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    none = Program("paces_live_has_no_such_package", "none", PROGRAMS["Mixxx's analyser"].tempi)
    monkeypatch.setattr(scan, "PROGRAMS", {"other": none})
    figures = {"files": 1, "seconds": 12, "rounds": 1, "short": 8, "kills": 2}
    scan.main([*(f"--{name}={value}" for name, value in figures.items()), f"--folder={tmp_path}"])
    text = (tmp_path / "scan.md").read_text("utf-8")
    assert f"| {scan.OWN} | " in text
    assert "Not installed: other." in text
    assert "| 8 | " in text
    assert "songs missing in the end | 0 |" in text
