"""Notes in felt beats: played by MMA, analysed by their onsets, written as a MIDI file."""

import io
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mido
import numpy as np
from numpy.typing import NDArray

from training.corpus.timing import CONSTANT, TempoCurve
from training.errors import TrainingError

DRUMS = 9
"""MIDI channel of the drums, counted from 0."""

TICKS_PER_BEAT = 960
PHASES = 24
"""Steps per felt beat in the histogram of onsets."""

COMMON_OFFBEATS = 0.43
"""Common weight of the off-beats relative to the beats.

One straight duple groove of MMA in twenty has less than 0.7 of it. With this value, the double of a beat of 110 to 130
is compatible nearly as often as annotators find it to be (30 of 35 songs).
"""

LIMIT_S = 60.0
"""Longest time that MMA may take, seconds."""
Feel = Literal["straight", "swung", "plain"]
"""Division of the felt beat: in half, unevenly or in three, hardly at all."""


@dataclass(frozen=True)
class Note:
    """A note; times in felt beats from the start of the song."""

    start: float
    length: float
    pitch: int
    velocity: int
    channel: int


@dataclass(frozen=True)
class Control:
    """A MIDI message that is not a note, at a time in felt beats."""

    start: float
    message: mido.Message


@dataclass(frozen=True)
class Performance:
    """The notes and controls that a band plays."""

    notes: tuple[Note, ...]
    controls: tuple[Control, ...] = ()

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels with notes, ascending."""
        return tuple(sorted({note.channel for note in self.notes}))


def play_mma(text: str, beat: float) -> Performance:
    """Run MMA.

    Parameters
    ----------
    text
        MMA's input.
    beat
        Length of the felt beat in MMA's beats.

    Raises
    ------
    TrainingError
        If MMA is not installed or rejects the text.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "song.mma"), Path(folder, "song.mid")
        source.write_text(text, encoding="utf-8")
        command = ["mma", "-0", "-f", str(target), str(source)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        except FileNotFoundError:
            raise TrainingError("mma is missing: install the Debian package mma") from None
        if done.returncode or not target.exists():
            raise TrainingError(f"mma failed: {(done.stdout + done.stderr).strip()[-300:]}")
        return read_midi(mido.MidiFile(target), beat)


def onset_histogram(notes: Iterable[Note]) -> NDArray[np.float64]:
    """Return the weight of the onsets at each 24th of the felt beat.

    The notes of a chord, strummed or not, count as one onset with the velocity of the loudest.

    Returns
    -------
    ndarray of float, shape (24,)
        Sum 1, or 0 without notes.
    """
    onsets: dict[int, list[Note]] = defaultdict(list)
    for note in sorted(notes, key=lambda n: n.start):
        onsets[note.channel].append(note)
    histogram = np.zeros(PHASES)
    for channel, played in onsets.items():
        gap = 0.02 if channel == DRUMS else 0.11
        start, loudest, previous = played[0].start, 0, played[0].start
        for note in played:
            if note.start - previous > gap:
                histogram[round(start * PHASES) % PHASES] += loudest
                start, loudest = note.start, 0
            loudest, previous = max(loudest, note.velocity), note.start
        histogram[round(start * PHASES) % PHASES] += loudest
    histogram /= max(float(histogram.sum()), 1e-9)
    return histogram


def feel_of(histogram: NDArray[np.float64]) -> Feel:
    """Return how the felt beat is divided: in half, unevenly or in three, or (``plain``) hardly at all.

    Parameters
    ----------
    histogram
        Of `onset_histogram`.
    """
    on_beat = histogram[[-1, 0, 1]].sum()
    quarter, third = histogram[5:7].sum(), histogram[7:10].sum()
    half, two_thirds, dotted = histogram[11:14].sum(), histogram[15:18].sum(), histogram[18:20].sum()
    triplet = two_thirds + min(third, two_thirds)
    if triplet > max(0.5 * half, 0.04) or dotted > max(2 * half, 2 * quarter, 0.04):
        return "swung"
    return "straight" if half > 0.08 * on_beat else "plain"


def offbeats(histogram: NDArray[np.float64]) -> float:
    """Return the strength of the onsets halfway between the beats relative to those on the beats; 1 is common.

    Parameters
    ----------
    histogram
        Of `onset_histogram`.
    """
    on_beat, half = histogram[[-1, 0, 1]].sum(), histogram[11:14].sum()
    return float(half / max(on_beat, 1e-9) / COMMON_OFFBEATS)


def undo_rounding(performance: Performance, library: str, beat: float) -> Performance:
    """Undo the rounding to tenths of a beat in some of MMA's libraries."""
    counts = {tenth: sum(_tenth(note, beat) == tenth for note in performance.notes) for tenth in (2, 3, 7, 8)}
    if library == "zoom":
        exact = {2: 0.25, 3: 1 / 3, 7: 2 / 3, 8: 0.75}
    elif library == "casio" and counts[7] > counts[8] + counts[2]:
        exact = {3: 1 / 3, 7: 2 / 3}
    elif library == "casio":
        exact = {2: 0.25, 3: 0.25, 7: 0.75, 8: 0.75}
    else:
        return performance
    notes = []
    for note in performance.notes:
        tenth = _tenth(note, beat)
        shift = (exact[tenth] - tenth / 10) / beat if tenth in exact else 0.0
        notes.append(replace(note, start=note.start + shift))
    return replace(performance, notes=tuple(notes))


def bend(performance: Performance, curve: TempoCurve) -> Performance:
    """Return a performance in people's timing: notes and controls at the times of `curve`, in beats of the mean tempo.

    Examples
    --------
    >>> slowing = TempoCurve((0.0, 4.0), (1.0, 0.5))
    >>> [round(n.start, 2) for n in bend(Performance((Note(0, 1, 60, 80, 0), Note(4, 1, 60, 80, 0))), slowing).notes]
    [0.0, 5.55]
    """
    starts = curve.seconds([n.start for n in performance.notes], 60.0).tolist()
    ends = curve.seconds([n.start + n.length for n in performance.notes], 60.0).tolist()
    moved = zip(performance.notes, starts, ends, strict=True)
    when = curve.seconds([control.start for control in performance.controls], 60.0).tolist()
    return Performance(
        tuple(replace(note, start=start, length=end - start) for note, start, end in moved),
        tuple(replace(c, start=start) for c, start in zip(performance.controls, when, strict=True)),
    )


def write_midi(performance: Performance, tempo: float, curve: TempoCurve = CONSTANT) -> bytes:
    """Write a MIDI file whose quarter note is the felt beat.

    The file has one tempo, that of the song: a curve moves the notes. So quarter notes are beats in exact time only.

    Parameters
    ----------
    performance
        The notes.
    tempo
        Felt beats per minute; MIDI stores it as whole microseconds per beat.
    curve
        The timing of those who play.
    """
    if curve is not CONSTANT:
        performance = bend(performance, curve)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / tempo), time=0))
    controls = [(_ticks(control.start), 1, control.message) for control in performance.controls]
    events: list[tuple[int, int, mido.Message]] = []
    sounding: dict[tuple[int, int], int] = {}
    for note in sorted(performance.notes, key=lambda n: n.start, reverse=True):
        on = _ticks(note.start)
        again = sounding.get((note.channel, note.pitch))
        if again == on:
            continue
        off = max(on + 1, _ticks(note.start + note.length))
        off = off if again is None else min(off, again)
        sounding[note.channel, note.pitch] = on
        common = {"channel": note.channel, "note": note.pitch}
        events.append((on, 2, mido.Message("note_on", velocity=note.velocity, **common)))
        events.append((off, 0, mido.Message("note_off", velocity=0, **common)))
    events.sort(key=lambda event: (event[0], event[1], event[2].bytes()))
    # Controls keep their order: some, such as those of a bend range, count only after another.
    events = sorted(controls + events, key=lambda event: event[:2])
    now = 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def midi_tempo(midi: bytes) -> float:
    """Return the tempo of a MIDI file, quarter notes per minute.

    Raises
    ------
    TrainingError
        If it has no tempo, or several.
    """
    file = mido.MidiFile(file=io.BytesIO(midi))
    tempi = {message.tempo for track in file.tracks for message in track if message.type == "set_tempo"}
    if len(tempi) != 1:
        raise TrainingError(f"the MIDI file has {len(tempi)} tempi instead of one")
    return 60e6 / float(tempi.pop())


