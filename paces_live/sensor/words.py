"""What the rest of the program gets to know of a sensor, and how it says it."""

from typing import Protocol


class Sensor(Protocol):
    """Something that knows the cadence of a runner; it may be read from any thread."""

    @property
    def cadence(self) -> float | None:
        """Steps per minute; None if they are not known now."""

    @property
    def condition(self) -> str | None:
        """Why the cadence is not known, in a few words; None if it is."""


def cadence_words(sensor: Sensor | None) -> str:
    """Return the cadence, or why it is not known; empty without a sensor.

    Examples
    --------
    >>> cadence_words(None)
    ''
    """
    if sensor is None:
        return ""
    # Read once: another thread changes it.
    cadence = sensor.cadence
    return f"cadence {cadence:.0f}" if cadence is not None else sensor.condition or "no cadence"
