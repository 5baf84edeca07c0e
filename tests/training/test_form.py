"""Changes in the course of a song, which keep the beat."""

from collections.abc import Callable

import numpy as np
import pytest

from training.corpus import form
from training.corpus.arrangement import Rhythm
from training.corpus.cross import cross
from training.corpus.harmony import Harmony, draw_key
from training.corpus.performance import DRUMS, Note, Performance

END = 64.0
TEMPO = 120.0
ROCK = Rhythm("duple", 4, "straight")
SECTIONS = ((0.0, 32.0), (32.0, END))
KEY = draw_key(np.random.default_rng(1))
HARMONY = Harmony(KEY, (0.0,), KEY.progression(np.random.default_rng(1))[:1], END)
BAND = Performance(tuple(Note(beat / 2, 0.75, 60, 80, channel) for beat in range(128) for channel in (0, 1, DRUMS)))


def first(change: Callable[[np.random.Generator], Performance]) -> tuple[Performance, int]:
    """Return the result of the first seed that changes the band, and the number of such seeds among 200."""
    results = [change(np.random.default_rng(seed)) for seed in range(200)]
    changed = [result for result in results if result != BAND]
    return changed[0], len(changed)


def test_a_break_has_at_most_one_channel_and_no_ringing_notes() -> None:
    paused, count = first(lambda rng: form.pause(rng, BAND, ROCK, END, TEMPO))
    assert 40 < count < 90
    gone = sorted({(n.start, n.channel) for n in BAND.notes} - {(n.start, n.channel) for n in paused.notes})
    start, stop = gone[0][0], gone[-1][0] + 0.5
    assert stop % ROCK.beats_per_bar == 0
    assert (stop - start) * 60 / TEMPO <= 2 * form.LONGEST_BREAK_S
    silenced = {channel for begun, channel in gone if begun == start}
    assert len(silenced) >= 2
    assert all(note.length > 0 for note in paused.notes)
    before = [note for note in paused.notes if note.channel in silenced and note.start < start]
    assert max(note.start + note.length for note in before) <= start


def test_half_and_double_time_drums_do_not_change_the_band() -> None:
    changed, count = first(lambda rng: form.change_feel(rng, BAND, ROCK, SECTIONS))
    assert 20 < count < 70
    pitched = [n for n in BAND.notes if n.channel != DRUMS]
    assert [n for n in changed.notes if n.channel != DRUMS] == pitched
    snares = sorted(n.start for n in changed.notes if n.channel == DRUMS and n.pitch in (38, 40))
    assert snares
    assert all(start % 0.5 == 0 for start in snares)


@pytest.mark.parametrize("meter", ["triple", "compound"])
def test_only_duple_songs_have_half_time(meter: str) -> None:
    rhythm = Rhythm(meter, 3, "straight")  # type: ignore[arg-type]
    assert all(form.change_feel(np.random.default_rng(s), BAND, rhythm, SECTIONS) == BAND for s in range(50))


def test_a_solo_is_one_instrument_that_marks_the_beats() -> None:
    alone, count = first(lambda rng: form.solo(rng, BAND, END))
    assert 4 < count < 30
    assert DRUMS not in alone.channels
    programs = [control.message.program for control in alone.controls if control.message.type == "program_change"]
    assert len(set(programs)) == 1
    assert {n.start for n in alone.notes} == {n.start for n in BAND.notes}


def test_sparse_parts_do_not_play_alone() -> None:
    sparse = Performance(tuple(Note(4.0 * bar, 4.0, 60, 80, 0) for bar in range(16)))
    assert all(form.solo(np.random.default_rng(seed), sparse, END) == sparse for seed in range(200))


def test_endings_slow_down_from_the_steady_part_on() -> None:
    slowed = [form.slow_down(np.random.default_rng(seed), BAND, END, TEMPO) for seed in range(200)]
    changed = [(song, steady) for song, steady in slowed if steady < END]
    assert 30 < len(changed) < 75
    for song, steady in changed:
        before = [n for n in BAND.notes if n.start + n.length <= steady]
        assert list(song.notes[: len(before)]) == before
        starts = sorted({n.start for n in song.notes if n.start >= steady})
        steps = np.diff(starts)
        assert np.all(np.diff(steps) > 0)
        assert 0.5 / 0.7 * 0.8 < steps[-1] < 0.5 / 0.35


def test_cross_rhythms_are_added_to_the_band() -> None:
    changed = [
        song for s in range(200) if (song := cross(np.random.default_rng(s), BAND, HARMONY, ROCK, SECTIONS)) != BAND
    ]
    assert 40 < len(changed) < 90
    across = 0
    for song in changed:
        assert song.notes[: len(BAND.notes)] == BAND.notes
        added = song.notes[len(BAND.notes) :]
        assert added
        assert all(0 < note.velocity < 128 and 0 <= note.start < END and note.length > 0 for note in added)
        assert {note.channel for note in added} <= {DRUMS, 14, 15}
        # All notes are on sixteenths of the song, and in most songs some are not on eighths.
        assert all((4 * note.start) % 1 == 0 for note in added)
        across += any((2 * note.start) % 1 for note in added)
    assert across > len(changed) / 2


def test_cross_rhythms_without_drums_meet_the_beat_in_every_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.corpus.cross.ECHOES", 0.0)
    band = Performance(tuple(note for note in BAND.notes if note.channel != DRUMS))
    songs = [cross(np.random.default_rng(seed), band, HARMONY, ROCK, SECTIONS) for seed in range(200)]
    changed = [song.notes[len(band.notes) :] for song in songs if song != band]
    assert len(changed) > 20
    for added in changed:
        assert DRUMS not in {note.channel for note in added}
        loudest = max(note.velocity for note in added)
        stressed = {note.start for note in added if note.velocity >= loudest - 12}
        # 3+3+2 sixteenths take two beats, eighths four; longer groups have more places than three in either.
        assert min(len({start % bar for start in stressed}) for bar in (2.0, 4.0)) == 3


@pytest.mark.parametrize("rhythm", [Rhythm("duple", 4, "swung"), Rhythm("triple", 3, "straight")])
def test_only_straight_duple_songs_have_cross_rhythms(rhythm: Rhythm) -> None:
    assert all(cross(np.random.default_rng(s), BAND, HARMONY, rhythm, SECTIONS) == BAND for s in range(50))
