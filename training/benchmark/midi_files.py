"""Music from MIDI files: what has one exact tempo, and a meter that can be read and checked."""

import io
from collections import defaultdict
from collections.abc import Sequence

import mido
import numpy as np

from training.annotations.truth import Meter
from training.benchmark.music import Music
from training.corpus.performance import DRUMS, Note, feel_of, onset_histogram, read_midi
from training.errors import TrainingError

METERS: dict[tuple[int, int], tuple[Meter, int, float]] = {
    (2, 4): ("duple", 2, 1.0),
    (4, 4): ("duple", 4, 1.0),
    (2, 2): ("duple", 4, 1.0),
    (3, 4): ("triple", 3, 1.0),
    (5, 4): ("quintuple", 5, 1.0),
    (6, 8): ("compound", 2, 1.5),
    (12, 8): ("compound", 4, 1.5),
}
"""Time signatures that can be judged: meter, felt beats in a bar, quarter notes in a felt beat."""
COMMON_TIME = (4, 4)
"""Time signature of a MIDI file that names none, by the standard."""
GRID, ON_GRID = 0.025, 0.75
"""Largest distance of an onset from the grid, felt beats, and the least share of onsets on it."""
LAGS = range(3, 9)
"""Lags at which a bar may repeat, felt beats."""
STEPS = 4
"""Places in a felt beat at which onsets are counted for the repetition of bars."""
DRUM_HITS = 0.5
"""Least drum hits in a felt beat of music with drums."""


def read(data: bytes, *, tempo: float | None = None) -> Music:
    """Return the music of a MIDI file.

    Parameters
    ----------
    data
        The file.
    tempo
        Felt beats per minute, if they are known better than by the file.

    Raises
    ------
    TrainingError
        If the tempo changes, the meter cannot be judged, or the notes contradict either.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(data))
    except (EOFError, OSError, ValueError, KeyError, IndexError) as error:
        raise TrainingError(f"no MIDI file: {error}") from error
    signature = _only(_changes(file, "time_signature"), "time signature") or COMMON_TIME
    if signature not in METERS:
        raise TrainingError(f"time signature {signature[0]}/{signature[1]}")
    meter, bar, beat = METERS[signature]
    micros = _only(_changes(file, "set_tempo"), "tempo") or (500_000,)
    performance = read_midi(file, beat)
    if not performance.notes:
        raise TrainingError("no notes")
    felt = tempo or 60e6 / micros[0] / beat
    notes = performance.notes
    check(notes, bar)
    return Music(performance, felt, meter, bar, feel_of(onset_histogram(notes)) == "swung" and meter != "compound")


def check(notes: Sequence[Note], bar: int) -> None:
    """Check that the notes lie on quarters or thirds of the beat, and that bars repeat as the meter says.

    Raises
    ------
    TrainingError
        If they do not: the file was played freely, or its tempo or meter is not that of the music.
    """
    starts = np.array([note.start for note in notes])
    share = max(float(np.mean(np.abs(starts * n - np.round(starts * n)) <= GRID * n)) for n in (3, 4))
    if share < ON_GRID:
        raise TrainingError(f"only {100 * share:.0f} % of the notes on the beat or its division")
    alike = repetition(notes)
    best = max(alike, key=lambda lag: alike[lag])
    if best % bar and bar % best:
        raise TrainingError(f"its bars repeat after {best} beats, not after {bar}")


def repetition(notes: Sequence[Note]) -> dict[int, float]:
    """Return how alike the music is to itself some beats later, from 0 to 1, by lag in felt beats.

    Each drum and each other channel is a voice; a bar repeats where the voices meet themselves.
    """
    length = int(max(note.start for note in notes) * STEPS) + 2
    voices: defaultdict[tuple[int, int], np.ndarray] = defaultdict(lambda: np.zeros(length))
    for note in notes:
        voice = (note.channel, note.pitch if note.channel == DRUMS else -1)
        voices[voice][round(note.start * STEPS)] += note.velocity
    played = np.stack(list(voices.values()))
    alike = {}
    for lag in LAGS:
        early, late = played[:, : -lag * STEPS], played[:, lag * STEPS :]
        power = float(np.sqrt((early**2).sum() * (late**2).sum()))
        alike[lag] = float((early * late).sum()) / power if power else 0.0
    return alike


def has_drums(notes: Sequence[Note], beats: float) -> bool:
    """Return whether the drums play along."""
    return sum(note.channel == DRUMS for note in notes) >= DRUM_HITS * beats


def _changes(file: mido.MidiFile, kind: str) -> list[tuple[int, tuple[int, ...]]]:
    """Return ticks and values of a kind of meta message, in order of time."""
    found: list[tuple[int, tuple[int, ...]]] = []
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "set_tempo" == kind:
                found.append((now, (message.tempo,)))
            elif message.type == "time_signature" == kind:
                found.append((now, (message.numerator, message.denominator)))
    return sorted(found, key=lambda change: change[0])


def _only(changes: list[tuple[int, tuple[int, ...]]], name: str) -> tuple[int, ...] | None:
    """Return the one value, None if there is none; of several at the start, the last one counts."""
    first = [value for tick, value in changes if tick == 0][-1:] or [value for _, value in changes[:1]]
    values = {*first, *(value for tick, value in changes if tick)}
    if len(values) > 1:
        raise TrainingError(f"its {name} changes")
    return first[0] if first else None
