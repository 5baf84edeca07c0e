"""Folds: beats in rows, exact to a fraction of a frame."""

import numpy as np
import pytest

from paces_live.config import FeatureConfig
from paces_live.features import log_mel
from paces_live.fold import build_cases, context, fold, foldable
from paces_live.tempogram import candidates, tempogram
from tests.signals import clicks, noisy, rock

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


def test_only_what_was_heard_for_sixteen_beats_is_judged() -> None:
    frames = int(10.0 * CONFIG.frame_rate)
    assert foldable(np.array([95.0, 97.0]), frames, CONFIG).tolist() == [False, True]
    window = log_mel(rock(97.0, 10.0), CONFIG)
    gram = tempogram(window, CONFIG)
    cases = build_cases(window, gram, candidates(gram, CONFIG, count=16), CONFIG)
    assert cases.spm.min() > 96.0
    assert len(cases.folds) == len(cases.context) == len(cases.spm)


def test_context_tells_the_related_tempi() -> None:
    gram = tempogram(log_mel(clicks(120.0), CONFIG), CONFIG)
    told = context(gram, np.array([120.0, 80.0]), CONFIG)
    assert told.shape == (2, 1 + len(CONFIG.ratios))
    assert np.abs(told).max() <= 1.0
    own, half, two_thirds = (1 + CONFIG.ratios.index(ratio) for ratio in (1.0, 1 / 2, 2 / 3))
    assert told[0, own] > 0.8
    assert told[0, half] > 0.8
    assert told[0, two_thirds] < 0.2
    assert told[1, own] < 0.2
