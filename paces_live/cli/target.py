"""The target that follows a sensor, as an option and as a setting."""

import typer

from paces_live.errors import UsageError
from paces_live.match import DEFAULT_TARGET

SENSOR = "sensor"
"""What you write instead of a number."""


class SensorTarget(float):
    """A target that follows a sensor; as a number, it is the target that holds until the sensor speaks.

    Parameters
    ----------
    name : str
        A part of the name of the sensor, or its address; empty for the nearest.
    start : float
        Steps per minute.

    Examples
    --------
    >>> target = SensorTarget("Pod", 170.0)
    >>> float(target), target.name, target.text
    (170.0, 'Pod', 'sensor:Pod')
    """

    name: str

    def __new__(cls, name: str = "", start: float = DEFAULT_TARGET) -> "SensorTarget":  # noqa: D102 - documented above
        target = super().__new__(cls, start)
        target.name = name
        return target

    @classmethod
    def of(cls, value: object) -> "SensorTarget | None":
        """Return the target that `value` stands for; None if it stands for no sensor.

        Examples
        --------
        >>> SensorTarget.of("sensor:Pod").name, SensorTarget.of("170")
        ('Pod', None)
        """
        if isinstance(value, cls):
            return value
        word, _, name = str(value).strip().partition(":")
        return cls(name.strip()) if word == SENSOR else None

    @property
    def text(self) -> str:
        """What you write to get it."""
        return f"{SENSOR}:{self.name}" if self.name else SENSOR


def sensor_of(target: float) -> str | None:
    """Return the name of the sensor that a target follows; None if it follows none.

    Examples
    --------
    >>> sensor_of(SensorTarget()), sensor_of(165.0)
    ('', None)
    """
    return target.name if isinstance(target, SensorTarget) else None


def fixed(target: float, ctx: typer.Context) -> float:
    """Return the target of a command that hears nobody run; if a sensor is set, the target that it would start with.

    Raises
    ------
    UsageError
        The command line itself asks for a sensor.
    """
    if isinstance(target, SensorTarget) and typed(ctx, "target"):
        raise UsageError(
            f"{ctx.info_name} follows no sensor", hint="write steps per minute, such as 165", code="usage.target"
        )
    return float(target)


def typed(ctx: typer.Context, option: str) -> bool:
    """Return whether an option is on the command line itself, and not set elsewhere."""
    source = ctx.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"
