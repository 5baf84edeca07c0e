"""The status of the level reports lasting faults, not peaks and pauses."""

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.analysis.level import CELL_S, LevelMeter, level_status

RATE = 22_050
CELL = round(CELL_S * RATE)
Signal = NDArray[np.float32]


def noise(dbfs: float, seconds: float) -> Signal:
    rng = np.random.default_rng(1)
    return (10 ** (dbfs / 20) * rng.normal(size=round(seconds * RATE))).astype(np.float32)


def tone(amplitude: float, seconds: float) -> Signal:
    """Return a sine, clipped at full scale."""
    wave = amplitude * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE)
    return np.clip(wave, -1.0, 1.0).astype(np.float32)


def drums(amplitude: float, seconds: float) -> Signal:
    """Return two short hits a second; the average is quiet."""
    return tone(amplitude, seconds) * (np.arange(round(seconds * RATE)) % (RATE // 2) < 400)


def statuses(meter: LevelMeter, signal: Signal) -> list[str]:
    """Return the status after each cell of `signal`."""
    found: list[str] = []
    for start in range(0, len(signal) - CELL + 1, CELL):
        meter.push(signal[start : start + CELL])
        found.append(meter.status)
    return found


@pytest.mark.parametrize(
    ("signal", "level"),
    [
        (noise(-120.0, 6.0), "silent"),
        (np.zeros(6 * RATE, np.float32), "silent"),
        (noise(-65.0, 6.0), "too_quiet"),
        (noise(-20.0, 6.0), "ok"),
        (tone(0.98, 6.0), "ok"),  # as loud as possible without clipping
        (tone(1.5, 6.0), "clipping"),
        (drums(1.5, 6.0), "clipping"),  # the average is far from full scale
        (np.concatenate([noise(-120.0, 3.0), noise(-65.0, 3.0)]), "too_quiet"),
    ],
)
def test_a_fault_is_reported_after_five_seconds(signal: Signal, level: str) -> None:
    found = statuses(LevelMeter(), signal)
    assert set(found[: round(4.9 / CELL_S)]) == {"ok"}
    assert found[-1] == level


@pytest.mark.parametrize(
    "short", [tone(1.5, 0.2), tone(1.5, 3.0), noise(-65.0, 3.5), np.zeros(round(3.5 * RATE), np.float32)]
)
def test_a_short_fault_is_not_reported(short: Signal) -> None:
    found = statuses(LevelMeter(), np.concatenate([noise(-20.0, 6.0), short, noise(-20.0, 6.0)]))
    assert set(found) == {"ok"}


@pytest.mark.parametrize("fault", [tone(1.5, 8.0), noise(-65.0, 8.0)])
def test_the_status_is_ok_as_soon_as_the_fault_is_fixed(fault: Signal) -> None:
    meter = LevelMeter()
    assert statuses(meter, fault)[-1] != "ok"
    assert statuses(meter, noise(-20.0, 2.0))[-1] == "ok"


@pytest.mark.parametrize(
    ("amplitude", "status"), [(0.0, "silent"), (1e-5, "silent"), (1e-3, "too_quiet"), (0.1, "ok"), (3.0, "clipping")]
)
def test_the_status_of_a_recording_follows_its_amplitude(amplitude: float, status: str) -> None:
    assert level_status(tone(amplitude, 1.0))[1] == status


def test_the_level_is_the_root_mean_square_in_decibels() -> None:
    assert level_status(tone(0.1, 1.0))[0] == pytest.approx(-23.0, abs=0.1)


def test_a_drop_far_below_the_song_is_a_silence_until_another_song_begins() -> None:
    meter = LevelMeter()
    statuses(meter, noise(-10.0, 5.0))
    assert meter.silent_s == 0.0
    statuses(meter, noise(-50.0, 2.0))
    assert meter.silent_s == pytest.approx(2.0)
    meter.new_song()
    statuses(meter, noise(-50.0, 2.0))
    assert meter.silent_s == 0.0
