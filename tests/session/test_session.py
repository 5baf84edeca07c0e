"""The session: events from sound, the same for any way of cutting it, songs with their borders."""

import itertools
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paces_live.analysis.classifier import load_classifier
from paces_live.analysis.fold import Cases
from paces_live.events import Condition, End, Event, Health, Reading, Start, Track
from paces_live.session import Session, SessionConfig, run
from paces_live.session.config import PERIODICITY_SPM
from paces_live.sources.block import Block
from tests.support.sessions import Blocks, checked, hear, only, readings, songs, without_load
from tests.support.signals import RATE, Samples, drums, noisy, rock, waltz

SILENCE = np.zeros(5 * RATE, np.float32)


def test_a_song_settles_and_is_reported() -> None:
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
    (song,) = songs(events)
    assert song.end == pytest.approx(32.0, abs=1e-3)
    assert sorted(round(pace.spm) for pace in song.paces) == [82, 164]
    assert all(pace.share > 0.6 for pace in song.paces)


def test_a_fast_pace_is_shown_after_eight_beats() -> None:
    heard = readings(hear(noisy(rock(164.0, 20.0), 30.0), only(82.0, 164.0)))
    first = {
        tempo: next(r.t for r in heard if any(abs(p.spm / tempo - 1) < 0.01 for p in r.paces)) for tempo in (82, 164)
    }
    assert first[164] <= 8 * 60 / 164 + 1.5
    assert first[82] <= 8 * 60 / 82 + 1.5


def test_how_to_step_does_not_flip_when_the_half_appears() -> None:
    """At 190 the pace is known two seconds before its half, which is the beat."""
    events = hear(noisy(rock(190.0, 32.0), 30.0), only(95.0, 190.0))
    beats = [event.beat for event in readings(events) if event.paces]
    decided = [round(beat) for beat in beats if beat is not None]
    assert beats[0] is None
    assert set(decided) == {95}
    assert len(decided) >= 20
    (song,) = songs(events)
    assert round(song.beat or 0.0) == 95


def test_a_tempo_that_swings_is_shown_as_it_is_and_is_one_song() -> None:
    def tempo(t: float) -> float:
        return 150.0 * (1.0 + 0.07 * float(np.sin(2.0 * np.pi * t / 14.0)))

    events = hear(drums(tempo, 60.0), load_classifier())
    errors = []
    for event in (event for event in readings(events) if event.t > 12.0):
        (beat,) = [pace.spm for pace in event.paces if 130.0 < pace.spm < 170.0]
        # The newest tempo is that of the middle of the last part of the window.
        errors.append(abs(beat / tempo(event.t - 3.0) - 1.0))
    assert np.mean(errors) < 0.02
    assert len(songs(events)) == 1


def test_each_song_has_its_own_beat() -> None:
    samples = np.concatenate([noisy(rock(188.0, 14.0), 30.0), SILENCE, noisy(rock(120.0, 14.0), 30.0)])
    events = hear(samples, only(94.0, 188.0, 120.0))
    assert [round(song.beat or 0.0) for song in songs(events)] == [94, 120]
    early = [event for event in readings(events) if event.song == 2 and event.t < 22.0]
    assert {event.beat for event in early} == {None}


@settings(max_examples=10)
@given(st.integers(100, 60_000))
def test_any_split_of_the_samples_gives_the_same_events(block: int) -> None:
    samples = np.concatenate([noisy(rock(151.0, 13.0), 20.0), SILENCE, noisy(waltz(176.0, 12.0), 20.0)])
    events = [without_load(event) for event in hear(samples, only(151.0, 176.0), block=block)]
    assert events == [without_load(event) for event in hear(samples, only(151.0, 176.0), block=4096)]


def test_empty_blocks_before_the_sound_change_nothing() -> None:
    samples, empty = rock(168.0, 12.0), Block(np.empty(0, np.float32))
    session = Session(only(168.0))
    events = [event for block in [empty, empty, Block(samples)] for event in session.push(block)]
    expected = hear(samples, only(168.0))[1 : len(events) + 1]
    assert [without_load(event) for event in events] == [without_load(event) for event in expected]


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


def test_a_sound_without_a_pulse_is_no_pulse() -> None:
    hiss = 0.1 * np.random.default_rng(0).standard_normal(15 * RATE).astype(np.float32)
    assert readings(hear(hiss, only()))[-1].state == "no_pulse"
    assert {reading.state for reading in readings(hear(np.tile(SILENCE, 3), only()))} == {"listening", "silence"}
    assert songs(hear(np.tile(SILENCE, 3), only())) == []


