"""People's timing: curves of the local tempo, and performances that follow them."""

import io
import json
from pathlib import Path

import mido
import numpy as np
import pytest

from paces_live.analysis.feature_config import FeatureConfig
from tests.support.corpus import make_corpus
from training.annotations.truth import truth
from training.corpus.performance import DRUMS, Control, Note, Performance, midi_tempo, write_midi
from training.corpus.songs import load
from training.corpus.timing import CONSTANT, TempoCurve, bar_drift, draw, glide, mean_speed, newest_speed
from training.dataset.megabatch import song_cases
from training.evaluate.run.songs import generated

TEMPO = 120.0
BEATS = 140.0


def _drawn(seed: int, drift: tuple[float, float] = (0.01, 0.03), tempo: float = TEMPO, bar: float = 4) -> TempoCurve:
    beats = 70 * tempo / 60
    return draw(np.random.default_rng(seed), beats=beats, tempo=tempo, beats_per_bar=bar, drift=drift)


def test_times_of_beats_are_those_of_the_integral() -> None:
    curve = TempoCurve((0.0, 2.0, 5.0, 6.0), (0.8, 1.3, 1.3, 0.9))
    fine = np.linspace(-1.0, 8.0, 90_001)
    middle = (fine[1:] + fine[:-1]) / 2
    steps = np.diff(fine) / np.interp(middle, curve.beats, curve.speeds) * 60 / TEMPO
    by_sums = np.concatenate([[0.0], np.cumsum(steps)])
    found = curve.seconds(fine, TEMPO)
    assert found - found[0] == pytest.approx(by_sums, abs=1e-7)
    assert curve.seconds(0.0, TEMPO) == 0.0


def test_exact_time_is_that_of_a_metronome() -> None:
    assert CONSTANT.seconds([0.0, 1.0, 7.5], TEMPO).tolist() == [0.0, 0.5, 3.75]
    assert CONSTANT.speed_at([0.0, 100.0], TEMPO).tolist() == [1.0, 1.0]
    assert bar_drift(CONSTANT, TEMPO, 4) == 0.0


def test_the_local_speed_is_the_rate_of_the_beats() -> None:
    curve = _drawn(1, (0.03, 0.06))
    beats = np.linspace(0.0, BEATS, 4001)
    seconds = curve.seconds(beats, TEMPO)
    between = (seconds[1:] + seconds[:-1]) / 2
    rate = np.diff(beats) / np.diff(seconds) * 60 / TEMPO
    assert curve.speed_at(between, TEMPO) == pytest.approx(rate, abs=1e-3)


@pytest.mark.parametrize("curve", [_drawn(2), glide(np.random.default_rng(2), beats=BEATS, change=(0.1, 0.25))])
def test_a_song_lasts_as_long_as_in_exact_time(curve: TempoCurve) -> None:
    assert curve.seconds(BEATS, TEMPO) == pytest.approx(BEATS * 60 / TEMPO)
    assert mean_speed(curve.knots(TEMPO), 0.0, BEATS * 60 / TEMPO) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("drift", [(0.0, 0.03), (0.01, 0.03), (0.03, 0.06)])
@pytest.mark.parametrize(("tempo", "bar"), [(45.0, 4), (70.0, 2), (120.0, 4), (150.0, 3.5), (230.0, 3)])
def test_drawn_timing_has_the_drift_asked_for(drift: tuple[float, float], tempo: float, bar: float) -> None:
    for seed in range(5):
        curve = _drawn(seed, drift, tempo, bar)
        assert drift[0] - 1e-4 <= bar_drift(curve, tempo, bar) <= drift[1] + 1e-4


