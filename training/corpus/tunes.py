"""Tunes without drums, in the manner of dances and of classical pieces: jigs, reels, waltzes, marches, minuets.

A tune has two parts of a few bars, played AABB over and over. A sustained or a plucked instrument leads. It plays
alone, or over a light accompaniment: bass on the beat and chords off it, a drone, held or broken chords.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mido
import numpy as np

from training.annotations.truth import Meter
from training.corpus.harmony import Harmony
from training.corpus.performance import Control, Note, Performance

SUSTAINED = (73, 73, 74, 72, 75, 79, 110, 110, 40, 40, 41, 42, 22, 21, 21, 23, 109, 20, 16, 68, 71, 48, 49)
PLUCKED = (105, 24, 25, 46, 6, 15, 0)
ACCOMPANYING = (24, 25, 0, 46, 21, 20, 48, 105, 6)
DRONES = (109, 20, 21, 48, 49, 42)
"""General MIDI programs of leads, of accompaniments and of drones."""
SUSTAINED_LEADS = 0.7
"""Share of the leads that are sustained: they change in pitch, and hardly in loudness."""
TEXTURES = {"none": 0.26, "bass and chords": 0.32, "drone": 0.12, "held": 0.08, "broken": 0.12, "strummed": 0.10}
"""Weights of the accompaniments."""
CUT = 0.09
"""Length of a grace note, felt beats."""

# Where the notes of a melody begin in a beat. Jigs run in threes, reels in fours.
_CELLS = {
    "q": (0.0,),
    "h": (0.0, 0.5),
    "r": (0.0, 0.25, 0.5, 0.75),
    "d": (0.0, 0.5, 0.75),
    "a": (0.0, 0.25, 0.5),
    "p": (0.0, 0.75),
    "s": (0.0, 2 / 3),
    "t": (0.0, 1 / 3, 2 / 3),
    "u": (0.0, 1 / 3),
    "i": (0.0, 0.5, 2 / 3),
    "-": (),
}


@dataclass(frozen=True)
class Style:
    """A kind of tune.

    Attributes
    ----------
    beats
        Felt beats in a bar.
    tempo
        Usual felt beats per minute.
    cells
        Cells of the melody, as often as they are frequent.
    groups
        Beats from one bass note to the next, in a bar: (3,) is a waltz, (2, 2, 3) a 7/8.
    """

    name: str
    meter: Meter
    beats: int
    tempo: float
    cells: str
    groups: tuple[int, ...]


STYLES = (
    Style("reel", "duple", 2, 108, "rrrrrdah", (1, 1)),
    Style("hornpipe", "duple", 4, 150, "sssssqs", (2, 2)),
    Style("polka", "duple", 2, 122, "hhdarq", (1, 1)),
    Style("march", "duple", 4, 112, "qhqpdh", (1, 1, 1, 1)),
    Style("strathspey", "duple", 4, 120, "ppqps", (1, 1, 1, 1)),
    Style("barndance", "duple", 4, 132, "hhqhs", (2, 2)),
    Style("gavotte", "duple", 4, 126, "qhhqd", (2, 2)),
    Style("allegro", "duple", 4, 124, "rrhdaq", (1, 1, 1, 1)),
    Style("etude", "duple", 4, 96, "rrrrrr", (2, 2)),
    Style("hymn", "duple", 4, 92, "qqqqqh-", (1, 1, 1, 1)),
    Style("waltz", "triple", 3, 150, "qqhhq-", (3,)),
    Style("waltzrun", "triple", 3, 168, "hhhhqh", (3,)),
    Style("mazurka", "triple", 3, 132, "qphqh", (3,)),
    Style("minuet", "triple", 3, 120, "hhqqh", (3,)),
    Style("air", "triple", 3, 92, "qhpq-h", (3,)),
    Style("prelude", "triple", 3, 100, "rrrrrh", (1, 1, 1)),
    Style("jig", "compound", 2, 116, "ttttts", (1, 1)),
    Style("singlejig", "compound", 2, 124, "ssstqs", (1, 1)),
    Style("slide", "compound", 4, 128, "sststq", (1, 1, 1, 1)),
    Style("gigue", "compound", 4, 108, "tttttst", (2, 2)),
    Style("siciliana", "compound", 2, 54, "iitiq", (1, 1)),
    Style("barcarolle", "compound", 2, 62, "ststtq", (2,)),
    Style("slipjig", "compound", 3, 118, "ttttst", (1, 1, 1)),
    Style("hopjig", "compound", 3, 126, "sssqts", (1, 1, 1)),
    Style("gigue98", "compound", 3, 104, "tttttq", (3,)),
    Style("pastorale", "compound", 3, 72, "itsqt", (3,)),
    Style("oldslip", "compound", 3, 110, "tsttsq", (1, 1, 1)),
    Style("rueda", "quintuple", 5, 150, "hqhqq", (3, 2)),
    Style("finnish54", "quintuple", 5, 120, "hhhqhr", (2, 3)),
    Style("zortziko", "quintuple", 5, 170, "qpqqh", (1, 2, 2)),
    Style("ballad54", "quintuple", 5, 104, "qhq-h", (3, 2)),
    Style("rachenitsa78", "septuple", 7, 220, "qqqqhq", (2, 2, 3)),
    Style("kalamatianos78", "septuple", 7, 205, "qqhqq-", (3, 2, 2)),
    Style("lesnoto78", "septuple", 7, 180, "qhqqq", (3, 2, 2)),
    Style("song74", "septuple", 7, 128, "qhhq-h", (4, 3)),
    Style("study74", "septuple", 7, 110, "hhrhhq", (3, 4)),
)


def play(rng: np.random.Generator, style: Style, harmony: Harmony) -> Performance:
    """Play a tune of a style, over a random accompaniment or none."""
    sustained = rng.random() < SUSTAINED_LEADS
    lead = int(rng.choice(SUSTAINED if sustained else PLUCKED))
    parts = [_voice(_melody(rng, style, harmony, sustained), 0, lead)]
    texture = str(rng.choice(list(TEXTURES), p=np.array(list(TEXTURES.values())) / sum(TEXTURES.values())))
    if texture == "drone":
        parts.append(_voice(_drone(rng, style, harmony), 1, int(rng.choice(DRONES))))
    elif texture != "none":
        parts.append(_voice(_accompaniment(rng, style, harmony, texture), 1, int(rng.choice(ACCOMPANYING))))
    if rng.random() < 0.15:
        # Another instrument joins in, an octave lower.
        joining = [replace(note, pitch=note.pitch - 12) for note in parts[0].notes]
        parts.append(_voice(joining, 2, int(rng.choice(SUSTAINED))))
    return Performance(
        tuple(note for part in parts for note in part.notes), tuple(c for part in parts for c in part.controls)
    )


def _melody(rng: np.random.Generator, style: Style, harmony: Harmony, sustained: bool) -> list[Note]:
    bars = 8 if style.beats <= 4 else 4
    parts = [_part(rng, style, bars) for _ in range(2)]
    scale = [pitch for pitch in range(57, 90) if pitch % 12 in harmony.key.scale]
    legato = rng.uniform(0.85, 1.03) if sustained else rng.uniform(0.5, 1.0)
    ornaments, loudness = rng.uniform(0.0, 0.25), int(rng.integers(78, 108))
    onsets: list[tuple[float, int]] = []
    for bar in range(int(harmony.end) // style.beats):
        part = parts[bar // (2 * bars) % 2]
        onsets.extend((bar * style.beats + beat, degree) for beat, degree in part[bar % bars])
    notes: list[Note] = []
    for (start, degree), (following, _) in zip(onsets, [*onsets[1:], (harmony.end, 0)], strict=True):
        place = int(np.clip(len(scale) // 2 + degree, 0, len(scale) - 1))
        if start % 1 == 0:
            tones = harmony.at(start).tones
            place = min(range(len(scale)), key=lambda p: (scale[p] % 12 not in tones, abs(p - place)))
        velocity = loudness + int(rng.integers(-3, 4)) + (4 if start % 1 == 0 else 0)
        if start % 1 == 0 and rng.random() < ornaments:
            # A grace note on the beat, the step above.
            notes.append(Note(start, CUT, scale[min(place + 1, len(scale) - 1)], velocity, 0))
            start += CUT
        notes.append(Note(start, max(legato * (following - start), 0.05), scale[place], velocity, 0))
    return notes


def _part(rng: np.random.Generator, style: Style, bars: int) -> list[list[tuple[float, int]]]:
    """Invent bars of a melody, its onsets and degrees: a question, an answer that begins alike, and a close."""
    ideas = [_bar(rng, style) for _ in range(4)]
    order = ([0, 1, 0, 2] if rng.random() < 0.6 else [0, 1, 2, 1]) * (bars // 4)
    part = [ideas[index] for index in order]
    last, degree = style.beats - 1, int(rng.choice([-2, 0, 2]))
    part[-1] = [(beat, step) for beat, step in ideas[3] if beat < last] + [(float(last), degree)]
    return part


def _bar(rng: np.random.Generator, style: Style) -> list[tuple[float, int]]:
    cells = [_CELLS[str(rng.choice(list(style.cells)))] for _ in range(style.beats)]
    cells[0] = cells[0] or (0.0,)
    degree, direction, leaping = int(rng.integers(-4, 5)), int(rng.choice([-1, 1])), rng.random() < 0.35
    onsets = []
    for beat, cell in enumerate(cells):
        for phase in cell:
            onsets.append((beat + phase, degree))
            if rng.random() < 0.3 or abs(degree) > 6:
                direction = -1 if degree > 6 else 1 if degree < -6 else -direction
            degree += direction * (2 if leaping else 1)
    return onsets


def _accompaniment(rng: np.random.Generator, style: Style, harmony: Harmony, texture: str) -> list[Note]:
    """Return bass notes at the groups of beats, and chords between; or chords held, broken or strummed."""
    three = style.meter == "compound"
    loudness, short = int(rng.integers(45, 72)), rng.uniform(0.2, 0.9)
    starts = np.cumsum([0, *style.groups[:-1]]).tolist()
    notes: list[Note] = []

    def sound(beat: float, length: float, pitches: Sequence[int], accent: int = 0) -> None:
        velocity = loudness + accent + int(rng.integers(-4, 5))
        notes.extend(Note(beat, length, pitch, velocity, 1) for pitch in pitches)

    for bar in range(0, int(harmony.end), style.beats):
        for beat in range(style.beats):
            chord = harmony.at(bar + beat)
            tones = sorted(52 + (tone - 4) % 12 for tone in chord.tones)
            bass = 36 + (chord.root - 4) % 12
            if texture == "held":
                if beat == 0:
                    sound(bar, style.beats * rng.uniform(0.9, 1.0), [bass, *tones])
            elif texture == "strummed":
                sound(bar + beat, short, [bass, *tones] if beat in starts else tones, 6 * (beat in starts))
            elif texture == "broken":
                phases = _CELLS["t" if three else "h"]
                for index, phase in enumerate(phases):
                    sound(bar + beat + phase, 1 / len(phases), [[bass, *tones][(beat * len(phases) + index) % 4]])
            elif beat in starts:
                sound(bar + beat, short, [bass + (7 if starts.index(beat) % 2 else 0)], 8)
                if set(style.groups) == {1}:
                    sound(bar + beat + (2 / 3 if three else 0.5), 0.3, tones)
            else:
                sound(bar + beat, short, tones)
    return notes


def _drone(rng: np.random.Generator, style: Style, harmony: Harmony) -> list[Note]:
    """Hold the tonic and the fifth, begun again every one to eight bars."""
    length = float(style.beats * rng.choice([1, 2, 4, 8]))
    tonic, velocity = 48 + harmony.key.tonic % 12, int(rng.integers(45, 75))
    return [
        Note(float(start), min(length, harmony.end - start), pitch, velocity, 1)
        for start in np.arange(0.0, harmony.end, length)
        for pitch in (tonic - 12, tonic, tonic + 7)
    ]


def _voice(notes: Sequence[Note], channel: int, program: int) -> Performance:
    change = Control(0.0, mido.Message("program_change", channel=channel, program=program))
    return Performance(tuple(replace(note, channel=channel) for note in notes), (change,))
