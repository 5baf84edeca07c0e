"""A tune as a band plays it: the lead, and perhaps a bass on the beat and a chord after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import mido
import numpy as np

from training.benchmark.folk import Dance, Melody
from training.benchmark.music import Music
from training.corpus.performance import Control, Note, Performance

SUSTAINED = MappingProxyType(
    {"flute": 73, "fiddle": 110, "violin": 40, "harmonica": 22, "accordion": 21, "bagpipe": 109}
)
PLUCKED = MappingProxyType({"guitar": 25, "banjo": 105, "harp": 46})
"""General MIDI programs of the leads, counted from 0."""
LEADS = MappingProxyType({**SUSTAINED, **PLUCKED})
BASSES, CHORDS = (32, 33, 43), (0, 24, 25, 21)
"""Programs of bass and chords."""
_LEAD, _CHORD, _BASS = 0, 1, 2
_AFTER = MappingProxyType({"duple": 1 / 2, "triple": 1.0, "compound": 2 / 3, "compound triple": 2 / 3})
"""Place of the chord after the bass, felt beats: half the beat, the other beats of a waltz, or the last third."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad; pitch classes of its root and its tones."""

    root: int
    tones: tuple[int, ...]


def played(
    tune: Melody, dance: Dance, tempo: float, *, lead: str, accompanied: bool, beats: float, rng: np.random.Generator
) -> Music:
    """Return a tune, round and round until it lasts `beats` felt beats, on a lead with or without accompaniment."""
    rounds = range(int(np.ceil(beats / tune.beats)))
    programs = {_LEAD: LEADS[lead]}
    notes = []
    for number in rounds:
        for start, length, pitch in tune.notes:
            notes.append(_note(start + number * tune.beats, 0.97 * length, pitch, _LEAD, dance.beats_per_bar, 78, rng))
    if accompanied:
        programs |= {_CHORD: int(rng.choice(CHORDS)), _BASS: int(rng.choice(BASSES))}
        chords = harmony(tune, dance.beats_per_bar)
        for number in rounds:
            notes += _backing(chords, dance, number * tune.beats, rng)
    controls = tuple(
        Control(0.0, mido.Message("program_change", channel=channel, program=program))
        for channel, program in programs.items()
    )
    notes = [note for note in notes if note.start < beats]
    return Music(Performance(tuple(notes), controls), tempo, dance.meter, dance.beats_per_bar)


def harmony(tune: Melody, beats_per_bar: int) -> list[Chord]:
    """Return a chord for each bar: the triad of the scale that holds most of the melody, the tonic if in doubt.

    Examples
    --------
    >>> scale = (2, 4, 6, 7, 9, 11, 1)  # D major
    >>> bars = Melody(((0, 1, 62), (1, 1, 66), (2, 1, 69), (3, 1, 73)), beats=4, scale=scale, tonic=2)
    >>> [chord.root for chord in harmony(bars, beats_per_bar=2)]
    [2, 9]
    """
    triads = [
        Chord(root, tuple(tune.scale[(place + step) % 7] for step in (0, 2, 4)))
        for place, root in enumerate(tune.scale)
    ]
    plain = [chord for chord in triads if (chord.tones[2] - chord.root) % 12 == 7]  # not the diminished one
    return [
        max(plain, key=lambda chord: _held(chord, tune, bar * beats_per_bar, (bar + 1) * beats_per_bar))
        for bar in range(tune.beats // beats_per_bar)
    ]


def _held(chord: Chord, tune: Melody, start: float, end: float) -> float:
    inside = [(min(at + length, end) - at, pitch % 12) for at, length, pitch in tune.notes if start <= at < end]
    held = sum(length * (1.2 if tone == chord.root else 1.0) for length, tone in inside if tone in chord.tones)
    return held + 0.15 * (end - start) * (chord.root == tune.tonic)


def _backing(chords: Sequence[Chord], dance: Dance, start: float, rng: np.random.Generator) -> list[Note]:
    """Return bass and chords: in a waltz the bass on the first beat of the bar, in all else on each beat."""
    bar, after = dance.beats_per_bar, _AFTER[dance.meter]
    notes = []
    for number, chord in enumerate(chords):
        at = start + number * bar
        tones = [chord.root, chord.tones[2]]
        basses = [0] if dance.meter == "triple" else range(bar)
        strokes = [1, 2] if dance.meter == "triple" else [beat + after for beat in range(bar)]
        notes += [_note(at + beat, 0.8, 36 + tones[beat % 2], _BASS, bar, 74, rng) for beat in basses]
        notes += [
            _note(at + place, 0.3, 54 + (tone - 54) % 12, _CHORD, bar, 52, rng)
            for place in strokes
            for tone in chord.tones
        ]
    return notes


def _note(
    start: float, length: float, pitch: int, channel: int, bar: int, loudness: int, rng: np.random.Generator
) -> Note:
    """Return a note, louder on the beat and loudest on the first beat of the bar."""
    place = start % bar
    accent = 14 if min(place, bar - place) < 0.01 else 7 if abs(place - round(place)) < 0.01 else 0
    return Note(start, length, pitch, int(np.clip(loudness + accent + rng.integers(-5, 6), 1, 127)), channel)