def test_a_gap_is_counted_and_restarts_the_window() -> None:
    music = rock(150.0, 24.0)
    gap = [Block(music[: 12 * RATE]), Block(music[14 * RATE :], dropped=2 * RATE)]
    heard = readings(checked(run(Blocks(gap), Session(only(150.0)))))
    assert heard[-1].t == pytest.approx(24.0)
    assert heard[-1].health.dropped_s == 2.0
    assert heard[-1].state == "provisional"
    (lost,) = [reading for reading in heard if reading.health.status == "lost_audio"]
    assert (lost.t, lost.health.message) == (14.0, "lost 2.0 s of audio")


def unplugged(music: Samples) -> Iterator[Block]:
    """Yield music, then nothing for a while, and music again."""
    yield Block(music)
    for wait in (1, 1, 2, 5, 5):
        yield Block(music[:0], condition=Condition("reconnecting", f"microphone is gone, trying again in {wait} s"))
    yield Block(music, dropped=9 * RATE)


def test_a_condition_of_the_source_is_reported_once_even_if_no_sound_comes() -> None:
    events = run(Blocks(unplugged(rock(150.0, 12.0)), live=True), Session(only(150.0), live=True))
    heard = readings(checked(events))
    gone = [reading for reading in heard if reading.health.status == "reconnecting"]
    assert [reading.health.message for reading in gone] == [
        f"microphone is gone, trying again in {wait} s" for wait in (1, 2, 5)
    ]
    assert {(reading.t, reading.state, reading.paces) for reading in gone} == {
        (heard[heard.index(gone[0]) - 1].t, "listening", ())
    }
    assert heard[-1].health.dropped_s == 9.0
    assert [reading.t for reading in heard] == sorted(reading.t for reading in heard)


def test_a_live_session_that_is_behind_skips_readings_but_no_audio() -> None:
    music = rock(150.0, 30.0)
    late = [Block(music[: 12 * RATE]), Block(music[12 * RATE :])]
    for live, times in ((True, [12.0, 30.0]), (False, list(range(1, 31)))):
        events = list(checked(run(Blocks(late, live=live), Session(only(150.0), live=live))))
        assert [reading.t for reading in readings(events)] == times
        assert round(readings(events)[-1].paces[0].spm) == 150


class RealTime:
    """A live source that gives four seconds at once, and then what time gives; it knows how far it is."""

    live = True
    name = "real time"

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._begun = time.monotonic()

    @property
    def written(self) -> int:
        return min(len(self._samples), round((4.0 + time.monotonic() - self._begun) * RATE))

    def blocks(self) -> Generator[Block, None, None]:
        given = 0
        while given < len(self._samples):
            now = self.written
            yield Block(self._samples[given:now])
            given = now
            time.sleep(0.02)


@pytest.mark.slow
def test_a_session_that_is_too_slow_reads_less_often_and_reports_it() -> None:
    music = rock(150.0, 12.0)
    classifier = only(150.0)
    judge = classifier.probabilities

    def slow(cases: Cases) -> NDArray[np.float32]:
        # Ten times the time that there is; the processor's, because a session does not count what others use.
        busy_until = time.thread_time() + 1.0
        while time.thread_time() < busy_until:
            pass
        return judge(cases)

    classifier.probabilities = slow  # type: ignore[method-assign]
    source = RealTime(music)
    lags, heard = [], []
    for event in checked(run(source, Session(classifier, SessionConfig(interval=0.1), live=True))):
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


def test_skipped_samples_of_a_pause_are_a_gap_but_not_lost() -> None:
    session = Session(only(150.0))
    music = rock(150.0, 40.0)
    events: list[Event] = []
    for second in range(40):
        (session.pause if 15 <= second < 20 else session.resume)()
        assert session.paused == (15 <= second < 20)
        events += checked(session.push(Block(music[second * RATE : (second + 1) * RATE])))
    events += checked(session.finish())
    heard = readings(events)
    assert not [reading for reading in heard if 15.0 < reading.t <= 20.0]
    assert heard[-1].t == pytest.approx(40.0)
    assert heard[-1].health.dropped_s == 0.0
    assert heard[-1].state == "provisional", "the window started again after the pause"
    (song,) = songs(events)
    assert song.end == pytest.approx(40.0)


