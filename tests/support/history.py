"""A history of songs for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paces_live.events import Pace, SongPace
from paces_live.history.database import HeardSong, History, default_path
from paces_live.match import match

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def heard(title: str | None, *rates: float, minute: int = 0, length: float = 200.0, target: float = 165.0) -> HeardSong:
    """Return a song that was heard `minute` minutes after noon, with its paces in steps per minute."""
    paces = tuple(SongPace(rate, 0.97, 0.9) for rate in rates)
    found = match(paces, target)
    return HeardSong(NOON + timedelta(minutes=minute), "mic:USB", title, length, paces, target, found)


@pytest.fixture
def kept(state: Path) -> Path:
    """Return the database of a history of three songs, where the commands look for it."""
    path = default_path()
    assert path == state / "paces-live" / "history.db"
    with History(path) as history:
        history.add(heard("The Steps - One", 165.31, 82.66))
        history.add(heard(None, minute=5))
        history.add(heard('=A, "quoted" tune', 123.4, minute=10))
    return path


def rates(paces: tuple[Pace, ...]) -> list[float]:
    """Return the step rates of `paces`."""
    return [pace.spm for pace in paces]
