"""Log-mel frames equal those of librosa and do not depend on how the samples arrive."""

from dataclasses import asdict

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import CHUNK_FRAMES, EPSILON, LogMelStream, log_mel, mel_filters
from paces_live.errors import ModelError
from tests.support.signals import RATE, noisy, rock

CONFIG = FeatureConfig()
MUSIC = noisy(rock(117.0, 6.0), 30.0)


def test_mel_filters_equal_those_of_librosa() -> None:
    reference = librosa.filters.mel(
        sr=CONFIG.sample_rate, n_fft=CONFIG.n_fft, n_mels=CONFIG.n_mels, fmin=CONFIG.fmin, fmax=CONFIG.fmax
    )
    np.testing.assert_allclose(mel_filters(CONFIG), reference, atol=1e-7)


def test_log_mel_equals_that_of_librosa_within_a_ten_thousandth_of_a_neper() -> None:
    power = librosa.feature.melspectrogram(
        y=MUSIC,
        sr=RATE,
        n_fft=CONFIG.n_fft,
        hop_length=CONFIG.hop,
        n_mels=CONFIG.n_mels,
        fmin=CONFIG.fmin,
        fmax=CONFIG.fmax,
        center=False,
    )
    np.testing.assert_allclose(log_mel(MUSIC, CONFIG), np.log(power + EPSILON).T, atol=1e-4)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=40))
def test_any_split_of_the_samples_gives_identical_frames(sizes: list[int]) -> None:
    stream = LogMelStream(CONFIG)
    borders = np.cumsum(sizes)
    parts = np.split(MUSIC, borders[borders < len(MUSIC)])
    frames = np.concatenate([stream.push(part) for part in parts])
    whole = log_mel(MUSIC, CONFIG)
    assert len(whole) - len(frames) < CHUNK_FRAMES
    np.testing.assert_array_equal(frames, whole[: len(frames)])


def test_only_complete_frames_are_returned() -> None:
    assert log_mel(MUSIC[: CONFIG.n_fft - 1], CONFIG).shape == (0, CONFIG.n_mels)
    assert log_mel(MUSIC[: CONFIG.n_fft], CONFIG).shape == (1, CONFIG.n_mels)


def test_digital_silence_is_finite() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(4096, np.float32), CONFIG), np.log(EPSILON), rtol=1e-6)


def test_every_parameter_changes_the_fingerprint() -> None:
    assert FeatureConfig().fingerprint == CONFIG.fingerprint
    for other in (FeatureConfig(hop=512), FeatureConfig(n_mels=40), FeatureConfig(ratios=(1.0, 2.0))):
        assert other.fingerprint != CONFIG.fingerprint


def test_unknown_and_missing_parameters_are_refused() -> None:
    record = asdict(CONFIG)
    assert FeatureConfig.from_dict(record | {"ratios": list(CONFIG.ratios)}) == CONFIG
    with pytest.raises(ModelError, match="wavelets"):
        FeatureConfig.from_dict(record | {"wavelets": 1})
    del record["hop"]
    with pytest.raises(ModelError, match="hop"):
        FeatureConfig.from_dict(record)