def between(notes: Sequence[Note], start: float, end: float) -> tuple[Note, ...]:
    """Return the notes that start at `start` or later, before `end`, in felt beats."""
    return tuple(note for note in notes if start <= note.start < end)


def read_midi(file: mido.MidiFile, beat: float) -> Performance:
    """Return the notes and controls of a MIDI file, without its tempi.

    Parameters
    ----------
    file
        The file.
    beat
        Length of the felt beat in quarter notes.
    """
    unit = file.ticks_per_beat * beat
    notes: list[Note] = []
    controls: list[Control] = []
    for track in file.tracks:
        now = 0
        open_notes: dict[tuple[int, int], tuple[int, int]] = {}
        for message in track:
            now += message.time
            if message.is_meta or message.type == "sysex":
                continue
            if message.type not in ("note_on", "note_off"):
                controls.append(Control(now / unit, message.copy(time=0)))
                continue
            begun = open_notes.pop((message.channel, message.note), None)
            if begun is not None:
                start, velocity = begun
                length = max(now - start, 1) / unit
                notes.append(Note(start / unit, length, message.note, velocity, message.channel))
            if message.type == "note_on" and message.velocity:
                open_notes[message.channel, message.note] = (now, message.velocity)
    notes.sort(key=lambda n: (n.start, n.channel, n.pitch))
    controls.sort(key=lambda control: control.start)
    return Performance(tuple(notes), tuple(controls))


def _tenth(note: Note, beat: float) -> int | None:
    tenths = note.start * beat % 1 * 10
    return round(tenths) if abs(tenths - round(tenths)) < 0.12 else None


def _ticks(beats: float) -> int:
    return max(0, round(beats * TICKS_PER_BEAT))
