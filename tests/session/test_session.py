"""The engine: events from sound, the same however it is cut, songs with their borders."""

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paces_live.analysis.classifier import FixedClassifier
from paces_live.analysis.fold import Cases
from paces_live.errors import SourceError, UsageError
from paces_live.events import End, Event, Health, Reading, Song, Start, to_json
from paces_live.session.engine import Engine, EngineConfig
from paces_live.session.hearing import STRIP_SPM
from paces_live.sources import ArraySource
from paces_live.sources.block import Block
from tests.support.signals import RATE, Samples, noisy, rock, waltz

SILENCE = np.zeros(5 * RATE, np.float32)


def only(*tempi: float) -> FixedClassifier:
    """Return a classifier that finds exactly these tempi compatible."""
    return FixedClassifier(lambda spm: 0.95 if any(abs(spm / tempo - 1.0) < 0.015 for tempo in tempi) else 0.05)


def hear(samples: Samples, classifier: FixedClassifier, block: int = 4096) -> list[Event]:
    return list(Engine(classifier, EngineConfig()).events(ArraySource(samples, RATE, RATE, block=block)))


def readings(events: list[Event]) -> list[Reading]:
    return [event for event in events if isinstance(event, Reading)]


def songs(events: list[Event]) -> list[Song]:
    return [event for event in events if isinstance(event, Song)]


def without_load(event: Event) -> Event:
    return replace(event, health=replace(event.health, load=0.0)) if isinstance(event, Reading) else event


def test_a_song_is_heard_settled_and_logged() -> None:
    events = hear(noisy(rock(164.0, 32.0), 30.0), only(82.0, 164.0))
    assert isinstance(events[0], Start)
    assert events[0].input == "array"
    assert isinstance(events[-1], End)
    assert events[-1].t == pytest.approx(32.0, abs=1e-3)
    heard = readings(events)
    assert [reading.t for reading in heard] == pytest.approx(np.arange(1.0, 33.0))
    assert heard[0].state == "listening"
    assert heard[10].state == "provisional"
    last = heard[-1]
    assert last.state == "settled"
    assert sorted(round(pace.spm) for pace in last.paces) == [82, 164]
    assert last.match is not None
    assert last.match.grade == "lock"
    (song,) = songs(events)
    assert song.end == pytest.approx(32.0, abs=1e-3)
    assert sorted(round(pace.spm) for pace in song.paces) == [82, 164]
    assert all(pace.share > 0.6 for pace in song.paces)


def test_a_fast_pace_is_told_as_soon_as_eight_beats_were_heard() -> None:
    heard = readings(hear(noisy(rock(164.0, 20.0), 30.0), only(82.0, 164.0)))
    first = {
        tempo: next(r.t for r in heard if any(abs(p.spm / tempo - 1) < 0.01 for p in r.paces)) for tempo in (82, 164)
    }
    assert first[164] <= 8 * 60 / 164 + 1.5
    assert first[82] <= 8 * 60 / 82 + 1.5


@settings(max_examples=10, deadline=None)
@given(st.integers(100, 60_000))
def test_any_split_of_the_samples_gives_the_same_events(block: int) -> None:
    samples = np.concatenate([noisy(rock(151.0, 13.0), 20.0), SILENCE, noisy(waltz(176.0, 12.0), 20.0)])
    events = [without_load(event) for event in hear(samples, only(151.0, 176.0), block=block)]
    assert events == [without_load(event) for event in hear(samples, only(151.0, 176.0), block=4096)]


def test_silence_separates_songs() -> None:
    events = hear(np.concatenate([rock(150.0, 20.0), SILENCE, waltz(180.0, 20.0)]), only(150.0, 180.0))
    first, second = songs(events)
    assert (first.song, second.song) == (1, 2)
    assert first.start == pytest.approx(0.0, abs=0.3)
    assert first.end == pytest.approx(20.0, abs=0.5)
    assert second.start == pytest.approx(25.0, abs=0.5)
    assert [round(pace.spm) for pace in first.paces] == [150]
    assert [round(pace.spm) for pace in second.paces] == [180]
    assert "silence" in {reading.state for reading in readings(events)}


def test_without_a_pulse_it_says_so() -> None:
    hiss = 0.1 * np.random.default_rng(0).standard_normal(15 * RATE).astype(np.float32)
    assert readings(hear(hiss, only()))[-1].state == "no_pulse"
    assert {reading.state for reading in readings(hear(np.tile(SILENCE, 3), only()))} == {"listening", "silence"}
    assert songs(hear(np.tile(SILENCE, 3), only())) == []


