"""Folk tunes as dances: their felt beat and tempo, and their melody read with music21."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from training.annotations.truth import Meter
from training.benchmark.tunes import Tune
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Dance:
    """A kind of dance.

    Attributes
    ----------
    meter
        Meter of the truth.
    beat
        Felt beat, quarter notes.
    beats_per_bar
        Felt beats in a bar.
    tempi
        Range of tempi, felt beats per minute.
    """

    meter: Meter
    beat: float
    beats_per_bar: int
    tempi: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Melody:
    """A melody in felt beats, from the first full bar to the last, and the key.

    Attributes
    ----------
    notes
        Start and length in felt beats, and MIDI pitch.
    beats
        Length of a whole number of bars.
    scale
        Pitch classes of the key.
    tonic
        Pitch class of the tonic.
    """

    notes: tuple[tuple[float, float, int], ...]
    beats: int
    scale: tuple[int, ...]
    tonic: int


CLASSES: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "in 2 and 4": ((2, 4), (2, 2), (4, 4)),
        "waltz": ((3, 4),),
        "jig": ((6, 8),),
        "slip jig": ((9, 8),),
    }
)
"""Time signatures of each class of tunes."""
DANCES: Mapping[str, Dance] = MappingProxyType(
    {
        "in 2 and 4": Dance("duple", 1.0, 2, (90.0, 120.0)),
        "waltz": Dance("triple", 1.0, 3, (90.0, 160.0)),
        "jig": Dance("compound", 1.5, 2, (100.0, 130.0)),
        "slip jig": Dance("compound triple", 1.5, 3, (95.0, 125.0)),
    }
)
"""The dance of each class."""
TEMPI: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "reel": (95.0, 125.0),
        "hornpipe": (70.0, 100.0),
        "clog": (70.0, 100.0),
        "march": (96.0, 120.0),
        "quick step": (96.0, 120.0),
        "waltz": (100.0, 180.0),
        "minuet": (100.0, 140.0),
        "slide": (120.0, 150.0),
    }
)
"""Ranges of tempi of those kinds that differ from their class, felt beats per minute."""
LEFT_OUT = frozenset({"strathspey", "fling"})
"""Kinds whose felt beat is not clear: some feel two beats in a bar, some four."""
SHORTEST_BARS = 8
"""Number of bars of the shortest tune."""


def class_of(tune: Tune) -> str | None:
    """Return the class of a tune, or None if it belongs to none."""
    if tune.kind in LEFT_OUT:
        return None
    return next((name for name, signatures in CLASSES.items() if tune.signature in signatures), None)


def dance(tune: Tune) -> Dance:
    """Return the dance of a tune that has a class.

    The felt beat of 2/4 and 3/4 is the quarter note, that of 6/8 and 9/8 the dotted quarter. That of C and C| is the
    half note: dances in them run in eighths, four to a step.

    Raises
    ------
    TrainingError
        If the tune has no class.
    """
    name = class_of(tune)
    if name is None:
        raise TrainingError(f"{tune.id}: no class of dances for {tune.signature} {tune.kind}")
    known = DANCES[name]
    beat = 2.0 if tune.signature in ((2, 2), (4, 4)) else known.beat
    return replace(known, beat=beat, tempi=TEMPI.get(tune.kind, known.tempi))


def melody(tune: Tune) -> Melody:
    """Return the melody of a tune; repeats and endings are played through once, as they are written.

    Raises
    ------
    TrainingError
        If music21 cannot read the tune, or its bars do not keep to one grid.
    """
    import music21

    try:
        score = music21.converter.parse(tune.text, format="abc", forceSource=True)
    except Exception as error:  # music21 raises anything on what it cannot read
        raise TrainingError(f"{tune.id}: music21 cannot read it: {error}") from error
    bar = 4.0 * tune.signature[0] / tune.signature[1]
    # A tune is one part: all that it has, in a score or not.
    part = next(iter(score.getElementsByClass(music21.stream.Part)), score)
    first, length = _bars(part, bar, tune.id)
    beat = dance(tune).beat
    notes = []
    flat = part.flatten()
    for note in flat.notes:
        start, held = float(note.offset) - first, float(note.quarterLength)
        if held > 0 and 0 <= start < length:
            notes.append((start / beat, min(held, length - start) / beat, int(max(p.midi for p in note.pitches))))
    if len(notes) < SHORTEST_BARS:
        raise TrainingError(f"{tune.id}: no melody")
    tonic, scale = _key(flat)
    return Melody(tuple(sorted(notes)), round(length / beat), scale, tonic)


def _bars(part: Any, bar: float, name: str) -> tuple[float, float]:
    """Return where the first full bar begins, and the length of all full bars, quarter notes."""
    measures = [(float(m.offset), float(m.duration.quarterLength)) for m in part.getElementsByClass("Measure")]
    full = [start for start, length in measures if np.isclose(length, bar)]
    if len(full) < SHORTEST_BARS:
        raise TrainingError(f"{name}: {len(full)} full bars are too few")
    aside = [start for start in full if not np.isclose((start - full[0]) / bar, round((start - full[0]) / bar))]
    if aside or any(length > bar + 1e-6 for _, length in measures):
        raise TrainingError(f"{name}: its bars do not keep to one grid")
    end = max(start + length for start, length in measures)
    return full[0], bar * np.floor((end - full[0]) / bar + 1e-6)


def _key(flat: Any) -> tuple[int, tuple[int, ...]]:
    signature = next(iter(flat.getElementsByClass("KeySignature")), None)
    key = signature.asKey() if signature is not None and not hasattr(signature, "tonic") else signature
    if key is None:
        key = flat.analyze("key")
    return int(key.tonic.pitchClass), tuple(int(pitch.pitchClass) for pitch in key.pitches[:7])
