"""Steps are counted from the acceleration of a phone: synthetic runners of a known cadence."""

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.server.page.steps import call

GRAVITY = 9.81


def runner(
    spm: float,
    *,
    seconds: float = 6.0,
    rate: float = 60.0,
    side: float = 0.3,
    jitter: float = 0.0,
    noise: float = 0.8,
    seed: int = 1,
) -> list[dict[str, float]]:
    """Return what a phone on one side of a runner measures: every second step is weaker by `side`.

    Parameters
    ----------
    jitter : float
        Standard deviation of the times of the samples, in parts of their interval.
    noise : float
        Standard deviation of the noise, m/s².
    """
    random = np.random.default_rng(seed)
    t = np.sort(np.arange(0.0, seconds, 1.0 / rate) + random.normal(0.0, jitter / rate, int(seconds * rate + 0.999)))
    steps = t * spm / 60.0
    strength = np.where(np.floor(steps) % 2 == 0, 1.0, 1.0 - side)
    impact: NDArray[np.float64] = 12.0 * strength * np.exp(-8.0 * (steps % 1.0))
    a = np.abs(GRAVITY + impact - 2.0 + random.normal(0.0, noise, len(t)))
    return [{"t": float(x), "a": float(y)} for x, y in zip(t, a, strict=True)]


@pytest.mark.parametrize("spm", [90.0, 120.0, 141.5, 165.0, 168.1, 172.0, 180.0, 190.0, 203.0])
@pytest.mark.parametrize("side", [0.0, 0.3, 0.5])
def test_a_cadence_is_right_within_one_percent(modules: Page, spm: float, side: float) -> None:
    assert call(modules, "cadence", "m.cadence(a)", runner(spm, side=side)) == pytest.approx(spm, rel=0.01)


@pytest.mark.parametrize("rate", [25.0, 50.0, 100.0, 200.0])
def test_a_cadence_is_right_at_any_rate_of_the_sensor(modules: Page, rate: float) -> None:
    samples = runner(168.1, rate=rate, jitter=0.2)
    assert call(modules, "cadence", "m.cadence(a)", samples) == pytest.approx(168.1, rel=0.015)


def test_nobody_steps_while_the_phone_lies_on_a_table(modules: Page) -> None:
    random = np.random.default_rng(2)
    still = [{"t": n / 60, "a": GRAVITY + float(random.normal(0.0, 0.02))} for n in range(360)]
    assert call(modules, "cadence", "m.cadence(a)", still) is None


@pytest.mark.parametrize("seed", range(5))
def test_random_shaking_is_no_cadence(modules: Page, seed: int) -> None:
    random = np.random.default_rng(seed)
    shaken = [{"t": n / 60, "a": GRAVITY + float(random.normal(0.0, 4.0))} for n in range(360)]
    assert call(modules, "cadence", "m.cadence(a)", shaken) is None


def test_a_cadence_needs_most_of_the_window(modules: Page) -> None:
    assert call(modules, "cadence", "m.cadence(a)", runner(168.0, seconds=4.0)) is None
    assert call(modules, "cadence", "m.cadence(a)", runner(168.0, seconds=5.5)) == pytest.approx(168.0, rel=0.01)
    assert call(modules, "cadence", "m.cadence([])") is None


def test_only_the_newest_seconds_count(modules: Page) -> None:
    before, now = runner(140.0), runner(180.0)
    later = [{"t": sample["t"] + 6.0, "a": sample["a"]} for sample in now]
    found = call(modules, "cadence", "m.cadence(m.newest(a, 12))", before + later)
    assert found == pytest.approx(180.0, rel=0.01)


def test_a_sensor_without_values_has_no_magnitude(modules: Page) -> None:
    assert call(modules, "cadence", "m.magnitude({x: 3, y: 4, z: 0})") == 5.0
    assert call(modules, "cadence", "m.magnitude({x: null, y: 4, z: 0})") is None
    assert call(modules, "cadence", "m.magnitude(null)") is None


def test_a_target_that_follows_moves_only_if_the_runner_changed(modules: Page) -> None:
    pairs = [[168, 168.9], [168, 166.4], [168, 170.2], [None, 171.4]]
    assert call(modules, "motion", "a.map(([target, steps]) => m.following(target, steps))", pairs) == [
        168,
        166,
        170,
        171,
    ]
