"""Scores of songs; their tempo and meter are known because they are drawn, not measured."""

import re
from dataclasses import dataclass, replace

import numpy as np

from training.annotations.truth import Meter, Truth, truth
from training.corpus import arrangement, form, timing, tunes
from training.corpus.arrangement import Rhythm
from training.corpus.cross import cross
from training.corpus.families import Family
from training.corpus.harmony import Chord, Harmony, Key, draw_key
from training.corpus.performance import (
    DRUMS,
    Feel,
    Note,
    Performance,
    between,
    feel_of,
    midi_tempo,
    offbeats,
    onset_histogram,
    play_mma,
    undo_rounding,
    write_midi,
)
from training.corpus.timing import TempoCurve

SLOWEST_FELT, FASTEST_FELT = 40.0, 240.0
TEMPO_SPREAD = (0.6, 1.7)
"""Range of the tempo relative to the usual one of the style."""
GROOVES_A_SONG = 3
"""Number of grooves that a song takes from the list of its family, before the next song goes on."""

_MODES_OF_TUNES = ("major", "minor", "dorian", "mixolydian")
_INTRO, _END, _FILL = re.compile(r"[Ii]ntro"), re.compile(r"End|[a-z\d]E$"), re.compile(r"Fill|F[AB]$")
_UNUSABLE = re.compile(r"metronome|break|-44$", re.I)


@dataclass(frozen=True)
class Section:
    """Bars of one groove; each bar has one or two chords."""

    groove: str
    bars: tuple[tuple[Chord, ...], ...]
    fill: str | None = None


@dataclass(frozen=True)
class Score:
    """A finished score.

    Attributes
    ----------
    family, grooves
        The groove family and its grooves in the song.
    tempo
        Mean felt beats per minute, exactly as in the MIDI file.
    meter, time_signature
        Class of the meter, and its usual notation.
    feel, offbeats
        Division of the felt beat, and strength of the notes halfway between the beats.
    drums
        Whether the song has drums.
    truth
        The paces of the song.
    histogram
        Weight of the onsets at each 24th of the felt beat, sum 1, without cross-rhythms.
    steady_s
        Seconds until the ending slows down.
    curve
        The timing of those who play.
    midi
        The MIDI file; its quarter note is the felt beat of exact time.
    """

    family: str
    grooves: tuple[str, ...]
    tempo: float
    meter: Meter
    time_signature: str
    feel: Feel
    offbeats: float
    drums: bool
    truth: Truth
    histogram: tuple[float, ...]
    steady_s: float
    curve: TempoCurve
    midi: bytes


def compose(family: Family, rng: np.random.Generator, seconds: float | None = None, turn: int = 0) -> Score:
    """Compose a song.

    Parameters
    ----------
    family
        The grooves to use.
    rng
        Source of all randomness.
    seconds
        Length; drawn from 60 to 80 by default.
    turn
        Number of earlier songs of the family: each song plays the next grooves of the list.

    Raises
    ------
    TrainingError
        If MMA is missing or fails.
    """
    tempo = _draw_tempo(rng, family.usual_tempo)
    length = rng.uniform(60, 80) if seconds is None else seconds
    key = draw_key(rng, _MODES_OF_TUNES if family.style else ())
    bars = max(4, round(length * tempo / 60 / family.beats_per_bar))
    sections = _plan(rng, family, key, bars, turn)
    mma_seed = int(rng.integers(1 << 30))
    sections, band = _perform(family, sections, mma_seed)
    harmony = _harmony(family, key, sections)
    rhythm = Rhythm(family.meter, round(family.beats_per_bar), _feel_to_follow(rng, family, band), family.cell)
    spans = tuple((start, min(end, harmony.end)) for start, end in _spans(family, sections))
    if family.style:
        song = tunes.play(rng, family.style, harmony)
    else:
        song = _arrange(rng, band, harmony, rhythm, family, spans)
        song = form.solo(rng, form.pause(rng, song, rhythm, harmony.end, tempo), harmony.end)
    # Cross-rhythms come later: they must not change the division of the beat.
    histogram = onset_histogram(song.notes)
    feel, marked = feel_of(histogram), offbeats(histogram)
    if not family.style:
        song = cross(rng, song, harmony, replace(rhythm, feel=feel), spans)
    if family.triplets:
        # Nobody swings even triplets: the rates that are a matter of taste in a shuffle are wrong here.
        feel = "plain"
    if feel == "swung" and not rhythm.in_threes:
        song = arrangement.swing(rng, song, harmony.end)
    played, steady = form.slow_down(rng, arrangement.revoice(rng, song), harmony.end, tempo)
    curve = timing.perform(rng, beats=harmony.end, tempo=tempo, beats_per_bar=family.beats_per_bar)
    midi = write_midi(arrangement.humanize(rng, played, tempo), tempo, curve)
    exact = midi_tempo(midi)
    return Score(
        family=family.name,
        grooves=tuple(dict.fromkeys(section.groove for section in sections)),
        tempo=exact,
        meter=family.meter,
        time_signature=family.time_signature,
        feel=feel,
        drums=DRUMS in song.channels,
        offbeats=marked,
        truth=truth(exact, family.truth_meter, swung=feel == "swung", offbeats=marked),
        histogram=tuple(float(weight) for weight in histogram),
        steady_s=float(curve.seconds(steady, exact)),
        curve=curve,
        midi=midi,
    )


