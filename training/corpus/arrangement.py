"""Parts added to the band that MMA plays (melody, bass, chords, drums), and the inaccuracy of human players."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import mido
import numpy as np

from training.annotations.truth import Meter
from training.corpus.families import DrumPattern
from training.corpus.harmony import Chord, Key
from training.corpus.performance import DRUMS, Control, Feel, Note, Performance

LEADS = (0, 4, 11, 18, 21, 22, 25, 26, 27, 29, 30, 40, 52, 53, 56, 60, 64, 65, 66, 71, 73, 80, 81, 82, 85)
BASSES = (32, 33, 34, 35, 36, 38, 39)
COMPS = (0, 1, 2, 4, 5, 16, 18, 24, 25, 26, 27, 28, 29, 30, 48, 50, 61, 62, 81, 88, 90)
"""Programs of General MIDI for a melody, a bass and an accompaniment."""

# General MIDI groups programs in families of eight. These are unlike the rest of theirs: harp, timpani, orchestra hit.
_ODD_PROGRAMS = frozenset({46, 47, 55})

_EVEN_CELLS = (
    (0.0,),
    (0.0, 0.5),
    (0.0, 0.5, 0.75),
    (0.0, 0.25, 0.5, 0.75),
    (0.0, 0.75),
    (0.5,),
    (0.0, 0.25, 0.5),
    (),
)
_EVEN_WEIGHTS = (0.27, 0.32, 0.07, 0.06, 0.06, 0.1, 0.04, 0.08)
_THREE_CELLS = ((0.0,), (0.0, 1 / 3, 2 / 3), (0.0, 2 / 3), (1 / 3, 2 / 3), (0.0, 1 / 3), ())
_THREE_WEIGHTS = (0.28, 0.3, 0.22, 0.06, 0.06, 0.08)

# Kick, snare and cymbals of a bar or half a bar, in halves of the felt beat, or in thirds for 6/8 and 12/8.
_LAYERS: Mapping[Meter, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "duple": (
            ("x.x.x.x.", "x.x.x.x.", "x...x...", "x..xx...", "x.....x.", "x...x..x"),
            ("..x...x.", "..x...x.", "..x...xo", "........"),
            ("xoxoxoxo", "xoxoxoxo", ".x.x.x.x", "x.x.x.x.", "xxxxxxxx"),
        ),
        "triple": (
            ("x.....", "x.....", "x..x..", "x....x", "x.x.x."),
            ("....x.", "..x.x.", "..x...", "..o.x.", "......"),
            ("xoxoxo", "x.x.x.", "xxxxxx", "..x.x."),
        ),
        "compound": (
            ("x.....", "x.x...", "x....x", "x..x..", "x.xx.x"),
            ("...x..", "...x..", "...x.o", "......"),
            ("xoxxox", "xooxoo", "x..x..", "x.xx.x", "xxxxxx"),
        ),
        "quintuple": (
            ("x.....x...", "x....xx...", "x.x.x.x.x."),
            ("..x.....x.", "....x.....", "..x.x...x."),
            ("xoxoxoxoxo", "x.x.x.x.x.", "xxxxxxxxxx"),
        ),
    }
)


@dataclass(frozen=True)
class Harmony:
    """The chords of a song; `starts` are felt beats, ascending from 0."""

    key: Key
    starts: tuple[float, ...]
    chords: tuple[Chord, ...]
    end: float

    def at(self, beat: float) -> Chord:
        """Return the chord that sounds at a felt beat."""
        index = int(np.searchsorted(self.starts, beat + 1e-6, side="right")) - 1
        return self.chords[max(index, 0)]


@dataclass(frozen=True)
class Rhythm:
    """Meter of a song, felt beats in its bar, and the division of its beat."""

    meter: Meter
    beats_per_bar: int
    feel: Feel

    @property
    def in_threes(self) -> bool:
        """Whether the beat has three parts."""
        return self.meter == "compound"

    def place(self, phase: float) -> float:
        """Return the place in this rhythm of an even division of the beat."""
        if self.feel != "swung" or self.in_threes:
            return phase
        return float(np.interp(phase, (0, 0.5, 1), (0, 2 / 3, 1)))


def melody(rng: np.random.Generator, harmony: Harmony, rhythm: Rhythm, channel: int) -> Performance:
    """Invent a melody in the key: a motif of a few bars, repeated and varied, with chord tones on the beats."""
    bars = int(rng.choice([2, 4]))
    motif = [_cells(rng, rhythm) for _ in range(bars * rhythm.beats_per_bar)]
    resting = rng.uniform(0.0, 0.3)
    pitches = [p for p in range(55, 89) if p % 12 in harmony.key.scale]
    position = len(pitches) // 2
    loudness = int(rng.integers(70, 112))
    onsets: list[float] = []
    for beat in range(int(harmony.end)):
        if beat % len(motif) == 0 and rng.random() < 0.4:
            motif[int(rng.integers(len(motif)))] = _cells(rng, rhythm)
        if (beat // rhythm.beats_per_bar) % 4 == 3 and rng.random() < resting:
            continue
        onsets.extend(beat + phase for phase in motif[beat % len(motif)])
    notes = []
    for onset, following in zip(onsets, [*onsets[1:], harmony.end], strict=True):
        position = int(np.clip(position + rng.integers(-2, 3), 0, len(pitches) - 1))
        pitch = pitches[position]
        if onset % 1 == 0:
            tones = harmony.at(onset).tones
            pitch = min((p for p in range(55, 89) if p % 12 in tones), key=lambda p: abs(p - pitch))
        length = min(following - onset, 2.0) * rng.uniform(0.6, 1.0)
        velocity = int(np.clip(loudness + rng.integers(-10, 11) + (6 if onset % 1 == 0 else 0), 1, 127))
        notes.append(Note(onset, length, pitch, velocity, channel))
    return _with_program(notes, channel, int(rng.choice(LEADS)))


def bass(rng: np.random.Generator, harmony: Harmony, rhythm: Rhythm, channel: int) -> Performance:
    """Invent a bass line: a pattern of one bar on root and fifth."""
    busy = rng.random()
    division = (0.0, 1 / 3, 2 / 3) if rhythm.in_threes else (0.0, 0.5)
    pattern: list[float] = []
    for beat in range(rhythm.beats_per_bar):
        keep = 1.0 if beat == 0 else (0.4 + 0.6 * busy)
        pattern.extend(
            beat + rhythm.place(phase)
            for phase in division
            if rng.random() < (keep if phase == 0 else busy * (0.95 if busy > 0.7 else 0.5))
        )
    steps = [int(rng.choice([0, 0, 0, 7, 12])) for _ in pattern]
    notes = []
    for bar in range(0, int(harmony.end), rhythm.beats_per_bar):
        for phase, step in zip(pattern, steps, strict=True):
            chord = harmony.at(bar + phase)
            pitch = 28 + (chord.root - 4) % 12 + (0 if phase == 0 else step)
            velocity = int(rng.integers(80, 105)) + (8 if phase == 0 else 0)
            notes.append(Note(bar + phase, rng.uniform(0.3, 0.9) / len(division), pitch, velocity, channel))
    return _with_program(notes, channel, int(rng.choice(BASSES)))


def comping(rng: np.random.Generator, harmony: Harmony, rhythm: Rhythm, channel: int) -> Performance:
    """Invent an accompaniment: chords or arpeggios in a rhythm of one bar."""
    pattern = [beat + phase for beat in range(rhythm.beats_per_bar) for phase in _cells(rng, rhythm)] or [0.0]
    broken = rng.random() < 0.35
    sustained = rng.random() < 0.3
    notes: list[Note] = []
    for bar in range(0, int(harmony.end), rhythm.beats_per_bar):
        for index, phase in enumerate(pattern):
            tones = sorted(52 + (tone - 4) % 12 for tone in harmony.at(bar + phase).tones)
            if broken:
                tones = [tones[index % len(tones)]]
            length = 0.9 if sustained else 0.35
            velocity = int(rng.integers(55, 90))
            notes.extend(Note(bar + phase, length, tone, velocity, channel) for tone in tones)
    return _with_program(notes, channel, int(rng.choice(COMPS)))


def drum_layer(rng: np.random.Generator, rhythm: Rhythm, end: float) -> Performance:
    """Combine a common drum beat for the meter: four-on-the-floor, backbeat, or their equivalents in 3/4 and 6/8."""
    kick, snare, cymbals = (str(rng.choice(voice)) for voice in _LAYERS[rhythm.meter])
    steps = 3 if rhythm.in_threes else 2
    cymbal = int(rng.choice([42, 46, 51, 70, 54]))
    pattern = DrumPattern(kick, snare, cymbals, steps, cymbal, int(rng.choice([38, 39, 40, 37])))
    return drums(rng, pattern, rhythm, end)


def drums(rng: np.random.Generator, pattern: DrumPattern, rhythm: Rhythm, end: float) -> Performance:
    """Repeat a bar of drums to the end, with small fills at the end of every fourth bar."""
    notes = []
    for pitch, steps in pattern.voices:
        for step in range(round(end * pattern.steps_per_beat)):
            mark = steps[step % len(steps)]
            beat, part = divmod(step, pattern.steps_per_beat)
            filling = beat % (4 * rhythm.beats_per_bar) >= 4 * rhythm.beats_per_bar - 1
            if filling and pitch == pattern.snare_note and rng.random() < 0.35:
                mark = "o"
            if mark == "." or rng.random() < 0.02:
                continue
            phase = part / pattern.steps_per_beat
            start = beat + (rhythm.place(phase) if pattern.steps_per_beat % 3 else phase)
            velocity = int(np.clip((96 if mark == "x" else 62) + rng.integers(-8, 9), 1, 127))
            notes.append(Note(start, 0.1, pitch, velocity, DRUMS))
    return Performance(tuple(notes))


def combine(*performances: Performance) -> Performance:
    """Return several performances as one."""
    return Performance(
        tuple(note for performance in performances for note in performance.notes),
        tuple(control for performance in performances for control in performance.controls),
    )


def revoice(rng: np.random.Generator, performance: Performance) -> Performance:
    """Replace instruments by others of their General MIDI family, and scale the loudness of each channel."""
    exchanged: dict[tuple[int, int], int] = {}
    controls = []
    for control in performance.controls:
        message = control.message
        if message.type == "program_change" and message.channel != DRUMS:
            known = (message.channel, message.program)
            if known not in exchanged:
                exchanged[known] = _relative(rng, message.program)
            message = message.copy(program=exchanged[known])
        controls.append(replace(control, message=message))
    loudness = {channel: rng.uniform(0.6, 1.25) for channel in range(16)}
    notes = tuple(
        replace(note, velocity=int(np.clip(round(note.velocity * loudness[note.channel]), 1, 127)))
        for note in performance.notes
    )
    return Performance(notes, tuple(controls))


def swing(rng: np.random.Generator, performance: Performance, end: float) -> Performance:
    """Let the swing ratio wander in a swung song: the late off-beat lies between 0.57 and 0.73 of the beat."""
    knots = np.arange(0.0, end + 8.0, 8.0)
    late = rng.uniform(0.6, 0.7) + rng.uniform(-0.03, 0.03, len(knots))

    def moved(beat: float) -> float:
        whole, phase = divmod(beat, 1.0)
        return whole + float(np.interp(phase, (0.0, 2 / 3, 1.0), (0.0, np.interp(beat, knots, late), 1.0)))

    return replace(performance, notes=tuple(replace(note, start=moved(note.start)) for note in performance.notes))


def humanize(rng: np.random.Generator, performance: Performance, tempo: float) -> Performance:
    """Shift each channel by up to 12 ms, and each note at random (standard deviation up to 10 ms)."""
    beats_per_second = tempo / 60
    lag = rng.uniform(-0.012, 0.012, size=16)
    spread = rng.uniform(0.0, 0.010)
    lead_in = 0.1
    notes = []
    for note in sorted(performance.notes, key=lambda n: (n.start, n.channel, n.pitch, n.velocity)):
        shift = lead_in + lag[note.channel] + float(np.clip(rng.normal(0.0, spread), -0.03, 0.03))
        notes.append(replace(note, start=note.start + shift * beats_per_second))
    return replace(performance, notes=tuple(notes))


def _cells(rng: np.random.Generator, rhythm: Rhythm) -> tuple[float, ...]:
    if rhythm.in_threes:
        return _THREE_CELLS[int(rng.choice(len(_THREE_CELLS), p=_THREE_WEIGHTS))]
    cell = _EVEN_CELLS[int(rng.choice(len(_EVEN_CELLS), p=_EVEN_WEIGHTS))]
    return tuple(rhythm.place(phase) for phase in cell)


def _relative(rng: np.random.Generator, program: int) -> int:
    if program >= 112 or program in _ODD_PROGRAMS or rng.random() < 0.45:
        return program
    family = [p for p in range(program // 8 * 8, program // 8 * 8 + 8) if p not in _ODD_PROGRAMS]
    return int(rng.choice(family))


def _with_program(notes: Sequence[Note], channel: int, program: int) -> Performance:
    change = Control(0.0, mido.Message("program_change", channel=channel, program=program))
    return Performance(tuple(notes), (change,))
