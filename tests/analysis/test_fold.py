"""Folds: beats in rows, exact to a fraction of a frame."""

import numpy as np
import pytest

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.fold import beats_heard, build_cases, context, fold, foldable
from paces_live.analysis.periodicity import candidates, tempogram
from tests.support.signals import clicks, noisy, rock

CONFIG = FeatureConfig()


@pytest.mark.parametrize("bpm", [40.0, 63.21, 100.0, 171.9, 320.0])
def test_clicks_at_the_tempo_stand_in_one_column(bpm: float) -> None:
    folded = fold(log_mel(clicks(bpm), CONFIG), np.array([bpm]), CONFIG)[0]
    assert folded.shape == (16, 16, CONFIG.n_mels)
    loudest = folded.mean(axis=2).argmax(axis=1)
    drift = (loudest - loudest[0] + 8) % 16 - 8
    assert np.abs(drift).max() <= 1


def test_clicks_beside_the_tempo_wander_through_the_columns() -> None:
    folded = fold(log_mel(clicks(100.0), CONFIG), np.array([105.0]), CONFIG)[0]
    assert len(np.unique(folded.mean(axis=2).argmax(axis=1))) > 8


def test_equal_steps_are_plain_means_of_frames() -> None:
    frames = np.random.default_rng(0).normal(size=(400, CONFIG.n_mels)).astype(np.float32)
    bpm = 60.0 * CONFIG.frame_rate / 16.0
    folded = fold(frames, np.array([bpm]), CONFIG)[0].reshape(256, -1)
    last = frames[-256:]
    expected = np.clip((last - last.mean(axis=0)) / CONFIG.fold_range, -1.0, 1.0)
    np.testing.assert_allclose(folded, expected, atol=1e-5)


def test_loudness_and_equalisation_do_not_matter() -> None:
    frames = log_mel(noisy(rock(120.0), 30.0), CONFIG)
    bent = frames + np.linspace(-3.0, 2.0, CONFIG.n_mels).astype(np.float32)
    bpm = np.array([60.0, 120.0])
    np.testing.assert_allclose(fold(bent, bpm, CONFIG), fold(frames, bpm, CONFIG), atol=1e-4)


def test_only_what_was_heard_for_eight_beats_is_judged() -> None:
    frames = int(5.0 * CONFIG.frame_rate)
    assert foldable(np.array([95.0, 97.0]), frames, CONFIG).tolist() == [False, True]
    window = log_mel(rock(97.0, 5.2), CONFIG)
    gram = tempogram(window, CONFIG)
    cases = build_cases(window, gram, candidates(gram, CONFIG, count=16), CONFIG)
    assert 92.0 < cases.spm.min() < 99.0
    assert len(cases.folds) == len(cases.context) == len(cases.spm)


def test_context_tells_the_related_tempi() -> None:
    gram = tempogram(log_mel(clicks(120.0), CONFIG), CONFIG)
    told = context(gram, np.array([120.0, 80.0]), 2000, CONFIG)
    assert told.shape == (2, CONFIG.context_values)
    assert np.abs(told).max() <= 1.0
    own, half, two_thirds = (1 + CONFIG.ratios.index(ratio) for ratio in (1.0, 1 / 2, 2 / 3))
    assert told[0, own] > 0.8
    assert told[0, half] > 0.8
    assert told[0, two_thirds] < 0.2
    assert told[1, own] < 0.2


def test_beats_repeat_in_whole_bars_where_the_window_is_short() -> None:
    frames = np.random.default_rng(0).normal(size=(200, CONFIG.n_mels)).astype(np.float32)
    bpm = 60.0 * CONFIG.frame_rate / 16.0
    assert beats_heard(np.array([bpm, 2 * bpm]), 200, CONFIG).tolist() == [12, 16]
    folded = fold(frames, np.array([bpm]), CONFIG)[0]
    np.testing.assert_array_equal(folded[:4], folded[12:])
    last = frames[-192:]
    expected = np.clip((last - last.mean(axis=0)) / CONFIG.fold_range, -1.0, 1.0)
    np.testing.assert_allclose(folded[4:].reshape(192, -1), expected, atol=1e-5)
    gram = tempogram(frames, CONFIG)
    assert context(gram, np.array([bpm, 2 * bpm]), 200, CONFIG)[:, -1].tolist() == [0.75, 1.0]
