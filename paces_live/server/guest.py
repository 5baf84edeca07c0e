"""A listener who has the target of the server until it chooses one."""

from paces_live.match import Listener, check_target, check_tolerance


class Guest(Listener):
    """A listener whose target and tolerance are those of its host, as they are now, until it sets its own.

    Parameters
    ----------
    host : Listener
        Whose target may follow a sensor.

    Examples
    --------
    >>> host = Listener(165.0)
    >>> guest = Guest(host)
    >>> host.target = 170.0
    >>> guest.target
    170.0
    >>> guest.target = 150.0
    >>> guest.target, guest.tolerance, host.target
    (150.0, 0.05, 170.0)
    """

    def __init__(self, host: Listener) -> None:
        self._host = host
        self._own_target = self._own_tolerance = False

    @property
    def target(self) -> float | None:
        """Wanted step rate, steps per minute."""
        return self._target if self._own_target else self._host.target

    @target.setter
    def target(self, target: float | None) -> None:
        check_target(target)
        self._target, self._own_target = target, True

    @property
    def tolerance(self) -> float:
        """Largest relative error of a match."""
        return self._tolerance if self._own_tolerance else self._host.tolerance

    @tolerance.setter
    def tolerance(self, tolerance: float) -> None:
        check_tolerance(tolerance)
        self._tolerance, self._own_tolerance = tolerance, True