@dataclass
class Blocks:
    """A source of given blocks, which may fail at the end."""

    given: Iterable[Block]
    failure: str | None = None
    name: str = "blocks"
    live: bool = False

    def blocks(self) -> Iterator[Block]:
        yield from self.given
        if self.failure:
            raise SourceError(self.failure)


def test_a_gap_is_counted_and_restarts_the_window() -> None:
    music = rock(150.0, 24.0)
    gap = [Block(music[: 12 * RATE]), Block(music[14 * RATE :], dropped=2 * RATE)]
    heard = readings(list(Engine(only(150.0), EngineConfig()).events(Blocks(gap))))
    assert heard[-1].t == pytest.approx(24.0)
    assert heard[-1].health.dropped_s == 2.0
    assert heard[-1].state == "provisional"


@dataclass
class Unplugged:
    """A source that gives music, is gone for a while, and gives music again."""

    music: Samples
    note: str | None = None
    name: str = "mic:USB"
    live: bool = True

    def blocks(self) -> Iterator[Block]:
        yield Block(self.music)
        for wait in (1, 1, 2, 5, 5):
            self.note = f"microphone is gone, trying again in {wait} s"
            yield Block(self.music[:0])
        self.note = None
        yield Block(self.music, dropped=9 * RATE)


def test_what_the_source_says_is_told_once_also_while_nothing_is_heard() -> None:
    heard = readings(list(Engine(only(150.0), EngineConfig()).events(Unplugged(rock(150.0, 12.0)))))
    gone = [reading for reading in heard if reading.health.note]
    assert [reading.health.note for reading in gone] == [
        f"microphone is gone, trying again in {wait} s" for wait in (1, 2, 5)
    ]
    assert {(reading.t, reading.state, reading.paces, reading.match) for reading in gone} == {
        (heard[heard.index(gone[0]) - 1].t, "listening", (), None)
    }
    assert heard[-1].health.note is None
    assert heard[-1].health.dropped_s == 9.0
    assert [reading.t for reading in heard] == sorted(reading.t for reading in heard)


def test_when_the_source_fails_the_song_is_still_told() -> None:
    events = Engine(only(150.0), EngineConfig()).events(Blocks([Block(rock(150.0, 12.0))], failure="unplugged"))
    told: deque[Event] = deque(maxlen=1)
    with pytest.raises(SourceError, match="unplugged"):
        told.extend(events)
    assert isinstance(told[0], Song)


def test_a_quiet_source_can_be_stopped() -> None:
    engine = Engine(only(), EngineConfig())
    engine.stop()
    endless = Blocks(itertools.repeat(Block(np.empty(0, np.float32))))
    assert [type(event) for event in engine.events(endless)] == [Start, End]


def test_an_engine_that_is_behind_leaves_out_readings_but_no_audio() -> None:
    music = rock(150.0, 30.0)
    late = [Block(music[: 12 * RATE]), Block(music[12 * RATE :])]
    for live, times in ((True, [12.0, 30.0]), (False, list(range(1, 31)))):
        events = list(Engine(only(150.0), EngineConfig()).events(Blocks(late, live=live)))
        assert [reading.t for reading in readings(events)] == times
        assert round(readings(events)[-1].paces[0].spm) == 150


class RealTime:
    """A live source that has given four seconds at once, and then what time gives; it knows how far it is."""

    live = True
    name = "real time"

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._begun = time.monotonic()

    @property
    def written(self) -> int:
        return min(len(self._samples), round((4.0 + time.monotonic() - self._begun) * RATE))

    def blocks(self) -> Iterator[Block]:
        given = 0
        while given < len(self._samples):
            now = self.written
            yield Block(self._samples[given:now])
            given = now
            time.sleep(0.02)


def test_an_engine_that_is_too_slow_reads_more_rarely_and_says_so() -> None:
    music = rock(150.0, 12.0)
    classifier = only(150.0)
    judge = classifier.probabilities

    def slow(cases: Cases) -> NDArray[np.float32]:
        time.sleep(1.0)  # ten times what there is
        return judge(cases)

    classifier.probabilities = slow  # type: ignore[method-assign]
    source = RealTime(music)
    lags, heard = [], []
    for event in Engine(classifier, EngineConfig(interval=0.1)).events(source):
        if isinstance(event, Reading):
            lags.append(source.written / RATE - event.t)
            heard.append(event)
    assert event == End(12.0)
    judged = [reading for reading in heard if reading.t > 4.0]
    assert 3 <= len(judged) <= 6
    assert judged[-1].health.interval == pytest.approx(2.1, abs=0.3)
    assert judged[-1].health.load > 0.15
    assert judged[-1].health.dropped_s == 0.0
    assert max(lags) <= judged[-1].health.interval
    assert round(judged[-1].paces[0].spm) == 150


