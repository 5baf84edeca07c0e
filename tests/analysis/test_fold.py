"""Folds have a beat in each row, exact to a fraction of a frame."""

import numpy as np
import pytest

from paces_live.analysis.candidates import candidates
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import beats_heard, build_cases, context, fold, foldable
from paces_live.analysis.periodicity import periodicity
from tests.support.signals import clicks, noisy, rock

CONFIG = FeatureConfig()


@pytest.mark.parametrize("bpm", [40.0, 63.21, 100.0, 171.9, 320.0])
def test_clicks_at_the_tempo_are_in_one_column(bpm: float) -> None:
    folded = fold(log_mel(clicks(bpm), CONFIG), np.array([bpm]), CONFIG)[0]
    assert folded.shape == (16, 16, CONFIG.n_mels)
    loudest = folded.mean(axis=2).argmax(axis=1)
    drift = (loudest - loudest[0] + 8) % 16 - 8
    assert np.abs(drift).max() <= 1


def test_clicks_at_another_tempo_drift_through_the_columns() -> None:
    folded = fold(log_mel(clicks(100.0), CONFIG), np.array([105.0]), CONFIG)[0]
    assert len(np.unique(folded.mean(axis=2).argmax(axis=1))) > 8


def test_a_step_of_one_frame_has_the_values_of_that_frame() -> None:
    frames = np.random.default_rng(0).normal(size=(400, CONFIG.n_mels)).astype(np.float32)
    bpm = 60.0 * CONFIG.frame_rate / 16.0
    folded = fold(frames, np.array([bpm]), CONFIG)[0].reshape(256, -1)
    last = frames[-256:]
    expected = np.clip((last - last.mean(axis=0)) / CONFIG.fold_range, -1.0, 1.0)
    np.testing.assert_allclose(folded, expected, atol=1e-5)


def test_a_fold_does_not_depend_on_loudness_and_equalization() -> None:
    frames = log_mel(noisy(rock(120.0), 30.0), CONFIG)
    equalized = frames + np.linspace(-3.0, 2.0, CONFIG.n_mels).astype(np.float32)
    bpm = np.array([60.0, 120.0])
    np.testing.assert_allclose(fold(equalized, bpm, CONFIG), fold(frames, bpm, CONFIG), atol=1e-4)


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
    frames = np.random.default_rng(0).normal(size=(200, CONFIG.n_mels)).astype(np.float32)
    bpm = 60.0 * CONFIG.frame_rate / 16.0
    assert beats_heard(np.array([bpm, 2 * bpm]), 200, CONFIG).tolist() == [12, 16]
    folded = fold(frames, np.array([bpm]), CONFIG)[0]
    np.testing.assert_array_equal(folded[:4], folded[12:])
    last = frames[-192:]
    expected = np.clip((last - last.mean(axis=0)) / CONFIG.fold_range, -1.0, 1.0)
    np.testing.assert_allclose(folded[4:].reshape(192, -1), expected, atol=1e-5)
    repeats = periodicity(frames, CONFIG)
    assert context(repeats, np.array([bpm, 2 * bpm]), 200, CONFIG)[:, -1].tolist() == [0.75, 1.0]
