"""Cross-rhythms in songs whose beat is divided in half: ostinati in groups of three, and echoes.

Most popular music has some, and MMA's grooves have hardly any: the 3+3+2 of Latin bass lines, arpeggios of three notes
in sixteenths, guitars through a delay of a dotted eighth. They sound at 2/3 or 4/3 of the beat, where nobody can jog.
"""

from collections.abc import Sequence
from dataclasses import replace

import mido
import numpy as np

from training.corpus.arrangement import BASSES, COMPS, LEADS, Rhythm
from training.corpus.harmony import Harmony
from training.corpus.performance import DRUMS, Control, Note, Performance

OSTINATI, ECHOES = 0.22, 0.12
"""Shares of the straight duple songs with an ostinato and with an echo."""

_GROUPS = ((3, 3, 2), (3, 3, 2), (3, 3, 3, 3, 2, 2), (3, 3, 3, 3, 4), (3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2))
_WITHOUT_DRUMS = 2
"""Number of groups that songs without drums may use: there, a longer cross-rhythm would be heard as the beat."""

_VOICES = ("chords", "arpeggio", "arpeggio", "bass", "drums")
_PERCUSSION = (36, 37, 39, 41, 45, 56, 62, 64, 75, 76)
_DELAYS = (0.75, 0.75, 0.75, 0.5, 1.0, 1.5)
_FAINTEST, _REPEATS = 20, 4


def cross(
    rng: np.random.Generator,
    performance: Performance,
    harmony: Harmony,
    rhythm: Rhythm,
    sections: Sequence[tuple[float, float]],
) -> Performance:
    """Add an ostinato to some sections and an echo of one instrument, at random; only straight duple songs change."""
    if rhythm.meter != "duple" or rhythm.feel == "swung":
        return performance
    if rng.random() < OSTINATI:
        chosen = [span for span in sections if rng.random() < 0.7] or list(sections)
        performance = _ostinato(rng, performance, harmony, chosen)
    if rng.random() < ECHOES:
        performance = _echo(rng, performance, harmony.end)
    return performance


def _ostinato(
    rng: np.random.Generator, performance: Performance, harmony: Harmony, spans: Sequence[tuple[float, float]]
) -> Performance:
    """Repeat groups of three and two eighths or sixteenths, the first of each stressed, the others soft or left out."""
    drums = DRUMS in performance.channels
    usable = _GROUPS if drums else _GROUPS[:_WITHOUT_DRUMS]
    groups = usable[int(rng.integers(len(usable)))]
    step = float(rng.choice([0.25, 0.25, 0.5]))
    voice = str(rng.choice(_VOICES if drums else _VOICES[:-1]))
    filled = rng.random() < (0.7 if voice == "arpeggio" else 0.15)
    channel = DRUMS if voice == "drums" else _free(performance)
    loudness, length = int(rng.integers(70, 112)), float(rng.uniform(0.4, 1.0))
    stroke = int(rng.choice(_PERCUSSION))
    places = [(sum(groups[:index]) + part, part) for index, size in enumerate(groups) for part in range(size)]
    notes: list[Note] = []
    for start, end in spans:
        for repeat in np.arange(max(start, 0.0), min(end, harmony.end), sum(groups) * step):
            for place, part in places:
                beat = float(repeat) + place * step
                if beat >= min(end, harmony.end) or (part and not filled):
                    continue
                tones = sorted(48 + (tone - 4) % 12 for tone in harmony.at(beat).tones)
                if voice == "drums":
                    pitches = [stroke]
                elif voice == "bass":
                    pitches = [28 + (harmony.at(beat).root - 4) % 12]
                elif voice == "arpeggio":
                    pitches = [12 + tones[part % len(tones)]]
                else:
                    pitches = tones
                velocity = int(np.clip(loudness + rng.integers(-6, 7) - (24 if part else 0), 1, 127))
                notes.extend(Note(beat, length * step, pitch, velocity, channel) for pitch in pitches)
    programs = {"chords": COMPS, "arpeggio": (*COMPS, *LEADS), "bass": BASSES, "drums": ()}[voice]
    controls = [
        Control(0.0, mido.Message("program_change", channel=channel, program=int(rng.choice(choice))))
        for choice in ([programs] if programs else [])
    ]
    return Performance((*performance.notes, *notes), (*performance.controls, *controls))


def _echo(rng: np.random.Generator, performance: Performance, end: float) -> Performance:
    """Repeat the notes of a pitched instrument later and softer, like a delay in time with the music."""
    pitched = [channel for channel in performance.channels if channel != DRUMS]
    if not pitched:
        return performance
    source, target = int(rng.choice(pitched)), _free(performance)
    delay, feedback = float(rng.choice(_DELAYS)), rng.uniform(0.45, 0.75)
    repeated = [
        replace(
            note,
            start=note.start + times * delay,
            length=min(note.length, 0.9 * delay),
            velocity=round(note.velocity * feedback**times),
            channel=target,
        )
        for note in performance.notes
        if note.channel == source
        for times in range(1, _REPEATS + 1)
        if note.velocity * feedback**times >= _FAINTEST and note.start + times * delay < end
    ]
    controls = [
        replace(control, message=control.message.copy(channel=target))
        for control in performance.controls
        if getattr(control.message, "channel", None) == source
    ]
    return Performance((*performance.notes, *repeated), (*performance.controls, *controls))


def _free(performance: Performance) -> int:
    """Return the highest free channel, or the highest channel if none is free."""
    return next((c for c in reversed(range(16)) if c not in {*performance.channels, DRUMS}), 15)
