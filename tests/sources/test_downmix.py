"""The mix to mono: the mean, unless channels cancel each other."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paces_live.sources.downmix import CHUNK, Downmix
from tests.support.sources import music

RATE = 44_100


def mixed(frames: NDArray[Any]) -> NDArray[Any]:
    return Downmix().push(frames.astype(np.float32))


def power(samples: NDArray[Any]) -> float:
    return float(np.mean(np.square(samples)))


@pytest.mark.parametrize("channels", [2, 6, 8])
def test_channels_are_averaged(channels: int) -> None:
    frames = np.random.default_rng(1).normal(size=(20_000, channels))
    np.testing.assert_allclose(mixed(frames), frames.mean(axis=1), atol=1e-6)


def test_a_channel_alone_is_heard_at_its_share() -> None:
    frames = np.zeros((20_000, 2))
    frames[:, 1] = music(RATE, 1.0)[:20_000, 0]
    np.testing.assert_allclose(mixed(frames), frames[:, 1] / 2, atol=1e-7)


@pytest.mark.parametrize("gain", [-1.0, -0.9, -1.1])
def test_an_inverted_channel_does_not_cancel_the_other(gain: float) -> None:
    mono = music(RATE, 3.0)[:, 0]
    out = mixed(np.stack([mono, gain * mono], axis=1))
    loudest = mono if abs(gain) <= 1.0 else gain * mono
    np.testing.assert_allclose(np.abs(out[CHUNK:]), np.abs(loudest[CHUNK:]), rtol=1e-6)


def test_one_inverted_channel_of_six_leaves_the_mean() -> None:
    mono = music(RATE, 1.0)
    frames = mono * np.array([1, 1, 1, 1, 1, -1])
    np.testing.assert_allclose(mixed(frames), mono[:, 0] * 4 / 6, atol=1e-6)


def test_the_mean_returns_once_channels_agree_again() -> None:
    mono = music(RATE, 6.0)[:, 0]
    right = np.concatenate([-mono[: 3 * RATE], mono[3 * RATE :]])
    out = mixed(np.stack([mono, right], axis=1))
    assert power(out[CHUNK : 3 * RATE]) == pytest.approx(power(mono[CHUNK : 3 * RATE]))
    np.testing.assert_array_equal(out[5 * RATE :], mono[5 * RATE :])


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 30_000), max_size=10))
def test_any_split_gives_the_same_mix(cuts: list[int]) -> None:
    mono = music(RATE, 30_000 / RATE)[:, 0]
    frames = np.stack([mono, np.where(np.arange(len(mono)) < 15_000, -mono, mono)], axis=1)
    downmix = Downmix()
    parts = [downmix.push(part) for part in np.split(frames, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(parts), mixed(frames))