def test_the_drift_is_that_of_the_bars() -> None:
    # Bars of 2.0 and 2.2 s in turn: each bar of four beats has its own speed.
    edges = np.arange(0.0, BEATS + 1, 4)
    knots = np.sort(np.concatenate([edges[1:] - 1e-9, edges]))
    speeds = np.where((knots + 1e-6 - 2e-6 * (np.arange(len(knots)) % 2)) // 4 % 2, 1 / 1.1, 1.0)
    curve = TempoCurve(tuple(knots.tolist()), tuple(speeds.tolist()))
    assert np.unique(np.diff(curve.seconds(edges[:-1], TEMPO)).round(6)).tolist() == [2.0, 2.2]
    assert bar_drift(curve, TEMPO, 4) == pytest.approx(0.1 / 2.1, rel=0.01)


def test_bars_are_like_their_neighbours() -> None:
    ratios = []
    for seed in range(30):
        curve = _drawn(seed)
        bars = np.diff(curve.seconds(np.arange(0.0, BEATS, 4), TEMPO))
        ratios.append(np.mean(np.abs(np.diff(bars))) / np.std(bars))
    # Bars drawn one by one would differ from their neighbours by 1.13 standard deviations.
    assert np.mean(ratios) < 0.75


def test_the_same_seed_draws_the_same_curve() -> None:
    assert _drawn(4) == _drawn(4) != _drawn(5)


def test_notes_follow_the_curve_in_a_file_of_one_tempo() -> None:
    curve = _drawn(6, (0.03, 0.06))
    beats = np.arange(0.0, BEATS, 0.5)
    notes = tuple(Note(float(beat), 0.25, 42, 80, DRUMS) for beat in beats)
    change = Control(64.0, mido.Message("program_change", channel=0, program=5))
    midi = write_midi(Performance(notes, (change,)), TEMPO, curve)
    assert midi_tempo(midi) == TEMPO
    on: list[float] = []
    off: list[float] = []
    controls: list[float] = []
    now = 0.0
    for message in mido.MidiFile(file=io.BytesIO(midi)):
        now += message.time
        if message.type == "program_change":
            controls.append(now)
        elif message.type in ("note_on", "note_off"):
            (on if message.type == "note_on" and message.velocity else off).append(now)
    assert on == pytest.approx(curve.seconds(beats, TEMPO), abs=0.002)
    assert off == pytest.approx(curve.seconds(beats + 0.25, TEMPO), abs=0.002)
    assert controls == pytest.approx(curve.seconds([64.0], TEMPO), abs=0.002)
    assert max(abs(np.array(on) - beats * 60 / TEMPO)) > 0.1


def test_the_mean_speed_is_that_of_the_beats_played() -> None:
    curve = _drawn(7, (0.03, 0.06))
    start, end = curve.seconds([40.0, 60.0], TEMPO)
    assert mean_speed(curve.knots(TEMPO), start, end) == pytest.approx(20 / (end - start) * 60 / TEMPO, abs=2e-3)
    assert mean_speed(curve.knots(TEMPO), start, start) == pytest.approx(curve.speed_at(start, TEMPO), abs=2e-3)
    assert mean_speed((), start, end) == 1.0


def test_a_song_of_one_bar_has_a_curve_too() -> None:
    curve = draw(np.random.default_rng(1), beats=4, tempo=TEMPO, beats_per_bar=4, drift=(0.01, 0.03))
    assert curve.seconds(4.0, TEMPO) == pytest.approx(2.0)
    assert 0.9 < min(curve.speeds) <= max(curve.speeds) < 1.1


def test_candidates_are_labelled_by_the_tempo_at_the_end_of_their_window() -> None:
    # From 100 to 125 a minute: the mean tempo of a window, or of the song, is another than that of its last seconds.
    rate, tempo = FeatureConfig().sample_rate, 112.0
    curve = glide(np.random.default_rng(3), beats=112.0, change=(0.24, 0.25))
    samples = np.random.default_rng(4).normal(0.0, 0.003, 60 * rate).astype(np.float32)
    for second in curve.seconds(np.arange(112.0), tempo):
        samples[int(second * rate) :][:600] += np.float32(0.5) * np.hanning(600).astype(np.float32)[: 60 * rate]
    known = truth(tempo, "duple")
    speeds = []
    drawn = song_cases(samples, known, FeatureConfig(), np.random.default_rng(5), windows=20, curve=curve.knots(tempo))
    for cases, label, exact, speed in drawn:
        near = [np.abs(cases.spm / (pace * speed) - 1.0) for pace in known.compatible]
        assert (label == 1).tolist() == (np.min(near, axis=0) <= 0.05).tolist()
        assert exact[label == 1].tolist() == (np.min(near, axis=0)[label == 1] <= 0.015).tolist()
        speeds.append(speed)
    assert max(speeds) / min(speeds) > 1.1


def test_songs_know_their_local_paces(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, 3)
    path = corpus / "songs" / "00002.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"curve": [[0.0, 0.9], [14.0, 1.1]]}), "utf-8")
    exact, _, song = load(corpus)
    assert exact.curve == ()
    assert exact.truth_between(3.0, 5.0) == exact.truth
    assert song.truth_between(0.0, 7.0).compatible == pytest.approx([0.95 * pace for pace in song.compatible])
    assert song.record()["curve"] == ((0.0, 0.9), (14.0, 1.1))
    (item,) = generated([exact, song], song.split)
    assert item.truth.compatible == pytest.approx(song.compatible)
    assert newest_speed(item.curve, 14.0, 14.0) == pytest.approx(0.9 + 0.2 * 11.0 / 14.0)
