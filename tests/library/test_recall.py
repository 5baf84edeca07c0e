"""A file that the library knows shows its paces until its sound has been judged."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paces_live.events import Reading, SongPace, State, Track
from paces_live.library.recall import LibraryRecall, known_paces
from paces_live.library.store import Library
from paces_live.session import Block, Session
from paces_live.storage import BUSY_S
from tests.support.fakes import START, reading
from tests.support.history import rates
from tests.support.library import fill
from tests.support.sessions import only
from tests.support.signals import RATE


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "library.db"
    monkeypatch.chdir(tmp_path)
    for name in ("a", "rising", "b"):
        Path(f"{name}.ogg").touch()
    with Library(path) as opened:
        fill(
            opened,
            (f"{tmp_path}/a.ogg", [SongPace(165.3, 0.9, 1.0), SongPace(82.7, 0.8, 0.9)], 82.7, Track(title="A")),
            (f"{tmp_path}/rising.ogg", [SongPace(165.0, 0.9, 1.0, low=150.0, high=180.0)], 165.0, Track()),
            (f"{tmp_path}/b.ogg", [SongPace(99.0, 0.9, 1.0)], 99.0, Track()),
        )
    return path


def of(path: str | None, event: Reading) -> Reading:
    return replace(event, track=Track(location=path) if path else None)


def taken(recall: LibraryRecall, event: Reading) -> Reading:
    found = recall.take(event)
    assert isinstance(found, Reading)
    return found


def test_a_known_file_has_its_paces_at_once_until_the_sound_decides(library: Path) -> None:
    recall = LibraryRecall(library, [Path("a.ogg"), Path("b.ogg")])
    assert recall.take(START) == START
    first = taken(recall, of("a.ogg", reading(1.0, state="listening")))
    assert (first.recalled, first.state, rates(first.paces), first.beat) == (True, "provisional", [165.3, 82.7], 165.3)
    judged = of("a.ogg", reading(5.0, [(120.0, 0.9)], state="provisional"))
    assert taken(recall, judged) == judged
    late = of("a.ogg", reading(6.0, state="no_pulse"))
    assert taken(recall, late) == late
    # The next file, but no more after a full window.
    assert rates(taken(recall, of("b.ogg", reading(7.0, state="listening"))).paces) == [99.0]
    late = of("b.ogg", reading(32.0, state="no_pulse"))
    assert taken(recall, late) == late


def test_paces_are_there_before_the_first_sound_and_not_in_a_pause(library: Path) -> None:
    recall = LibraryRecall(library, [Path("a.ogg")])
    recall.take(START)

    def shown(t: float, state: State) -> list[float]:
        return rates(taken(recall, of("a.ogg", reading(t, state=state))).paces)

    # A session listens for some seconds before it is sure that there is silence.
    states: tuple[State, ...] = ("listening", "listening", "silence", "silence", "listening")
    assert [shown(float(t), state) for t, state in enumerate(states)] == 5 * [[165.3, 82.7]]
    assert shown(12.0, "silence") == []


def test_a_track_without_sound_is_silent_after_a_while(library: Path) -> None:
    recall = LibraryRecall(library, [Path("a.ogg")])
    session = Session(only(165.0))
    session.now_playing(Track(title="A", location="a.ogg"))
    events = [recall.take(session.start("a.ogg"))]
    events += [recall.take(event) for _ in range(30) for event in session.push(Block(np.zeros(RATE, np.float32)))]
    readings = [event for event in events if isinstance(event, Reading)]
    assert readings[0].t <= 0.2
    assert [bool(reading.paces) for reading in readings if reading.t <= 10.0] == 11 * [True]
    assert {reading.state for reading in readings if reading.t > 10.2} == {"silence"}


def test_a_file_that_is_repeated_has_its_paces_again(library: Path) -> None:
    recall = LibraryRecall(library, [Path("a.ogg")])
    recall.take(START)
    for song in (1, 2):
        event = replace(of("a.ogg", reading(60.0 * song, state="listening")), song=song)
        assert rates(taken(recall, event).paces) == [165.3, 82.7]
        judged = replace(of("a.ogg", reading(60.0 * song + 30.0, [(120.0, 0.9)])), song=song)
        assert taken(recall, judged) == judged


def test_another_song_in_the_file_is_not_the_one_that_is_known(library: Path) -> None:
    Path("a.ogg").write_bytes(b"another one")
    assert known_paces(library, Path("a.ogg")) is None
    assert known_paces(library, Path("b.ogg")) == (SongPace(99.0, 0.9, 1.0),)


def test_a_file_is_known_by_any_way_to_it(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "c.ogg").touch()
    (tmp_path / "link").symlink_to(folder)
    with Library(library) as opened:
        fill(opened, (str(folder / "c.ogg"), [SongPace(99.0, 0.9, 1.0)], 99.0, Track()))
    for path in (folder / "c.ogg", tmp_path / "link" / "c.ogg", folder / ".." / "music" / "c.ogg"):
        recall = LibraryRecall(library, [path])
        recall.take(START)
        assert rates(taken(recall, of(str(path), reading(1.0, state="listening"))).paces) == [99.0]


def test_a_scan_in_the_middle_of_writing_keeps_nobody_waiting(library: Path, tmp_path: Path) -> None:
    with Library(library) as scan, scan._database.transaction():
        began = time.monotonic()
        with Library(library, read_only=True) as opened:
            assert opened.paces(tmp_path / "b.ogg") == (SongPace(99.0, 0.9, 1.0),)
        assert time.monotonic() - began < BUSY_S


@pytest.mark.parametrize("path", ["rising.ogg", "unknown.ogg", "b.ogg", None])
def test_what_is_not_known_now_is_not_recalled(path: str | None, library: Path) -> None:
    recall = LibraryRecall(library, [Path("a.ogg"), Path("rising.ogg"), Path("unknown.ogg")])
    recall.take(START)
    event = of(path, reading(1.0, state="listening"))
    assert taken(recall, event) == event


def test_without_a_library_the_music_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recall = LibraryRecall(tmp_path / "none" / "library.db", [Path("a.ogg")])
    event = of("a.ogg", reading(1.0, state="listening"))
    assert taken(recall, event) == event
    assert not (tmp_path / "none").exists()
    assert not caplog.messages
    (tmp_path / "library.db").write_bytes(b"damaged")
    assert known_paces(tmp_path / "library.db", Path("a.ogg")) is None
    assert "it is damaged" in caplog.messages[0]
