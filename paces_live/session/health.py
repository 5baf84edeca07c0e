"""The health of a capture: level, lost audio, load and the most important problem."""

from dataclasses import replace

from paces_live.analysis.level import LevelMeter
from paces_live.events import STANDSTILL, Condition, Health, Status

LEVEL_WORDS: dict[Status, str] = {"silent": "silent", "too_quiet": "too quiet", "clipping": "clipping"}
"""Words for the statuses of the level meter."""
LOAD_WEIGHT = 0.2
"""Weight of the newest reading in the load."""


class HealthMonitor:
    """Follows the health of a stream from reading to reading.

    Attributes
    ----------
    meter : LevelMeter
        Takes the samples.
    condition : Condition or None
        The problem that the source reports now.
    """

    def __init__(self) -> None:
        self.meter = LevelMeter()
        self.condition: Condition | None = None
        self._dropped_s = 0.0
        self._reported_s = 0.0
        self._load = 0.0

    def lose(self, seconds: float) -> None:
        """Count lost audio."""
        self._dropped_s += seconds

    def report(self, busy_s: float, elapsed_s: float, interval: float) -> Health:
        """Return the health for a reading.

        Parameters
        ----------
        busy_s : float
            Processor time since the last reading, seconds.
        elapsed_s : float
            Audio since the last reading, seconds.
        interval : float
            Seconds between readings, as they are now.
        """
        # A reading that comes early counts for less.
        weight = LOAD_WEIGHT * min(1.0, elapsed_s / interval)
        self._load += weight * (busy_s / max(elapsed_s, 1e-3) - self._load)
        lost_s, self._reported_s = self._dropped_s - self._reported_s, self._dropped_s
        condition = self._problem(lost_s)
        health = Health(self.meter.dbfs, self._dropped_s, self._load, interval)
        return replace(health, status=condition.status, message=condition.message) if condition else health

    def _problem(self, lost_s: float) -> Condition | None:
        """Return the most important problem, in the order of `Status`."""
        if self.condition is not None and self.condition.status in STANDSTILL:
            return self.condition
        if lost_s > 0.0:
            return Condition("lost_audio", f"lost {lost_s:.1f} s of audio")
        if self.meter.status != "ok":
            return Condition(self.meter.status, LEVEL_WORDS[self.meter.status])
        return self.condition
