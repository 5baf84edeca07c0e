"""A file that the library knows shows its paces until its sound has been judged."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from paces_live.events import Reading, SongPace, State, Track
from paces_live.library.recall import LibraryRecall
from paces_live.library.store import Library
from paces_live.storage import BUSY_S
from tests.support.fakes import START, reading
from tests.support.history import rates
from tests.support.library import fill


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    with Library(path) as opened:
        fill(
            opened,
            ("/m/a.ogg", [SongPace(165.3, 0.9, 1.0), SongPace(82.7, 0.8, 0.9)], 82.7, Track(title="A")),
            ("/m/rising.ogg", [SongPace(165.0, 0.9, 1.0, low=150.0, high=180.0)], 165.0, Track()),
            ("/m/b.ogg", [SongPace(99.0, 0.9, 1.0)], 99.0, Track()),
        )
    return path


def of(path: str | None, event: Reading) -> Reading:
    return replace(event, track=Track(location=path) if path else None)


def taken(recall: LibraryRecall, event: Reading) -> Reading:
    found = recall.take(event)
    assert isinstance(found, Reading)
    return found


def test_a_known_file_has_its_paces_at_once_until_the_sound_decides(library: Path) -> None:
    recall = LibraryRecall(library, [Path("/m/a.ogg"), Path("/m/b.ogg")])
    assert recall.take(START) == START
    first = taken(recall, of("/m/a.ogg", reading(1.0, state="listening")))
    assert (first.recalled, first.state, rates(first.paces), first.beat) == (True, "provisional", [165.3, 82.7], 165.3)
    judged = of("/m/a.ogg", reading(5.0, [(120.0, 0.9)], state="provisional"))
    assert taken(recall, judged) == judged
    late = of("/m/a.ogg", reading(6.0, state="no_pulse"))
    assert taken(recall, late) == late
    # The next file, but no more after a full window.
    assert rates(taken(recall, of("/m/b.ogg", reading(7.0, state="listening"))).paces) == [99.0]
    late = of("/m/b.ogg", reading(32.0, state="no_pulse"))
    assert taken(recall, late) == late


def test_paces_are_there_before_the_first_sound_and_not_in_a_pause(library: Path) -> None:
    recall = LibraryRecall(library, [Path("/m/a.ogg")])
    recall.take(START)

    def shown(t: float, state: State) -> list[float]:
        return rates(taken(recall, of("/m/a.ogg", reading(t, state=state))).paces)

    assert shown(0.1, "silence") == shown(1.0, "silence") == shown(2.0, "listening") == [165.3, 82.7]
    assert shown(3.0, "silence") == []


def test_a_file_is_known_by_any_way_to_it(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    with Library(library) as opened:
        fill(opened, (str(folder / "c.ogg"), [SongPace(99.0, 0.9, 1.0)], 99.0, Track()))
    for path in (folder / "c.ogg", tmp_path / "link" / "c.ogg", folder / ".." / "music" / "c.ogg"):
        recall = LibraryRecall(library, [path])
        recall.take(START)
        assert rates(taken(recall, of(str(path), reading(1.0, state="listening"))).paces) == [99.0]


def test_a_scan_in_the_middle_of_writing_keeps_nobody_waiting(library: Path) -> None:
    with Library(library) as scan, scan._database.transaction():
        began = time.monotonic()
        with Library(library, read_only=True) as opened:
            assert opened.paces(Path("/m/b.ogg")) == (SongPace(99.0, 0.9, 1.0),)
        assert time.monotonic() - began < BUSY_S


@pytest.mark.parametrize("path", ["/m/rising.ogg", "/m/unknown.ogg", "/m/b.ogg", None])
def test_what_is_not_known_now_is_not_recalled(path: str | None, library: Path) -> None:
    recall = LibraryRecall(library, [Path("/m/a.ogg"), Path("/m/rising.ogg"), Path("/m/unknown.ogg")])
    recall.take(START)
    event = of(path, reading(1.0, state="listening"))
    assert taken(recall, event) == event


def test_without_a_library_the_music_goes_on(tmp_path: Path) -> None:
    recall = LibraryRecall(tmp_path / "none" / "library.db", [Path("/m/a.ogg")])
    event = of("/m/a.ogg", reading(1.0, state="listening"))
    assert taken(recall, event) == event
    assert not (tmp_path / "none").exists()
