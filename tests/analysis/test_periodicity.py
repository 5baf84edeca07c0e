"""The periodicity is the autocorrelation of librosa's onset strength."""

import librosa
import numpy as np

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.periodicity import BAND_GROUPS, DYNAMIC_RANGE, onset_strength, periodicity
from tests.support.signals import noisy, rock

CONFIG = FeatureConfig()
FRAMES = log_mel(noisy(rock(123.0), 30.0), CONFIG)


def test_onset_strength_equals_that_of_librosa() -> None:
    width = CONFIG.n_mels // BAND_GROUPS
    reference = librosa.onset.onset_strength_multi(
        S=np.maximum(FRAMES, FRAMES.max() - DYNAMIC_RANGE).T,
        channels=[index * width for index in range(BAND_GROUPS + 1)],
        center=False,
        detrend=False,
    )
    padded = np.pad(reference[:, 1:], ((0, 0), (1, 0)))
    centred = padded - padded.mean(axis=1, keepdims=True)
    expected = (centred / centred.std(axis=1, keepdims=True)).sum(axis=0)
    np.testing.assert_allclose(onset_strength(FRAMES), expected, atol=1e-4)


def test_a_steady_window_has_the_unbiased_autocorrelation_of_its_onset_strength() -> None:
    onsets = onset_strength(FRAMES)
    repeats = periodicity(FRAMES, CONFIG)
    assert repeats.curve.exact
    lags = np.arange(len(repeats.strengths))
    correlation = librosa.autocorrelate(onsets.astype(np.float64), max_size=len(lags))
    expected = correlation / correlation[0] / (1.0 - lags / len(onsets))
    np.testing.assert_allclose(repeats.strengths, expected, atol=1e-4)


def test_a_lag_beyond_the_window_has_no_strength() -> None:
    short = periodicity(FRAMES[:100], CONFIG)
    assert short.at(np.array([60.0, 240.0]))[0] == 0.0
    assert short.at(np.array([60.0, 240.0]))[1] > 0.0
