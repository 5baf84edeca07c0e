"""Beat times of generated music: one at each beat, whatever the tempo does."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.analysis.beats import beat_times
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from tests.support.signals import RATE, Samples, beats, drums, noisy, rock, swing, waltz

CONFIG = FeatureConfig()
SECONDS = 60.0
NEAR_S = 0.03
"""What a person does not hear as two strokes."""


def found(samples: Samples, spm: Callable[[float], float]) -> NDArray[np.float64]:
    times = beat_times(log_mel(samples, CONFIG), spm, CONFIG)
    assert (np.diff(times) > 0.0).all()
    return inner(times, len(samples) / RATE)


def inner(times: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Return the times but for the first and the last half second: a beat may be cut there."""
    return times[(times > 0.5) & (times < seconds - 0.5)]


def played(bpm: Callable[[float], float], seconds: float) -> NDArray[np.float64]:
    """Return the beats of `drums`, as it plays them."""
    times, time = [], 0.0
    while time < seconds:
        times.append(time)
        time += 30.0 / bpm(time)
        time += 30.0 / bpm(time)
    return np.array(times)


def largest_error(times: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the largest distance of a beat from the nearest one that was found, seconds."""
    return max(float(np.abs(times - time).min()) for time in truth)


@pytest.mark.parametrize("bpm", [60.0, 97.3, 120.0, 165.0, 210.0])
@pytest.mark.parametrize("off", [0.985, 1.0, 1.015])
def test_there_is_one_on_each_beat_though_the_pace_is_given_about(bpm: float, off: float) -> None:
    truth = inner(beats(bpm, SECONDS), SECONDS)
    for samples in (rock(bpm, SECONDS), noisy(rock(bpm, SECONDS), 6.0)):
        times = found(samples, lambda _: off * bpm)
        assert abs(len(times) - len(truth)) <= 1
        assert largest_error(times, truth) < NEAR_S


@pytest.mark.parametrize("music", [waltz, swing])
def test_beats_of_other_meters_are_found(music: Callable[[float, float], Samples]) -> None:
    assert largest_error(found(music(150.0, SECONDS), lambda _: 150.0), inner(beats(150.0, SECONDS), SECONDS)) < NEAR_S


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.01])
def test_a_soft_hi_hat_out_of_silence_is_not_the_beat(noise: float) -> None:
    random = np.random.default_rng(1)
    samples = (noise * random.standard_normal(round(SECONDS * RATE))).astype(np.float32)
    drum = np.exp(-np.arange(2000) / 400.0)
    times = np.arange(0.3, SECONDS - 0.5, 0.2)
    for number, time in enumerate(times):
        start = round(time * RATE)
        if number % 2:
            samples[start : start + 600] += 0.15 * random.standard_normal(600) * np.exp(-np.arange(600) / 100.0)
        elif number % 4:
            samples[start : start + 2000] += 0.5 * random.standard_normal(2000) * drum
        else:
            samples[start : start + 2000] += 0.8 * np.sin(2.0 * np.pi * 70.0 * np.arange(2000) / RATE) * drum
    assert largest_error(found(samples, lambda _: 150.0), inner(times[::2], SECONDS)) < NEAR_S


def test_a_loud_drone_in_one_band_hides_no_beats() -> None:
    random, times = np.random.default_rng(1), np.arange(0.3, SECONDS - 0.5, 0.4)
    samples = 0.6 * np.sin(2.0 * np.pi * 60.0 * np.arange(round(SECONDS * RATE)) / RATE)
    for start in np.rint(times * RATE).astype(int).tolist():
        samples[start : start + 900] += 0.01 * random.standard_normal(900) * np.exp(-np.arange(900) / 150.0)
    assert largest_error(found(samples.astype(np.float32), lambda _: 150.0), inner(times, SECONDS)) < NEAR_S


def test_half_the_beat_stays_on_the_same_beats() -> None:
    times = found(rock(165.0, SECONDS), lambda _: 82.5)
    errors = [largest_error(times, inner(beats(165.0, SECONDS, every=2, shift=shift), SECONDS)) for shift in (0.0, 1.0)]
    assert min(errors) < NEAR_S
    assert max(errors) > 0.3


@pytest.mark.parametrize(
    "bpm",
    [lambda time: 120.0 + time / 6.0, lambda time: 150.0 * (1.0 + 0.03 * np.sin(time / 9.0))],
    ids=["rises", "wanders"],
)
def test_beats_follow_people_who_do_not_keep_time(bpm: Callable[[float], float]) -> None:
    truth = inner(played(bpm, 120.0), 120.0)
    times = found(drums(bpm, 120.0), bpm)
    assert abs(len(times) - len(truth)) <= 1
    assert largest_error(times, truth) < NEAR_S


def test_a_pace_that_the_music_does_not_have_is_regular_and_wanders() -> None:
    times = found(rock(165.0, SECONDS), lambda _: 150.0)
    gaps = np.diff(times)
    assert np.ptp(gaps) < 0.06
    assert 60.0 / gaps.mean() == pytest.approx(150.0, rel=0.045)
    assert largest_error(times, inner(beats(165.0, SECONDS), SECONDS)) > 0.1


def test_too_little_sound_has_regular_beats_or_none() -> None:
    assert not len(beat_times(np.zeros((1, CONFIG.n_mels), np.float32), lambda _: 120.0, CONFIG))
    times = beat_times(log_mel(np.zeros(4 * RATE, np.float32), CONFIG), lambda _: 120.0, CONFIG)
    assert np.diff(times) == pytest.approx(0.5)
