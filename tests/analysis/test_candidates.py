"""Candidates are exact on known rhythms, complete, and distinct."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paces_live.analysis.candidates import NEAR_INTEREST, SAME_CANDIDATE, SIDE_LOBE, agreement, candidates, refine
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.features import log_mel
from paces_live.analysis.periodicity import Periodicity, periodicity
from tests.support.signals import Samples, clicks, noisy, rock, swing, triplets, waltz

CONFIG = FeatureConfig()
TEMPI = (*np.geomspace(40.0, 320.0, 25).tolist(), 61.7, 119.3, 164.9, 165.1, 239.0, 319.0)


def heard(samples: Samples) -> Periodicity:
    return periodicity(log_mel(samples, CONFIG), CONFIG)


LEVELS: dict[Callable[[float], Samples], tuple[float, ...]] = {
    rock: (1.0, 2.0, 0.5),
    swing: (1.0, 0.5),
    triplets: (1.0, 3.0),
    waltz: (1.0, 1.0 / 3.0),
}
"""Metrical levels of each pattern, relative to its beat."""
ROCK = heard(noisy(rock(137.0), 10.0))


def distance(tempi: NDArray[np.float64], tempo: float) -> float:
    """Return the smallest relative difference between one of the `tempi` and `tempo`."""
    return float(np.abs(tempi / tempo - 1.0).min(initial=1.0))


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("snr_db", [40.0, 0.0])
def test_a_click_track_is_found_within_half_a_percent(bpm: float, snr_db: float) -> None:
    assert distance(candidates(heard(noisy(clicks(bpm), snr_db)), CONFIG, count=16), bpm) < 0.005


@pytest.mark.parametrize("pattern", LEVELS)
@pytest.mark.parametrize("snr_db", [40.0, 6.0])
@pytest.mark.parametrize("bpm", [66.0, 91.3, 118.0, 143.7, 172.0])
def test_every_metrical_level_is_a_candidate(pattern: Callable[[float], Samples], bpm: float, snr_db: float) -> None:
    found = candidates(heard(noisy(pattern(bpm), snr_db)), CONFIG, count=16)
    for level in LEVELS[pattern]:
        if CONFIG.spm_min <= level * bpm <= CONFIG.spm_max:
            assert distance(found, level * bpm) < 0.005, level


@settings(max_examples=50)
@given(
    count=st.integers(1, 32),
    tracked=st.lists(st.floats(40.0, 320.0), max_size=8),
    of_interest=st.lists(st.floats(40.0, 320.0), max_size=5),
)
def test_candidates_are_few_distinct_and_in_range(count: int, tracked: list[float], of_interest: list[float]) -> None:
    found = candidates(ROCK, CONFIG, count=count, tracked=tracked, of_interest=of_interest)
    assert len(found) <= count
    assert ((found >= CONFIG.spm_min) & (found <= CONFIG.spm_max)).all()
    apart = np.abs(found[:, None] / found - 1.0) + np.eye(len(found))
    # The difference is relative to the other tempo in one of the two directions.
    assert apart.min(initial=1.0) >= SAME_CANDIDATE / (1.0 + SAME_CANDIDATE)


def test_a_weak_peak_near_a_tempo_of_interest_comes_before_stronger_ones() -> None:
    weak = candidates(ROCK, CONFIG, count=64)[8:12]
    for tempo in weak.tolist():
        assert distance(candidates(ROCK, CONFIG, count=4), tempo) > SAME_CANDIDATE
        assert distance(candidates(ROCK, CONFIG, count=4, of_interest=(tempo,)), tempo) < NEAR_INTEREST


def test_each_tempo_of_interest_gets_the_candidate_that_it_gets_alone() -> None:
    tempi = candidates(ROCK, CONFIG, count=64)[8:12].tolist()
    together = candidates(ROCK, CONFIG, count=8, of_interest=tempi)
    for tempo in tempi:
        first = candidates(ROCK, CONFIG, count=1, of_interest=(tempo,))
        assert first[0] in together


def test_a_repeated_tempo_of_interest_changes_nothing() -> None:
    once, twice = (candidates(ROCK, CONFIG, count=16, of_interest=(165.0,) * times) for times in (1, 2))
    np.testing.assert_array_equal(once, twice)


def test_a_side_lobe_of_a_stronger_peak_is_no_candidate() -> None:
    found = candidates(ROCK, CONFIG, count=32)
    apart = np.abs(found[:, None] / found[None, :] - 1.0)
    agreed = agreement(ROCK, found)
    weaker = agreed[:, None] < agreed[None, :]
    assert not ((apart < SIDE_LOBE) & weaker).any()


def test_a_tracked_tempo_moves_to_the_peak_that_it_has_become() -> None:
    """People change their tempo by a few per cent between two readings of a song."""
    peak = float(candidates(ROCK, CONFIG, count=1)[0])
    for tempo in (0.97 * peak, 1.03 * peak):
        assert candidates(ROCK, CONFIG, count=1, tracked=(tempo,))[0] == pytest.approx(peak, rel=1e-3)


def test_a_tracked_tempo_at_which_nothing_repeats_is_judged_as_it_is() -> None:
    nothing = Periodicity(np.zeros(800, np.float32), CONFIG.frame_rate)
    assert candidates(nothing, CONFIG, count=8, tracked=(101.0,)).tolist() == [101.0]


def test_refinement_follows_a_peak_to_its_multiples() -> None:
    assert refine(heard(clicks(164.37)), np.array([163.0]))[0] == pytest.approx(164.37, rel=2e-4)


def test_an_exact_tempo_is_not_lost_to_a_stronger_neighbour() -> None:
    """In a tresillo of 16ths the nearest peak to the beat's own lag is 2.8 % off; 2, 4 and 8 beats say what it is."""
    lags = np.arange(1000.0)
    lag = 60.0 * CONFIG.frame_rate / 190.0
    strengths = np.zeros(1000)
    for place, height in ((1.028, 0.09), (2.0, 0.6), (4.0, 0.6), (8.0, 0.7)):
        strengths += height * np.exp(-0.5 * ((lags - place * lag) / 1.2) ** 2)
    found = candidates(Periodicity(strengths.astype(np.float32), CONFIG.frame_rate), CONFIG, count=8)
    assert distance(found, 190.0) < 0.005
    assert distance(found, 190.0 / 1.028) > 0.02