def mma_text(family: Family, sections: tuple[Section, ...], seed: int) -> str:
    """Return sections as MMA's input; its tempo does not matter."""
    lines = [f"RndSeed {seed}", "Tempo 120"]
    number = 1
    for section in sections:
        lines.append(f"Groove {family.name}:{section.groove}")
        for index, bar in enumerate(section.bars):
            if section.fill and index == len(section.bars) - 1:
                lines.append(f"Groove {family.name}:{section.fill}")
            names = [chord.name for chord in (bar[:1] if family.drums_only else bar)]
            chords = f"{names[0]} {'/ ' * (family.bar // 2 - 1)}{names[1]}" if len(names) > 1 else names[0]
            lines.append(f"{number} {chords}")
            number += 1
    return "\n".join(lines) + "\n"


def _draw_tempo(rng: np.random.Generator, usual: float) -> float:
    low = max(SLOWEST_FELT, usual * TEMPO_SPREAD[0])
    high = min(FASTEST_FELT, usual * TEMPO_SPREAD[1])
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _plan(rng: np.random.Generator, family: Family, key: Key, bars: int, turn: int) -> tuple[Section, ...]:
    usable = [groove for groove in family.grooves if not _UNUSABLE.search(groove)]
    intros = [g for g in usable if _INTRO.search(g)]
    ends = [g for g in usable if _END.search(g)]
    fills = [g for g in usable if _FILL.search(g)]
    mains = [g for g in usable if not (_INTRO.search(g) or _END.search(g) or _FILL.search(g))] or ["pattern"]
    intro = 4 if intros and bars >= 16 and rng.random() < 0.4 else 0
    ending = 2 if ends and bars >= 16 and rng.random() < 0.5 else 0
    count = min(int(rng.integers(GROOVES_A_SONG, 6)), max(1, bars // 4))
    # Every groove gets its turn: GROOVES_A_SONG in each song of the family, in the order of the file.
    first = turn * GROOVES_A_SONG
    chosen = [mains[(first + i) % len(mains)] for i in range(min(count, len(mains)))]
    order = [chosen[i] for i in rng.permutation(len(chosen))]
    order = [order[i % len(order)] for i in range(count)]
    two_chords = rng.random() < 0.2 and family.bar % 2 == 0
    cuts = np.linspace(0, bars - intro - ending, count + 1).round().astype(int)
    plan = [(groove, int(size)) for groove, size in zip(order, np.diff(cuts), strict=True) if size]
    if intro:
        plan.insert(0, (str(rng.choice(intros)), intro))
    if ending:
        plan.append((str(rng.choice(ends)), ending))
    return tuple(
        Section(
            groove,
            _chords(rng, key, size, two_chords),
            str(rng.choice(fills)) if fills and size >= 4 and rng.random() < 0.5 else None,
        )
        for groove, size in plan
    )


def _chords(rng: np.random.Generator, key: Key, bars: int, two: bool) -> tuple[tuple[Chord, ...], ...]:
    chords = key.progression(rng)
    per_bar = 2 if two and rng.random() < 0.6 else 1
    return tuple(tuple(chords[(bar * per_bar + i) % len(chords)] for i in range(per_bar)) for bar in range(bars))


def _perform(family: Family, sections: tuple[Section, ...], seed: int) -> tuple[tuple[Section, ...], Performance]:
    """Play the sections; replace the groove of a section that divides the beat in another way than most."""
    if not family.grooves:
        return sections, Performance(())
    band = _play(family, sections, seed)
    feels = [feel_of(onset_histogram(between(band.notes, start, end))) for start, end in _spans(family, sections)]
    bars = dict.fromkeys(feels, 0)
    for section, feel in zip(sections, feels, strict=True):
        bars[feel] += len(section.bars)
    decided = [feel for feel in bars if feel != "plain"]
    if len(decided) < 2 or family.meter == "compound":
        return sections, band
    common = max(decided, key=lambda feel: bars[feel])
    model = next(section for section, feel in zip(sections, feels, strict=True) if feel == common)
    revised = tuple(
        section if feel in (common, "plain") else replace(section, groove=model.groove, fill=None)
        for section, feel in zip(sections, feels, strict=True)
    )
    return revised, _play(family, revised, seed)


def _play(family: Family, sections: tuple[Section, ...], seed: int) -> Performance:
    band = play_mma(mma_text(family, sections, seed), family.beat)
    return undo_rounding(band, family.library, family.beat)


def _spans(family: Family, sections: tuple[Section, ...]) -> tuple[tuple[float, float], ...]:
    ends = np.cumsum([len(section.bars) for section in sections]) * family.beats_per_bar
    # A note less than an eighth of a beat before a section belongs to it: players anticipate.
    starts = np.concatenate([[-1.0], ends[:-1] - 0.12])
    return tuple((float(start), float(end)) for start, end in zip(starts, [*starts[1:], np.inf], strict=True))


def _harmony(family: Family, key: Key, sections: tuple[Section, ...]) -> Harmony:
    starts: list[float] = []
    chords: list[Chord] = []
    bar = 0
    for section in sections:
        for names in section.bars:
            starts.extend((bar + i / len(names)) * family.beats_per_bar for i in range(len(names)))
            chords.extend(names)
            bar += 1
    return Harmony(key, tuple(starts), tuple(chords), bar * family.beats_per_bar)


def _feel_to_follow(rng: np.random.Generator, family: Family, band: Performance) -> Feel:
    feel: Feel = feel_of(onset_histogram(band.notes)) if band.notes else "straight"
    if family.pattern and family.pattern.steps_per_beat % 3 == 0:
        feel = "swung"
    if feel == "plain":
        return "swung" if rng.random() < 0.4 else "straight"
    return feel


def _arrange(
    rng: np.random.Generator,
    band: Performance,
    harmony: Harmony,
    rhythm: Rhythm,
    family: Family,
    spans: tuple[tuple[float, float], ...],
) -> Performance:
    free = [channel for channel in range(16) if channel not in {*band.channels, DRUMS}]
    parts = [band]
    if family.pattern:
        parts.append(arrangement.drums(rng, family.pattern, rhythm, harmony.end))
    if family.drums_only:
        parts.append(arrangement.bass(rng, harmony, rhythm, free.pop(0)))
        parts.extend(arrangement.comping(rng, harmony, rhythm, free.pop(0)) for _ in range(int(rng.integers(1, 3))))
    if free and rng.random() < 0.6:
        parts.append(arrangement.melody(rng, harmony, rhythm, free.pop(0)))
    if rng.random() < 0.15:
        parts.append(arrangement.drum_layer(rng, rhythm, harmony.end))
    song = form.change_feel(rng, arrangement.combine(*parts), rhythm, spans)
    return form.drop_out(rng, replace(song, notes=_sorted(song.notes, harmony.end)), spans)


def _sorted(notes: tuple[Note, ...], end: float) -> tuple[Note, ...]:
    inside = [note for note in notes if note.start < end]
    return tuple(sorted(inside, key=lambda n: (n.start, n.channel, n.pitch, n.velocity)))
