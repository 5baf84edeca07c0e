"""Files to their paces: each is judged as one song, and an unreadable one does not stop the others."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.analysis.classifier import load_classifier
from paces_live.collection.items import Item, Unreadable
from paces_live.demo import excerpt
from paces_live.errors import SourceError
from paces_live.library.files import FilePaces, analyze_files, analyze_item
from paces_live.match import Listener
from tests.support.sessions import only
from tests.support.signals import RATE, rock


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Return a file of 30 s of rock at 150 beats a minute."""
    path = tmp_path / "song.flac"
    soundfile.write(path, 0.5 * rock(150.0, 30.0), RATE)
    return path


def test_a_file_has_its_paces_and_its_duration(song: Path) -> None:
    result = analyze_item(Item(song), only(150.0), Listener())
    assert result.path == song
    assert result.duration == pytest.approx(30.0)
    assert [pace.spm for pace in result.paces] == [pytest.approx(150.0, rel=0.005)]


def test_a_listener_without_a_target_gets_the_same_paces(song: Path) -> None:
    assert analyze_item(Item(song), only(150.0), Listener(None)) == analyze_item(
        Item(song), only(150.0), Listener(150.0)
    )


def test_an_unreadable_file_does_not_stop_the_others(song: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.ogg"
    text.write_text("not music")
    missing, bad, good = analyze_files(map(Item, [tmp_path / "missing.ogg", text, song]), only(150.0), Listener())
    assert isinstance(missing, Unreadable)
    assert isinstance(bad, Unreadable)
    assert isinstance(good, FilePaces)
    assert (missing.path, bad.path, good.path) == (tmp_path / "missing.ogg", text, song)
    assert "no such file" in missing.error.message
    assert "is not audio" in bad.error.message
    assert good.paces


def test_what_cannot_be_used_is_passed_on(song: Path) -> None:
    error = SourceError("list.m3u, line 3: gone.ogg: no such file")
    passed, good = analyze_files([Unreadable(Path("gone.ogg"), error), Item(song)], only(150.0), Listener())
    assert passed == Unreadable(Path("gone.ogg"), error)
    assert isinstance(good, FilePaces)


def test_a_part_of_a_file_is_a_song_with_a_title(song: Path) -> None:
    whole = analyze_item(Item(song), only(150.0), Listener())
    half = analyze_item(Item(song, "One", start=5.0, end=25.0), only(150.0), Listener())
    assert (whole.title, whole.duration) == (None, 30.0)
    assert (half.title, half.duration) == ("One", 20.0)
    assert [pace.spm for pace in half.paces] == [pytest.approx(150.0, rel=0.005)]


def test_files_are_analysed_one_at_a_time(song: Path) -> None:
    results = analyze_files([Item(song), Item(song)], only(150.0), Listener())
    next(results)
    song.write_bytes(b"")
    assert isinstance(next(results), Unreadable)


def test_a_single_unreadable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        analyze_item(Item(tmp_path / "missing.ogg"), only(150.0), Listener())


def test_a_silent_file_has_no_paces(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(10 * RATE), RATE)
    assert analyze_item(Item(path), only(150.0), Listener()) == FilePaces(path, 10.0, ())


def test_the_demo_excerpt_is_judged_as_one_song() -> None:
    result = analyze_item(Item(excerpt()), load_classifier(), Listener(target=165.0))
    assert result.duration == pytest.approx(91.0, abs=0.1)
    assert [round(pace.spm) for pace in result.paces] == [168]
