"""Check of the sensors that count steps."""

from paces_live.errors import SensorError
from paces_live.system.doctor.check import Check


def sensor_check() -> Check:
    """Check which sensors are in reach; listening needs none."""
    from paces_live.sensor.bluetooth import in_reach

    try:
        return Check("sensors", True, ", ".join(in_reach()) or "none in reach: switch yours on, and off your phone")
    except SensorError as error:
        return Check("sensors", None, error.message, error.hint)
