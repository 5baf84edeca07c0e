"""Held chords: music without a beat, on the sustained instruments of General MIDI."""

from collections.abc import Mapping
from types import MappingProxyType

import mido
import numpy as np

from training.benchmark.music import SECONDS, Music
from training.corpus.performance import Control, Note, Performance

PROGRAMS: Mapping[str, int] = MappingProxyType(
    {
        "drawbar organ": 16,
        "rock organ": 18,
        "church organ": 19,
        "reed organ": 20,
        "accordion": 21,
        "harmonica": 22,
        "bandoneon": 23,
        "string ensemble": 48,
        "slow strings": 49,
        "synth strings": 50,
        "choir": 52,
        "synth voice": 54,
        "brass": 61,
        "synth brass": 62,
        "new age pad": 88,
        "warm pad": 89,
        "polysynth pad": 90,
        "choir pad": 91,
        "bowed pad": 92,
        "metallic pad": 93,
        "halo pad": 94,
        "sweep pad": 95,
    }
)
"""Programs, counted from 0."""
HELD_S = (3.0, 9.0)
"""Range of the length of a chord, seconds; uniform, so that no period fits."""
TRIADS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7), (0, 4, 7, 9))
"""Chords, semitones above the root."""


def held(program: int, seconds: float, rng: np.random.Generator) -> Music:
    """Return chords that change at random times."""
    notes, now = [], 0.0
    while now < seconds:
        length = float(rng.uniform(*HELD_S))
        root, velocity = int(rng.integers(43, 60)), int(rng.integers(60, 110))
        notes += [Note(now, length, root + tone, velocity, 0) for tone in TRIADS[rng.integers(len(TRIADS))]]
        now += length
    control = Control(0.0, mido.Message("program_change", channel=0, program=program))
    return Music(Performance(tuple(notes), (control,)), SECONDS, "unknown", 1)
