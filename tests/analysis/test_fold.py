"""Folds have a beat in each row, exact to a fraction of a frame."""

import numpy as np
import pytest

from paces_live.analysis.candidates import candidates
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import beats_heard, build_cases, context, fold, foldable
from paces_live.analysis.periodicity import periodicity
from paces_live.analysis.tempo_curve import EXACT_TIME
from tests.support.signals import clicks, noisy, rock, strokes

CONFIG = FeatureConfig()


@pytest.mark.parametrize("bpm", [40.0, 63.21, 100.0, 171.9, 320.0])
def test_clicks_at_the_tempo_are_in_one_column(bpm: float) -> None:
    folded = fold(log_mel(clicks(bpm), CONFIG), EXACT_TIME, np.array([bpm]), CONFIG)[0]
    assert folded.shape == (16, 12, CONFIG.n_mels)
    loudest = folded.mean(axis=2).argmax(axis=1)
    drift = (loudest - loudest[0] + 6) % 12 - 6
    assert np.abs(drift).max() <= 1


def test_clicks_at_another_tempo_drift_through_the_columns() -> None:
    folded = fold(log_mel(clicks(100.0), CONFIG), EXACT_TIME, np.array([105.0]), CONFIG)[0]
    assert len(np.unique(folded.mean(axis=2).argmax(axis=1))) > 6


def test_a_step_of_one_frame_has_the_values_of_that_frame() -> None:
    frames = np.random.default_rng(0).normal(size=(400, CONFIG.n_mels)).astype(np.float32)
    bpm = 60.0 * CONFIG.frame_rate / CONFIG.fold_steps
    folded = fold(frames, EXACT_TIME, np.array([bpm]), CONFIG)[0].reshape(192, -1)
    last = frames[-192:]
    expected = np.clip((last - last.mean(axis=0)) / CONFIG.fold_range, -1.0, 1.0)
    np.testing.assert_allclose(folded, expected, atol=1e-5)


def test_a_fold_does_not_depend_on_loudness_and_equalization() -> None:
    frames = log_mel(noisy(rock(120.0), 30.0), CONFIG)
    equalized = frames + np.linspace(-3.0, 2.0, CONFIG.n_mels).astype(np.float32)
    bpm = np.array([60.0, 120.0])
    np.testing.assert_allclose(
        fold(equalized, EXACT_TIME, bpm, CONFIG), fold(frames, EXACT_TIME, bpm, CONFIG), atol=1e-4
    )


def test_only_tempi_that_were_heard_for_eight_beats_are_judged() -> None:
    frames = int(5.0 * CONFIG.frame_rate)
    assert foldable(np.array([95.0, 97.0]), frames, CONFIG).tolist() == [False, True]
    window = log_mel(rock(97.0, 5.2), CONFIG)
    repeats = periodicity(window, CONFIG)
    cases = build_cases(window, repeats, candidates(repeats, CONFIG, count=16), CONFIG)
    assert 92.0 < cases.spm.min() < 99.0
    assert len(cases.folds) == len(cases.context) == len(cases.spm)


def test_the_context_holds_the_periodicity_at_related_tempi() -> None:
    repeats = periodicity(log_mel(clicks(120.0), CONFIG), CONFIG)
    values = context(repeats, np.array([120.0, 80.0]), 2000, CONFIG)
    assert values.shape == (2, CONFIG.context_values)
    assert np.abs(values).max() <= 1.0
    own, half, two_thirds = (1 + CONFIG.ratios.index(ratio) for ratio in (1.0, 1 / 2, 2 / 3))
    assert values[0, own] > 0.8
    assert values[0, half] > 0.8
    assert values[0, two_thirds] < 0.2
    assert values[1, own] < 0.2


def test_the_fold_of_a_short_window_repeats_whole_bars() -> None:
    frames = np.random.default_rng(0).normal(size=(150, CONFIG.n_mels)).astype(np.float32)
    bpm = 60.0 * CONFIG.frame_rate / CONFIG.fold_steps
    assert beats_heard(np.array([bpm, 2 * bpm]), 150, CONFIG).tolist() == [12, 16]
    folded = fold(frames, EXACT_TIME, np.array([bpm]), CONFIG)[0]
    np.testing.assert_array_equal(folded[:4], folded[12:])
    last = frames[-144:]
    expected = np.clip((last - last.mean(axis=0)) / CONFIG.fold_range, -1.0, 1.0)
    np.testing.assert_allclose(folded[4:].reshape(144, -1), expected, atol=1e-5)
    repeats = periodicity(frames, CONFIG)
    assert context(repeats, np.array([bpm, 2 * bpm]), 150, CONFIG)[:, -1].tolist() == [0.75, 1.0]


def test_the_beats_of_people_line_up_in_straight_time() -> None:
    """Clicks that become a quarter slower are spread over many columns by a straight ruler, and over two by theirs."""
    times = np.cumsum(np.geomspace(0.8, 1.0, 35))
    frames = log_mel(strokes(times, CONFIG.window_s), CONFIG)[: CONFIG.window_frames]
    curve = periodicity(frames, CONFIG).curve
    found = candidates(periodicity(frames, CONFIG), CONFIG, count=8)
    bpm = found[np.abs(found - 64.0) < 2.0]
    columns = [
        len(np.unique(fold(frames, ruler, bpm, CONFIG)[0].mean(axis=2).argmax(axis=1))) for ruler in (EXACT_TIME, curve)
    ]
    assert columns[1] <= 2 < 5 < columns[0]


def test_noise_does_not_change_the_relative_periodicity_but_the_strongest_one() -> None:
    quiet, loud = (periodicity(log_mel(noisy(rock(120.0), snr_db), CONFIG), CONFIG) for snr_db in (40.0, 0.0))
    bpm = np.array([120.0, 60.0, 80.0])
    clear, buried = (context(repeats, bpm, 2000, CONFIG) for repeats in (quiet, loud))
    assert buried[0, -2] < 0.7 * clear[0, -2]
    own = 1 + CONFIG.ratios.index(1.0)
    np.testing.assert_allclose(buried[:2, own], clear[:2, own], atol=0.2)