def test_stopping_tells_the_song() -> None:
    engine = Engine(only(150.0), EngineConfig())
    events = engine.events(ArraySource(rock(150.0, 30.0), RATE, RATE))
    for event in events:
        if isinstance(event, Reading) and event.t >= 12.0:
            engine.stop()
            break
    song, end = events
    assert isinstance(song, Song)
    assert isinstance(end, End)
    assert end.t < 13.0


def test_the_target_moves_while_it_runs() -> None:
    engine = Engine(only(150.0), EngineConfig(target=165.0))
    matches = []
    for event in engine.events(ArraySource(rock(150.0, 14.0), RATE, RATE)):
        if isinstance(event, Reading):
            matches.append(event.match)
            if event.t >= 10.0:
                engine.target = 151.0
    assert matches[9] is None
    assert matches[-1] is not None
    with pytest.raises(UsageError):
        engine.target = 500.0


def test_the_tolerance_moves_while_it_runs() -> None:
    engine = Engine(only(150.0), EngineConfig(target=145.0, tolerance=0.02))
    grades = []
    for event in engine.events(ArraySource(rock(150.0, 14.0), RATE, RATE)):
        if isinstance(event, Reading):
            grades.append(event.match and event.match.grade)
            if event.t >= 10.0:
                engine.tolerance = 0.05
        elif isinstance(event, Song):
            assert event.match is not None
            assert event.match.grade == "match"
    assert (grades[9], grades[-1]) == ("stretch", "match")
    with pytest.raises(UsageError):
        engine.tolerance = 0.3


def test_what_comes_in_while_it_is_paused_is_a_gap_but_not_lost() -> None:
    engine = Engine(only(150.0), EngineConfig(target=150.0))
    music = rock(150.0, 40.0)

    def played() -> Iterator[Block]:
        for second in range(40):
            engine.paused = 15 <= second < 20
            yield Block(music[second * RATE : (second + 1) * RATE])

    events = list(engine.events(Blocks(played())))
    heard = readings(events)
    assert not [reading for reading in heard if 15.0 < reading.t <= 20.0]
    assert heard[-1].t == pytest.approx(40.0)
    assert heard[-1].health.dropped_s == 0.0
    assert heard[-1].state == "provisional", "the window began anew after the pause"
    (song,) = songs(events)
    assert song.end == pytest.approx(40.0)


def test_a_paused_engine_can_be_stopped_and_hears_another_source() -> None:
    engine = Engine(only(150.0), EngineConfig())
    engine.paused = True
    music = Block(rock(150.0, 1.0))

    def asked_to_stop() -> Iterator[Block]:
        engine.stop()
        yield from itertools.repeat(music)

    assert [type(event) for event in engine.events(Blocks(asked_to_stop()))] == [Start, End]
    engine.paused = False
    again = list(engine.events(ArraySource(rock(150.0, 3.0), RATE, RATE)))
    assert len(readings(again)) == 3


def test_readings_carry_the_tempogram_only_where_it_is_wanted() -> None:
    def strips(strip: bool) -> list[tuple[float, ...]]:
        source = ArraySource(rock(150.0, 12.0), RATE, RATE)
        return [r.tempogram for r in readings(list(Engine(only(150.0), EngineConfig(strip=strip)).events(source)))]

    assert not any(strips(False))
    wanted = strips(True)
    assert wanted[0] == ()
    assert {len(strip) for strip in wanted[4:]} == {len(STRIP_SPM)}
    last = np.array(wanted[-1])
    assert last.min() >= 0.0
    assert last.max() <= 1.0
    peak = last[np.abs(STRIP_SPM / 150.0 - 1.0) < 0.02].max()
    valley = last[np.abs(STRIP_SPM / 125.0 - 1.0) < 0.02].max()
    assert peak > 0.3 > valley
    assert '"tempogram"' not in to_json(Reading(1.0, 1, "settled", (), None, Health(-20.0, 0.0, 0.0), tempogram=(0.5,)))


def test_the_level_is_told_in_decibels_of_full_scale() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE).astype(np.float32)
    health = readings(hear(tone, only()))[-1].health
    assert isinstance(health, Health)
    assert health.level_dbfs == pytest.approx(-3.01, abs=0.05)
