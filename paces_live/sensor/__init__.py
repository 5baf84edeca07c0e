"""The cadence of a runner from a foot pod or a machine with Bluetooth LE, and a target that follows it."""

from paces_live.sensor.follower import following
from paces_live.sensor.words import Sensor, cadence_words

__all__ = ["Sensor", "cadence_words", "following"]
