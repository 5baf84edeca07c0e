"""Changes in the course of a song: drop-outs, breaks, half-time and double-time drums, solos, slow endings."""

from collections.abc import Sequence
from dataclasses import replace

import mido
import numpy as np

from training.corpus.arrangement import Rhythm, drums
from training.corpus.patterns import DrumPattern
from training.corpus.performance import DRUMS, Control, Note, Performance

Spans = Sequence[tuple[float, float]]
"""Sections of a song: first felt beat, and the felt beat after the last."""

LONGEST_BREAK_S, LONGEST_ENDING_S = 3.5, 5.0
"""Longest break and longest slow ending, seconds."""
SOLO_BEATS = 0.8
"""Smallest share of the beats on which a solo has onsets."""
SOLO_PROGRAMS = (0, 1, 4, 6, 11, 12, 24, 25, 26, 27, 45, 46)
"""General MIDI programs of solos: piano, harpsichord, mallets, guitars, plucked strings."""

# Bars of four felt beats. At half time the snare plays on the third beat, at double time between all beats.
_HALF_TIME = (("x.......", "....x..."), ("x..x....", "....x..."), ("x.....x.", "....x..o"))
_DOUBLE_TIME = (("x.x.x.x.", ".x.x.x.x"), ("x.xxx.x.", ".x.x.x.x"))


def drop_out(rng: np.random.Generator, performance: Performance, sections: Spans) -> Performance:
    """Silence some channels, in the whole song or in a section; 8 % of the songs have no drums at all.

    At least two channels, or one note every two beats, always remain.
    """
    everywhere: set[int] = set()
    partly: set[tuple[int, int]] = set()
    channels = performance.channels
    pitched = [channel for channel in channels if channel != DRUMS]
    without_drums = rng.random() < 0.08 and len(pitched) > 1
    drums_pause = rng.random() < 0.2
    for channel in channels:
        if channel == DRUMS:
            if without_drums:
                everywhere.add(channel)
            elif drums_pause:
                partly.update((channel, s) for s in range(len(sections)) if rng.random() < 0.35)
        elif rng.random() < 0.12:
            everywhere.add(channel)
        else:
            partly.update((channel, s) for s in range(len(sections)) if rng.random() < 0.08)
    if len(channels) - len(everywhere) < 2:
        return performance
    kept = []
    for index, (start, end) in enumerate(sections):
        here = [n for n in performance.notes if start <= n.start < end]
        left = [n for n in here if n.channel not in everywhere and (n.channel, index) not in partly]
        kept.extend(left if len({n.start for n in left}) >= (end - start) / 2 else here)
    kept_notes = tuple(n for n in kept if not (without_drums and n.channel == DRUMS))
    return replace(performance, notes=kept_notes)


def change_feel(rng: np.random.Generator, performance: Performance, rhythm: Rhythm, sections: Spans) -> Performance:
    """Play the drums of some sections at half or double time, in a fifth of the duple songs; the beat stays."""
    if rhythm.meter != "duple" or DRUMS not in performance.channels or rng.random() >= 0.2:
        return performance
    patterns = _HALF_TIME if rng.random() < 0.6 else _DOUBLE_TIME
    kick, snare = patterns[int(rng.integers(len(patterns)))]
    cymbal = str(rng.choice(["xoxoxoxo", "x.x.x.x.", "x...x..."]))
    pattern = DrumPattern(kick, snare, cymbal, 2, int(rng.choice([42, 46, 49, 51])), int(rng.choice([38, 40])))
    changed = [span for span in sections if rng.random() < 0.5] or [sections[int(rng.integers(len(sections)))]]
    played = drums(rng, pattern, replace(rhythm, beats_per_bar=4), max(end for _, end in changed))
    kept = [n for n in performance.notes if n.channel != DRUMS or not _within(n.start, changed)]
    return replace(performance, notes=(*kept, *(n for n in played.notes if _within(n.start, changed))))


def pause(rng: np.random.Generator, performance: Performance, rhythm: Rhythm, end: float, tempo: float) -> Performance:
    """Insert one or two breaks of up to two bars in a third of the songs: silence, or one channel alone."""
    if rng.random() >= 1 / 3:
        return performance
    bar = rhythm.beats_per_bar
    longest = min(2 * bar, int(LONGEST_BREAK_S * tempo / 60))
    for _ in range(int(rng.integers(1, 3))):
        length = int(rng.integers(1, longest + 1)) if longest > 1 else 1
        last = int(end / bar) * bar
        stop = float(bar * rng.integers(2, max(3, int(end / bar) - 1)))
        start = stop - length
        if start < bar or stop > last:
            continue
        alone = int(rng.choice(performance.channels)) if rng.random() < 0.6 else -1
        kept = [n for n in performance.notes if n.channel == alone or not start <= n.start < stop]
        performance = replace(performance, notes=tuple(n if n.channel == alone else _ended(n, start) for n in kept))
    return performance


def solo(rng: np.random.Generator, performance: Performance, end: float) -> Performance:
    """Let one instrument play alone in 7 % of the songs: the notes of all channels but the drums, or of one of them."""
    pitched = [channel for channel in performance.channels if channel != DRUMS]
    if not pitched or rng.random() >= 0.07:
        return performance
    busy = [channel for channel in pitched if _beats_marked(performance, {channel}, end) >= SOLO_BEATS]
    chosen = {int(rng.choice(busy))} if busy and rng.random() < 0.5 else set(pitched)
    if _beats_marked(performance, chosen, end) < SOLO_BEATS:
        return performance
    program = int(rng.choice(SOLO_PROGRAMS))
    others = [c for c in performance.controls if c.message.type != "program_change"]
    voices = [Control(0.0, mido.Message("program_change", channel=c, program=program)) for c in sorted(chosen)]
    return Performance(tuple(n for n in performance.notes if n.channel in chosen), (*others, *voices))


def slow_down(
    rng: np.random.Generator, performance: Performance, end: float, tempo: float
) -> tuple[Performance, float]:
    """Slow down the ending of a quarter of the songs: the last two to eight beats, at most 5 s, to 35 to 70 % speed.

    Returns
    -------
    tuple
        The performance, and the felt beat at which the tempo stops being steady.
    """
    if rng.random() >= 0.25:
        return performance, end
    steady = end - min(float(rng.integers(2, 9)), LONGEST_ENDING_S * tempo / 60)
    slowest, reach = rng.uniform(0.35, 0.7), end - steady

    def later(beat: float) -> float:
        """Return the time of a beat of the score; the time between beats grows linearly."""
        past = max(beat - steady, 0.0)
        return beat + (1 / slowest - 1) * past**2 / (2 * reach)

    notes = tuple(
        replace(n, start=later(n.start), length=later(n.start + n.length) - later(n.start)) for n in performance.notes
    )
    return replace(performance, notes=notes), steady


def _ended(note: Note, end: float) -> Note:
    """Return a note, cut at `end` if it begins before."""
    return replace(note, length=min(note.length, end - note.start)) if note.start < end else note


def _within(beat: float, spans: Spans) -> bool:
    return any(start <= beat < end for start, end in spans)


def _beats_marked(performance: Performance, channels: set[int], end: float) -> float:
    """Return the share of the beats on which, within a tenth of a beat, one of the channels begins a note."""
    starts = np.array([n.start for n in performance.notes if n.channel in channels])
    on_beat = np.abs(starts - np.round(starts)) < 0.1
    return len(np.unique(np.round(starts[on_beat]))) / max(end, 1.0)
