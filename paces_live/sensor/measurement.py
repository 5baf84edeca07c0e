"""What sensors send over Bluetooth LE: the step rate in the values of their characteristics.

- **Running Speed and Cadence** (service 0x1814): foot pods, watches and good treadmills. The cadence is a number from 0
  to 255 a minute. The standard means the steps of both feet, and many devices send these (NPE Runn, Technogym).
  Others count one foot (Zwift RunPod), so that 82 stands for 164 steps. `StepCounter` finds out which.
- **Fitness Machine** (service 0x1826): cross trainers, step climbers and stair climbers send the steps per minute. The
  data of a treadmill (0x2ACD) have none in any of their fields: a treadmill that knows the step rate also offers the
  first service. Some makers put a count of steps behind a flag that the standard reserves: it is not read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

RSC_SERVICE, MACHINE_SERVICE = 0x1814, 0x1826
RSC_MEASUREMENT = 0x2A53
CROSS_TRAINER, STEP_CLIMBER, STAIR_CLIMBER = 0x2ACE, 0x2ACF, 0x2AD0

RUNNING_MPS = 2.2
"""Speed from which somebody runs, m/s: people walk at 2.1 m/s at most."""
FEWEST_STEPS, FEWEST_STRIDES = 120, 60
"""Least steps and least strides of a runner, per minute. Nobody takes as many as 120 strides, which are 240 steps."""
UNKNOWN = 0xFFFF
"""A field of 16 bits whose value the machine does not know."""


@dataclass(frozen=True, slots=True)
class RscMeasurement:
    """Speed in m/s, cadence in steps or strides per minute, and whether the sensor says that its wearer runs."""

    speed: float
    cadence: int
    running: bool


def rsc_measurement(value: bytes) -> RscMeasurement | None:
    """Return what an RSC Measurement (0x2A53) says; None if it is cut off.

    The stride length and the distance that may follow are of no use here.

    Examples
    --------
    >>> rsc_measurement(bytes([0b100, 0x00, 0x03, 164]))
    RscMeasurement(speed=3.0, cadence=164, running=True)
    """
    if len(value) < 4:
        return None
    return RscMeasurement(int.from_bytes(value[1:3], "little") / 256.0, value[3], bool(value[0] & 0b100))


class StepCounter:
    """The step rate of one RSC sensor, which counts both feet or one: its unit shows while its wearer runs.

    Examples
    --------
    >>> pod = StepCounter()
    >>> [pod.steps(bytes([0, 0x00, 0x03, cadence])) for cadence in (82, 83)]  # at 3 m/s
    [164.0, 166.0]
    """

    def __init__(self) -> None:
        self._both_feet = False
        self._per_count = 1.0

    def steps(self, value: bytes) -> float | None:
        """Return the steps per minute that an RSC Measurement stands for; None if it is cut off."""
        now = rsc_measurement(value)
        if now is None:
            return None
        if now.cadence >= FEWEST_STEPS:
            self._both_feet, self._per_count = True, 1.0
        elif not self._both_feet and now.cadence >= FEWEST_STRIDES and (now.running or now.speed >= RUNNING_MPS):
            self._per_count = 2.0
        return self._per_count * now.cadence


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the step rate of a machine is: the bytes of the flags, its own bit, and the sizes of what is before it.

    The first bit is the other way round: it says that the first field is *not* there.
    """

    flags: int
    bit: int
    before: tuple[int, ...]


_LAYOUTS = {
    # Speed, average speed, distance. Its flags have three bytes, unlike those of the others.
    CROSS_TRAINER: _Layout(flags=3, bit=3, before=(2, 2, 3)),
    # Floors and steps since the start.
    STEP_CLIMBER: _Layout(flags=2, bit=1, before=(4,)),
    # Floors.
    STAIR_CLIMBER: _Layout(flags=2, bit=1, before=(2,)),
}


def machine_steps(characteristic: int, value: bytes) -> float | None:
    """Return the steps per minute in the data of a fitness machine; None if they are not in this part of the data.

    Parameters
    ----------
    characteristic : int
        `CROSS_TRAINER`, `STEP_CLIMBER` or `STAIR_CLIMBER`.
    value : bytes

    Examples
    --------
    >>> machine_steps(STAIR_CLIMBER, bytes([0b10, 0, 12, 0, 96, 0]))  # 12 floors
    96.0
    """
    layout = _LAYOUTS[characteristic]
    flags = int.from_bytes(value[: layout.flags], "little") ^ 1
    start = layout.flags + sum(size for bit, size in enumerate(layout.before) if flags >> bit & 1)
    field = value[start : start + 2]
    if not flags >> layout.bit & 1 or len(field) < 2 or (steps := int.from_bytes(field, "little")) == UNKNOWN:
        return None
    return float(steps)


def readers() -> list[tuple[int, Callable[[bytes], float | None]]]:
    """Return the characteristics that hold a step rate, best first, each with what reads the values of one device.

    Examples
    --------
    >>> [f"{characteristic:x}" for characteristic, _ in readers()]
    ['2a53', '2ace', '2acf', '2ad0']
    """
    return [(RSC_MEASUREMENT, StepCounter().steps), *((one, partial(machine_steps, one)) for one in _LAYOUTS)]
