"""The tempogram and its candidates: equal to librosa's, exact on known rhythms, and complete."""

import librosa
import numpy as np
import pytest

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.periodicity import BAND_GROUPS, DYNAMIC_RANGE, candidates, onset_strength, refine, tempogram
from tests.support.signals import Samples, clicks, noisy, rock, swing, triplets, waltz

CONFIG = FeatureConfig()
TEMPI = (*np.geomspace(40.0, 320.0, 25).tolist(), 61.7, 119.3, 164.9, 165.1, 239.0, 319.0)


def proposed(samples: Samples, **options: float) -> np.ndarray:
    return candidates(tempogram(log_mel(samples, CONFIG), CONFIG), CONFIG, count=16, **options)  # type: ignore[arg-type]


def test_onset_strength_is_that_of_librosa() -> None:
    frames = log_mel(noisy(rock(123.0), 30.0), CONFIG)
    width = CONFIG.n_mels // BAND_GROUPS
    reference = librosa.onset.onset_strength_multi(
        S=np.maximum(frames, frames.max() - DYNAMIC_RANGE).T,
        channels=[index * width for index in range(BAND_GROUPS + 1)],
        center=False,
        detrend=False,
    )
    np.testing.assert_allclose(onset_strength(frames), reference[:, 1:].T, atol=1e-5)


def test_tempogram_is_the_autocorrelation_of_librosa() -> None:
    frames = log_mel(noisy(rock(123.0), 30.0), CONFIG)
    onsets = onset_strength(frames)
    gram = tempogram(frames, CONFIG)
    lags = np.arange(len(gram.strengths))
    groups = []
    for group in (onsets - onsets.mean(axis=0)).T:
        correlation = librosa.autocorrelate(group.astype(np.float64), max_size=len(lags))
        groups.append(correlation / correlation[0] / (1.0 - lags / len(onsets)))
    np.testing.assert_allclose(gram.strengths, np.mean(groups, axis=0), atol=1e-4)


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("snr_db", [40.0, 0.0])
def test_a_click_track_is_found_within_half_a_percent(bpm: float, snr_db: float) -> None:
    found = proposed(noisy(clicks(bpm), snr_db))
    assert np.abs(found / bpm - 1.0).min() < 0.005


@pytest.mark.parametrize("pattern", [rock, swing, triplets, waltz])
@pytest.mark.parametrize("snr_db", [40.0, 6.0])
@pytest.mark.parametrize("bpm", [66.0, 91.3, 118.0, 143.7, 172.0])
def test_all_levels_of_a_pattern_are_proposed(pattern, bpm: float, snr_db: float) -> None:  # type: ignore[no-untyped-def]
    levels = {rock: (1, 2, 0.5), swing: (1, 0.5), triplets: (1, 3), waltz: (1, 1 / 3)}[pattern]
    found = proposed(noisy(pattern(bpm), snr_db))
    for level in levels:
        if CONFIG.spm_min <= level * bpm <= CONFIG.spm_max:
            assert np.abs(found / (level * bpm) - 1.0).min() < 0.005, level


def test_candidates_are_distinct_and_in_range() -> None:
    found = proposed(noisy(rock(131.0), 10.0))
    assert len(found) <= 16
    assert found.min() >= CONFIG.spm_min
    assert found.max() <= CONFIG.spm_max
    apart = np.abs(found[:, None] / found - 1.0) + np.eye(len(found))
    assert apart.min() >= 0.0195


def test_a_weak_peak_near_the_target_is_proposed_though_stronger_ones_fill_the_list() -> None:
    gram = tempogram(log_mel(noisy(rock(137.0), 10.0), CONFIG), CONFIG)
    everything = candidates(gram, CONFIG, count=64)
    for weak in everything[8:12]:
        assert np.abs(candidates(gram, CONFIG, count=4) / weak - 1.0).min() > 0.02
        assert np.abs(candidates(gram, CONFIG, count=4, target=weak) / weak - 1.0).min() < 0.08


def test_a_side_lobe_of_a_stronger_peak_is_not_proposed_unless_tracked() -> None:
    gram = tempogram(log_mel(noisy(rock(137.0), 10.0), CONFIG), CONFIG)
    found = candidates(gram, CONFIG, count=32)
    distance = np.abs(found[:, None] / found[None, :] - 1.0)
    weaker = gram.at(found)[:, None] < gram.at(found)[None, :]
    assert not ((distance < 0.05) & weaker).any()
    lobe = found[0] * 1.04
    assert np.abs(candidates(gram, CONFIG, count=32, also=(lobe,)) / lobe - 1.0).min() < 0.02


def test_refinement_follows_the_peak_to_its_multiples() -> None:
    gram = tempogram(log_mel(clicks(164.37), CONFIG), CONFIG)
    assert refine(gram, np.array([163.0]))[0] == pytest.approx(164.37, rel=2e-4)
