"""What is said about the level, and when: of what lasts, not of a peak or a pause."""

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.analysis.level import CELL_S, LevelMeter

RATE = 22_050
CELL = round(CELL_S * RATE)
Signal = NDArray[np.float32]


def noise(dbfs: float, seconds: float) -> Signal:
    rng = np.random.default_rng(1)
    return (10 ** (dbfs / 20) * rng.normal(size=round(seconds * RATE))).astype(np.float32)


def tone(amplitude: float, seconds: float) -> Signal:
    """Return a sine that is cut off at full scale."""
    wave = amplitude * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE)
    return np.clip(wave, -1.0, 1.0).astype(np.float32)


def drums(amplitude: float, seconds: float) -> Signal:
    """Return two short hits a second, quiet on the average."""
    return tone(amplitude, seconds) * (np.arange(round(seconds * RATE)) % (RATE // 2) < 400)


def pushed(meter: LevelMeter, signal: Signal) -> list[str]:
    """Return what is said after each cell of `signal`."""
    said: list[str] = []
    for start in range(0, len(signal) - CELL + 1, CELL):
        meter.push(signal[start : start + CELL])
        said.append(meter.level)
    return said


@pytest.mark.parametrize(
    ("signal", "level"),
    [
        (noise(-120.0, 6.0), "silent"),
        (np.zeros(6 * RATE, np.float32), "silent"),
        (noise(-65.0, 6.0), "too quiet"),
        (noise(-20.0, 6.0), "fine"),
        (tone(0.98, 6.0), "fine"),  # as loud as can be, and not cut
        (tone(1.5, 6.0), "clipping"),
        (drums(1.5, 6.0), "clipping"),  # far from full scale on the average
        (np.concatenate([noise(-120.0, 3.0), noise(-65.0, 3.0)]), "too quiet"),
    ],
)
def test_it_is_said_after_five_seconds(signal: Signal, level: str) -> None:
    said = pushed(LevelMeter(), signal)
    assert set(said[: round(4.9 / CELL_S)]) == {"fine"}
    assert said[-1] == level


@pytest.mark.parametrize(
    "passing", [tone(1.5, 0.2), tone(1.5, 3.0), noise(-65.0, 3.5), np.zeros(round(3.5 * RATE), np.float32)]
)
def test_what_passes_is_not_said(passing: Signal) -> None:
    said = pushed(LevelMeter(), np.concatenate([noise(-20.0, 6.0), passing, noise(-20.0, 6.0)]))
    assert set(said) == {"fine"}


@pytest.mark.parametrize("wrong", [tone(1.5, 8.0), noise(-65.0, 8.0)])
def test_what_is_mended_is_fine_again_at_once(wrong: Signal) -> None:
    meter = LevelMeter()
    assert pushed(meter, wrong)[-1] != "fine"
    assert pushed(meter, noise(-20.0, 2.0))[-1] == "fine"
