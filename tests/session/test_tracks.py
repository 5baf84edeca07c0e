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


def test_another_track_is_another_song_with_a_window_of_its_own() -> None:
    events = hear(Announced(MIX, {0: "A", 20 * RATE: "B"}))
    assert songs(events) == [("A", 0, 20, [150]), ("B", 20, 40, [174])]
    readings = [event for event in events if isinstance(event, Reading)]
    # It takes three seconds to believe the other title.
    assert [reading.track and reading.track.title for reading in readings] == 24 * ["A"] + 18 * ["B"]
    assert [reading.song for reading in readings] == 24 * [1] + 18 * [2]
    assert readings[24].state == "provisional"
    assert {round(pace.spm) for reading in readings[24:] for pace in reading.paces} == {174}


def test_a_track_is_shown_with_its_first_sound() -> None:
    events = hear(Announced(MIX, {0: "A", 20 * RATE: "B"}))
    readings = [event for event in events if isinstance(event, Reading)]
    first: dict[str | None, float] = {}
    for reading in readings:
        first.setdefault(reading.track.title if reading.track else None, reading.t)
    assert first["A"] <= 0.2
    # It takes three seconds to believe another title.
    assert 23.0 <= first["B"] <= 23.2
    # The others come when they would have come.
    assert sum(reading.t % 1.0 < 0.11 for reading in readings) >= 40


@settings(max_examples=4)
@given(st.integers(100, 60_000))
def test_any_split_of_the_samples_gives_the_same_tracks(block: int) -> None:
    titles = {RATE: "A", 10 * RATE: "-", 12 * RATE: "A", 19 * RATE + 77: "C", 19 * RATE + 7_000: "B", 25 * RATE: None}
    assert songs(hear(Announced(MIX, titles, block=block))) == songs(hear(Announced(MIX, titles)))


def test_a_slogan_does_not_divide_a_song() -> None:
    music = rock(150.0, 60)
    titles = {number * 12 * RATE: "A - One" if number % 2 == 0 else "Radio X: the best hits" for number in range(5)}
    events = hear(Announced(music, titles))
    assert songs(events) == [("A - One", 0, 60, [150])]
    readings = [event for event in events if isinstance(event, Reading)]
    assert {reading.track and reading.track.title for reading in readings} == {"A - One"}
    assert {reading.state for reading in readings[26:]} == {"settled"}


def test_the_pieces_of_a_title_are_one_song_whose_window_begins_with_the_first() -> None:
    titles = {0: "A - One", 20 * RATE: "Two", 20 * RATE + RATE // 3: "B - Two", 21 * RATE: None, 22 * RATE: "B - Two"}
    events = hear(Announced(MIX, titles))
    assert songs(events) == [("A - One", 0, 20, [150]), ("B - Two", 20, 40, [174])]
    first = next(event for event in events if isinstance(event, Reading) and event.song == 2 and event.paces)
    assert first.t <= 20.0 + 8 * 60 / 174 + 1.5


def test_a_title_that_counts_is_one_song_with_its_first_title() -> None:
    titles: dict[int, str | None] = {second * RATE: f"A - One 0:{second:02} / 3:04" for second in range(0, 40, 5)}
    assert songs(hear(Announced(rock(150.0, 40), titles))) == [("A - One 0:00 / 3:04", 0, 40, [150])]


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
