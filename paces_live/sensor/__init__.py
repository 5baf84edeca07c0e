"""The cadence of a runner from a foot pod or a machine with Bluetooth LE, and a target that follows it."""

from paces_live.sensor.follower import following
from paces_live.sensor.words import Sensor

__all__ = ["Sensor", "following"]
