"""The values of sensors, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from paces_live.sensor.measurement import (
    CROSS_TRAINER,
    STAIR_CLIMBER,
    STEP_CLIMBER,
    RscMeasurement,
    StepCounter,
    machine_steps,
    readers,
    rsc_measurement,
)
from tests.support.bluez import rsc


def test_an_rsc_measurement_with_all_fields() -> None:
    # Flags, 3.5 m/s in 1/256, 168 a minute, a stride of 1.25 m, 1000.0 m.
    value = bytes([0b111, 0x80, 0x03, 168, 125, 0, 0x10, 0x27, 0, 0])
    assert rsc_measurement(value) == RscMeasurement(speed=3.5, cadence=168, running=True)


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0\3"])
def test_a_measurement_that_is_cut_off_says_nothing(value: bytes) -> None:
    assert rsc_measurement(value) is None
    assert StepCounter().steps(value) is None


def test_a_sensor_that_counts_both_feet_is_believed_even_when_its_wearer_walks_or_limps() -> None:
    pod = StepCounter()
    assert [pod.steps(rsc(*one)) for one in ((0, 0.0), (105, 1.4), (165, 3.0), (90, 3.0), (70, 0.8))] == [
        0.0,
        105.0,
        165.0,
        90.0,
        70.0,
    ]


def test_a_sensor_that_counts_one_foot_is_recognized_when_its_wearer_runs_and_stays_so() -> None:
    pod = StepCounter()
    assert [pod.steps(rsc(*one)) for one in ((54, 1.4), (82, 3.0), (54, 1.4), (110, 6.0))] == [
        54.0,
        164.0,
        108.0,
        220.0,
    ]


def test_what_the_sensor_says_about_running_counts_if_its_speed_is_not_known() -> None:
    assert StepCounter().steps(bytes([0b100, 0, 0, 82])) == 164.0


def test_a_count_from_between_walking_and_running_is_corrected_as_soon_as_it_cannot_be_strides() -> None:
    pod = StepCounter()
    assert [pod.steps(rsc(*one)) for one in ((118, 2.3), (140, 2.5), (118, 2.3))] == [236.0, 140.0, 118.0]


@pytest.mark.parametrize(
    ("characteristic", "value", "steps"),
    [
        # Cross trainer, flags of three bytes. Speed and step rate; average speed and distance, too; step rate alone.
        (CROSS_TRAINER, bytes([0b1000, 0, 0, 1, 1, 140, 0, 120, 0]), 140.0),
        (CROSS_TRAINER, bytes([0b1110, 0, 0, 1, 1, 2, 2, 3, 3, 3, 141, 0, 120, 0]), 141.0),
        (CROSS_TRAINER, bytes([0b1001, 0, 0, 142, 0, 120, 0]), 142.0),
        # It goes backwards (bit 15), and the third byte announces the remaining time (bit 14 and 16 are not ours).
        (CROSS_TRAINER, bytes([0b1001, 0x80, 1, 44, 1, 120, 0]), 300.0),
        # Without a step rate; not known; cut off.
        (CROSS_TRAINER, bytes([0b0100, 0, 0, 1, 1, 3, 3, 3]), None),
        (CROSS_TRAINER, bytes([0b1001, 0, 0, 0xFF, 0xFF, 0, 0]), None),
        (CROSS_TRAINER, bytes([0b1000, 0, 0, 1, 1, 140]), None),
        (CROSS_TRAINER, b"", None),
        # Step climber: floors, steps, step rate.
        (STEP_CLIMBER, bytes([0b10, 0, 9, 0, 200, 0, 98, 0]), 98.0),
        (STEP_CLIMBER, bytes([0b11, 0, 98, 0]), 98.0),
        (STEP_CLIMBER, bytes([0b00, 0, 9, 0, 200, 0]), None),
        # Stair climber: floors, step rate.
        (STAIR_CLIMBER, bytes([0b10, 0, 9, 0, 97, 0]), 97.0),
        (STAIR_CLIMBER, bytes([0b11, 0, 97, 0]), 97.0),
        (STAIR_CLIMBER, bytes([0b00, 0, 9, 0]), None),
    ],
)
def test_the_step_rate_of_machines(characteristic: int, value: bytes, steps: float | None) -> None:
    assert machine_steps(characteristic, value) == steps


@given(some.lists(some.binary(max_size=24), max_size=8))
def test_whatever_comes_over_the_air_is_a_step_rate_or_none(values: list[bytes]) -> None:
    for _, steps in readers():
        assert all(rate is None or 0.0 <= rate < 65535.0 for rate in map(steps, values))
