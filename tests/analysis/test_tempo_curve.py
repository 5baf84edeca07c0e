"""The tempo curve finds how the tempo of people changes, and nothing where it does not."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.log_lag import PART_S
from paces_live.analysis.periodicity import onset_strength
from paces_live.analysis.tempo_curve import EXACT_TIME, TempoCurve, newest_stretch, tempo_curve
from tests.support.signals import RATE, Samples, clicks, noisy, rock, strokes, swing, waltz

CONFIG = FeatureConfig()
WINDOW_S = CONFIG.window_s


def found(samples: Samples) -> TempoCurve:
    frames = log_mel(samples, CONFIG)[: CONFIG.window_frames]
    return tempo_curve(onset_strength(frames), CONFIG.frame_rate)


def beats(speed: Callable[[float], float], tempo: float) -> NDArray[np.float64]:
    """Return the times of beats whose tempo is ``speed(seconds)`` times `tempo`."""
    times = [0.0]
    while times[-1] < WINDOW_S + 1.0:
        times.append(times[-1] + 60.0 / tempo / speed(times[-1]))
    return np.array(times[:-1])


@pytest.mark.parametrize("pattern", [clicks, rock, swing, waltz])
@pytest.mark.parametrize("bpm", [66.0, 118.0, 172.0])
@pytest.mark.parametrize("snr_db", [40.0, 6.0])
def test_exact_time_is_exact(pattern: Callable[[float], Samples], bpm: float, snr_db: float) -> None:
    assert found(noisy(pattern(bpm), snr_db)).exact


@pytest.mark.parametrize("tempo", [75.0, 120.0, 170.0])
@pytest.mark.parametrize(
    "speed",
    [
        lambda seconds: 1.0 + 0.003 * seconds,
        lambda seconds: 1.08 - 0.003 * seconds,
        lambda seconds: 1.0 + 0.03 * np.sin(seconds / 4.0),
    ],
    ids=["rises", "falls", "wavers"],
)
def test_a_changing_tempo_is_followed_within_one_per_cent(speed: Callable[[float], float], tempo: float) -> None:
    curve = found(noisy(strokes(beats(speed, tempo), WINDOW_S), 20.0))
    assert not curve.exact
    # The tempo of each part is that of its middle three seconds.
    centres = WINDOW_S - PART_S / 2 - 2.0 * np.arange(len(curve.log_speeds))[::-1]
    true = [np.mean([np.log(speed(centre + side)) for side in np.linspace(-1.5, 1.5, 21)]) for centre in centres]
    np.testing.assert_allclose(curve.log_speeds, np.array(true) - true[-1], atol=0.01)


def test_straight_time_ends_with_the_window_and_runs_at_the_newest_tempo() -> None:
    curve = found(strokes(beats(lambda seconds: 1.0 + 0.004 * seconds, 120.0), WINDOW_S))
    frames = len(curve.straight) - 1
    assert curve.times(np.array([0.0]), frames).tolist() == [frames]
    newest_frames = frames - curve.times(np.array([100.0]), frames)
    assert newest_frames[0] == pytest.approx(100.0, abs=0.5)
    # What was slower takes longer than in straight time.
    assert curve.straight[-1] < frames


def test_sums_are_kept_in_straight_time() -> None:
    curve = found(strokes(beats(lambda seconds: 1.0 + 0.004 * seconds, 120.0), WINDOW_S))
    values = np.random.default_rng(1).random(len(curve.straight) - 1).astype(np.float32)
    straight = curve.straightened(values)
    assert len(straight) == int(curve.straight[-1])
    assert straight.sum() == pytest.approx(values.sum(), rel=0.01)


def test_a_window_too_short_for_two_parts_is_in_exact_time() -> None:
    onsets = np.random.default_rng(2).normal(size=round(7.5 * CONFIG.frame_rate)).astype(np.float32)
    assert tempo_curve(onsets, CONFIG.frame_rate) is EXACT_TIME
    assert newest_stretch(7.5) == (7.5, 0.0)


def test_silence_is_in_exact_time() -> None:
    assert tempo_curve(np.zeros(CONFIG.window_frames, np.float32), CONFIG.frame_rate).exact


def test_a_part_without_the_rhythm_of_the_others_has_no_tempo() -> None:
    music, noise = rock(150.0, 16.0), noisy(clicks(0.5), -30.0)[: round(9.0 * RATE)]
    over = found(np.concatenate([music, noise * (np.std(music) / np.std(noise))]))
    assert over.known == 0
    assert over.change(2.0) == 1.0
    begun = found(np.concatenate([noise * (np.std(music) / np.std(noise)), music]))
    # Six of the ten parts are music alone.
    assert begun.known == pytest.approx(6, abs=1)


def test_rhythms_are_coherent_and_noise_is_not() -> None:
    noise = np.random.default_rng(1).standard_normal(round(WINDOW_S * RATE)).astype(np.float32)
    assert (found(noise).coherence or 0.0) < 0.3
    for pattern in (rock, swing, waltz):
        assert (found(noisy(pattern(118.0), 6.0)).coherence or 0.0) > 0.6
    assert found(rock(118.0, 9.0)).coherence is None
