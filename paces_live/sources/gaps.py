"""What is missing in damaged audio, so that silence can stand for it."""

from typing import Any

SHORTEST_GAP_S, LONGEST_GAP_S = 0.05, 10.0
"""Gaps that silence fills, seconds: Vorbis has times that are 0.02 s off, and a time far off is damaged itself."""
EXACT_TIMES = frozenset({"ogg", "flac", "matroska,webm", "asf", "mpegts", "mpeg", "flv", "nut", "rm"})
"""Formats whose packets have exact times, and whose damaged packets FFmpeg leaves out without a word."""


class Gaps:
    """Counts what is missing between the packets of a stream: those that are damaged, and those that are not there.

    Parameters
    ----------
    container : str
        FFmpeg's name of the container's format.

    Attributes
    ----------
    started : bool
        Whether a packet was good.
    """

    def __init__(self, container: str) -> None:
        self.started = False
        self._has_times = container in EXACT_TIMES
        self._damaged_s = 0.0
        self._expected: int | None = None
        self._per_tick = 0.0

    def damaged(self, packet: Any) -> None:
        """Count a packet that cannot be decoded."""
        # A stream can be joined anywhere: what belongs to a packet before the first cannot be decoded.
        if self.started and packet.duration and packet.time_base:
            self._damaged_s += min(float(packet.duration * packet.time_base), LONGEST_GAP_S)

    def before(self, frame: Any) -> int:
        """Return the number of frames that are missing before `frame`."""
        missing: int = round(self._damaged_s * frame.sample_rate) if self._damaged_s else 0
        self.started, self._damaged_s = True, 0.0
        if not self._has_times:
            return missing
        # Once for all frames: fractions take a tenth of the time of decoding (measured).
        self._per_tick = self._per_tick or float(frame.time_base * frame.sample_rate)
        begin = self._expected
        if frame.pts is not None:
            begin = round(frame.pts * self._per_tick)
            gap = 0 if self._expected is None else begin - self._expected
            if SHORTEST_GAP_S < gap / frame.sample_rate <= LONGEST_GAP_S:
                missing = gap
        self._expected = None if begin is None else begin + frame.samples
        return missing
