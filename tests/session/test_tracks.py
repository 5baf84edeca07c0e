"""Songs and their tracks: another track is another song."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.events import Event, Reading, Song, Track
from paces_live.session import Block, Session
from tests.support.sessions import checked, only
from tests.support.signals import RATE, Samples, rock


@dataclass
class Announced:
    """Samples, and titles that the source announces from a sample on."""

    samples: Samples
    titles: Mapping[int, str | None]
    block: int = 4096

    def events(self, session: Session) -> list[Event]:
        """Return the events of a session that gets the samples and the announcements."""
        marks = sorted({*range(0, len(self.samples), self.block), *self.titles, len(self.samples)})
        events: list[Event] = []
        title: str | None = None
        for start, end in pairwise(marks):
            title = self.titles.get(start, title)
            session.now_playing(None if title is None else Track(title=title))
            events += session.push(Block(self.samples[start:end]))
        return events + session.finish()


def hear(announced: Announced) -> list[Event]:
    return list(checked(announced.events(Session(only(150.0, 174.0)))))


def songs(events: list[Event]) -> list[tuple[str | None, int, int, list[int]]]:
    return [
        (
            song.track.caption if song.track else None,
            round(song.start),
            round(song.end),
            [round(pace.spm) for pace in song.paces],
        )
        for song in events
        if isinstance(song, Song)
    ]


SILENCE = np.zeros(4 * RATE, np.float32)


MIX = np.concatenate([rock(150.0, 20), rock(174.0, 20)])


def test_another_track_is_another_song_with_an_empty_window() -> None:
    events = hear(Announced(MIX, {0: "A", 20 * RATE: "B"}))
    assert songs(events) == [("A", 0, 20, [150]), ("B", 20, 40, [174])]
    readings = [event for event in events if isinstance(event, Reading)]
    assert [reading.track and reading.track.title for reading in readings] == 19 * ["A"] + ["A"] + 20 * ["B"]
    assert [reading.state for reading in readings[20:23]] == 3 * ["listening"]
    assert {round(pace.spm) for reading in readings[20:] for pace in reading.paces} == {174}


@settings(max_examples=4, deadline=None)
@given(st.integers(100, 60_000))
def test_any_split_of_the_samples_gives_the_same_tracks(block: int) -> None:
    titles = {RATE: "A", 19 * RATE + 77: "B", 25 * RATE: None}
    assert songs(hear(Announced(MIX, titles, block=block))) == songs(hear(Announced(MIX, titles)))


def test_a_track_that_comes_late_belongs_to_the_song_that_began() -> None:
    mix = np.concatenate([rock(150.0, 20), SILENCE, rock(174.0, 20)])
    assert [song[0] for song in songs(hear(Announced(mix, {0: "A", 30 * RATE: "B"})))] == ["A", "B"]
    assert [song[0] for song in songs(hear(Announced(mix, {3 * RATE: "A"})))] == ["A", "A"]


def test_songs_that_are_skipped_end_too() -> None:
    titles = {0: "A", 7 * RATE: "B", 15 * RATE: "C"}
    assert [song[:3] for song in songs(hear(Announced(MIX[: 25 * RATE], titles)))] == [
        ("A", 0, 7),
        ("B", 7, 15),
        ("C", 15, 25),
    ]


def test_a_pause_keeps_the_track_and_silence_forgets_it() -> None:
    music = rock(150.0, 40)
    assert songs(hear(Announced(music, {0: "A", 10 * RATE: None, 20 * RATE: "A"}))) == [("A", 0, 40, [150])]
    mix = np.concatenate([music[: 20 * RATE], SILENCE, music[: 20 * RATE]])
    assert [song[0] for song in songs(hear(Announced(mix, {0: "A", 20 * RATE: None})))] == ["A", None]
