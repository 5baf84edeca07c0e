"""Figures of the backend for Prometheus."""

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from paces_live.events import Event, Reading, Song

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counts what a backend does.

    Attributes
    ----------
    refused : Counter
        Streams and listeners for which there was no room.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.refused.inc()
    >>> [line for line in metrics.text().decode().splitlines() if line.startswith("paces_live_refused_total")]
    ['paces_live_refused_total 1.0']
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.refused = self._counter("refused", "Streams and listeners for which there was no room")
        self._readings = self._counter("readings", "Readings of all streams")
        self._songs = self._counter("songs", "Songs of all streams")

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Have the present `value` shown as a gauge."""
        Gauge(f"paces_live_{name}", description, registry=self._registry).set_function(value)

    def take(self, events: Sequence[Event]) -> None:
        """Count events."""
        for event in events:
            match event:
                case Reading():
                    self._readings.inc()
                case Song():
                    self._songs.inc()

    def text(self) -> bytes:
        """Return all figures as OpenMetrics writes them."""
        text: bytes = generate_latest(self._registry)
        return text

    def _counter(self, name: str, description: str) -> Counter:
        return Counter(f"paces_live_{name}", description, registry=self._registry)
