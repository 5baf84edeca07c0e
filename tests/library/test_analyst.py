"""The process that analyses songs gives what the program itself would, and ends when it is closed."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from paces_live.analysis.classifier import load_classifier
from paces_live.collection.items import Item
from paces_live.library.analyst import Analyst
from paces_live.library.files import analyze_item
from paces_live.library.process import NICENESS
from paces_live.match import Listener
from paces_live.text import shown_path
from tests.support.signals import RATE, rock


@pytest.fixture
def analyst() -> Iterator[Analyst]:
    analyst = Analyst(Listener(170.0))
    yield analyst
    analyst.close()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Return a song whose name is no UTF-8 and has a line break."""
    path = tmp_path / os.fsdecode(b"caf\xe9\n1.flac")
    with path.open("wb") as file:
        soundfile.write(file, 0.5 * rock(150.0, 40.0), RATE, format="FLAC")
    return path


def test_it_finds_what_the_program_itself_would(analyst: Analyst, song: Path, tmp_path: Path) -> None:
    classifier, listener = load_classifier(), Listener(170.0)
    for item in (Item(song), Item(song, "part", start=2.0, end=31.0)):
        found = analyst.paces(item)
        assert found == analyze_item(item, classifier, listener).paces
        assert found
    assert analyst.paces(Item(tmp_path / "gone.ogg")) is None
    assert analyst.paces(Item(song))


def test_it_stands_back(analyst: Analyst, song: Path) -> None:
    assert analyst.paces(Item(song))
    pid = analyst._process.pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    assert os.getpgid(pid) == pid, "Ctrl-C in a terminal would end it with a traceback"


def test_it_ends_with_the_program_that_asked(analyst: Analyst) -> None:
    assert analyst._process.stdin
    analyst._process.stdin.close()
    assert analyst._process.wait(20.0) == 0


def test_a_process_that_was_killed_is_reported_and_does_not_stop_the_player(
    analyst: Analyst, song: Path, caplog: pytest.LogCaptureFixture
) -> None:
    analyst._process.kill()
    assert analyst.paces(Item(song)) is None
    assert [record.message for record in caplog.records] == [
        f"{shown_path(song)} cannot be analysed: the process that does it has ended"
    ]


def test_it_can_be_closed_at_any_moment(song: Path) -> None:
    analyst = Analyst(Listener(170.0))
    begun = time.monotonic()
    analyst.close()
    assert analyst.paces(Item(song)) is None
    assert time.monotonic() - begun < 2.0
