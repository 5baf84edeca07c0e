"""Music in felt beats, as the benchmark plays it, and the timing of people."""

from dataclasses import dataclass

import numpy as np

from training.annotations.truth import Meter
from training.corpus.performance import Performance, write_midi
from training.corpus.timing import CONSTANT, TempoCurve

SECONDS = 60.0
"""Tempo at which a felt beat lasts a second, felt beats per minute."""


@dataclass(frozen=True)
class Music:
    """Notes in felt beats, with what decides the paces.

    Attributes
    ----------
    performance
        Notes and controls.
    tempo
        Felt beats per minute, before people's timing.
    meter
        Meter of the truth.
    beats_per_bar
        Felt beats in a bar.
    swung
        Whether the beat is divided into thirds.
    """

    performance: Performance
    tempo: float
    meter: Meter
    beats_per_bar: int
    swung: bool = False

    @property
    def beats(self) -> float:
        """Length in felt beats, to the end of the last note."""
        return max((note.start + note.length for note in self.performance.notes), default=0.0)


def midi(music: Music, curve: TempoCurve = CONSTANT, *, end_s: float = np.inf) -> bytes:
    """Return a MIDI file of music, played along a tempo curve; nothing begins later than `end_s`."""
    notes, controls = music.performance.notes, music.performance.controls
    starts = curve.seconds([note.start for note in notes], music.tempo)
    heard = tuple(note for note, start in zip(notes, starts, strict=True) if start < end_s)
    last = max((note.start + note.length for note in heard), default=0.0)
    part = Performance(heard, tuple(control for control in controls if control.start <= last))
    return write_midi(part, music.tempo, curve)


def mean_tempo(music: Music, curve: TempoCurve, start_s: float, end_s: float) -> float:
    """Return the mean tempo between two times: the felt beats inside, over their time."""
    beats = np.arange(0.0, np.ceil(music.beats) + 1.0)
    times = curve.seconds(beats, music.tempo)
    inside = times[(times >= start_s) & (times <= end_s)]
    if len(inside) < 2:
        return music.tempo
    return float(60.0 * (len(inside) - 1) / (inside[-1] - inside[0]))