def test_interleaved_sessions_give_the_events_that_each_would_give_alone() -> None:
    """One thread, one real classifier; the load counts only the session's own work."""
    classifier = load_classifier()
    music = [noisy(rock(tempo, 20.0), 30.0, seed=seed) for seed, tempo in enumerate((96.0, 128.0, 151.0, 176.0))]
    alone = [[without_load(event) for event in hear(samples, classifier)] for samples in music]
    sessions = [Session(classifier) for _ in music]
    together: list[list[Event]] = [[*checked([session.start("array")])] for session in sessions]
    for start in range(0, 20 * RATE, 1000):
        for events, session, samples in zip(together, sessions, music, strict=True):
            events += checked(session.push(Block(samples[start : start + 1000])))
    for events, session in zip(together, sessions, strict=True):
        events += checked(session.finish())
    assert [[without_load(event) for event in events] for events in together] == alone


def test_the_load_counts_only_the_time_of_the_session_itself() -> None:
    ticks = itertools.count()
    session = Session(only(150.0), cpu_clock=lambda: next(ticks) * 1e-4)
    events = checked(session.push(Block(rock(150.0, 5.0))))
    # A reading per second of audio and, but for the first, ten cells before it, each measured once: ticks of 0.1 ms.
    assert readings(events)[-1].health.load == pytest.approx(2e-4 * (1 - 0.8**5) - 1e-4 * 0.2 * 0.8**4, rel=1e-6)


def test_another_track_begins_another_song() -> None:
    session = Session(only(150.0))
    music = Block(rock(150.0, 20.0))
    session.now_playing(Track(title="One", artist="A"))
    events = list(checked(session.push(music)))
    session.now_playing(Track(title="One", artist="A", duration=200.0))
    events += checked(session.push(music))
    session.now_playing(Track(title="Two"))
    events += checked(session.push(replace(music, track=Track(title="Three"))))
    events += checked(session.finish())
    assert [song.track and song.track.caption for song in songs(events)] == ["A - One", "Three"]
    assert songs(events)[0].track == Track(title="One", artist="A", duration=200.0)
    assert songs(events)[0].end == pytest.approx(40.0)


def test_readings_carry_the_periodicity_only_if_it_is_wanted() -> None:
    def carried(wanted: bool) -> list[tuple[float, ...]]:
        session = Session(only(150.0), SessionConfig(with_periodicity=wanted))
        return [reading.periodicity for reading in readings(checked(session.push(Block(rock(150.0, 12.0)))))]

    assert not any(carried(False))
    wanted = carried(True)
    assert wanted[0] == ()
    assert {len(strengths) for strengths in wanted[4:]} == {len(PERIODICITY_SPM)}
    last = np.array(wanted[-1])
    assert last.min() >= 0.0
    assert last.max() <= 1.0
    peak = last[np.abs(PERIODICITY_SPM / 150.0 - 1.0) < 0.02].max()
    valley = last[np.abs(PERIODICITY_SPM / 125.0 - 1.0) < 0.02].max()
    assert peak > 0.3 > valley


def test_the_level_is_in_decibels_of_full_scale() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE).astype(np.float32)
    health = readings(hear(tone, only()))[-1].health
    assert isinstance(health, Health)
    assert health.level_dbfs == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize(
    ("seconds", "moved_on", "skipped"), [(12.0, True, True), (12.0, False, False), (40.0, True, False)]
)
def test_a_song_is_skipped_if_the_listener_moves_on_before_it_settles(
    seconds: float, moved_on: bool, skipped: bool
) -> None:
    samples = rock(150.0, seconds)
    given = [Block(samples), Block(samples[:0], ends=True, skipped=moved_on), Block(rock(150.0, 12.0), ends=True)]
    session = Session(only(150.0), SessionConfig(song_changes=False))
    first, second = songs(checked(run(Blocks(given), session)))
    assert first.end == pytest.approx(seconds, abs=0.1)
    assert first.skipped == skipped
    assert [round(pace.spm) for pace in first.paces] == [150]
    assert not second.skipped


def test_why_a_source_gives_no_sound_is_said_before_its_first() -> None:
    looking = Condition("waiting", "looking for a song that matches: 1 of 2")
    silence = Block(np.zeros(0, np.float32), condition=looking)
    [first] = readings(checked(run(Blocks([silence] * 8), Session(only(150.0)))))
    assert (first.t, first.state, first.health.message) == (0.0, "listening", looking.message)


def test_sessions_in_several_threads_share_a_classifier() -> None:
    """Each gives the events that it would give alone."""
    classifier = load_classifier()
    music = [noisy(rock(bpm, 15.0), 30.0) for bpm in (150.0, 164.0, 172.0, 120.0)]

    def events(samples: Samples) -> list[Event]:
        return [without_load(event) for event in hear(samples, classifier)]

    alone = [events(samples) for samples in music]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(events, music)) == alone
