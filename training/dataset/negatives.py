"""Negatives: sounds without a compatible pace.

Noise, scattered events, speech, places, music in free time, held chords and tones that beat, motors, and steps that
wander. What ticks evenly, such as the indicator of a car or a train on its rails, can be stepped to: it is no negative.
"""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.corpus.harmony import draw_key
from training.corpus.performance import Control, Note, Performance, write_midi
from training.corpus.synthesis import AUDIO_RATE, Synth, render, soundfonts
from training.dataset.degrade import colored_noise
from training.errors import TrainingError

Samples = NDArray[np.float32]

KINDS = ("noise", "scatter", "speech", "rubato", "ambience", "chords", "beating", "motor", "steps")
"""All kinds."""
ORDER = ("noise", "chords", "rubato", "speech", "chords", "scatter", "beating", "ambience", "chords", "motor", "steps")
"""Kinds of the negatives of a megabatch, in turn: held chords need the most."""
HELD_S = (3.0, 9.0)
"""Range of the time from one held chord, or pair of tones, to the next, seconds."""
SLOWEST_MOTOR = 12.0
"""Least number of turns of a motor in a second: twice as fast as steps can be."""
# fmt: off
HOLDING = (
    16, 17, 18, 19, 20, 20, 21, 22, 23, 48, 49, 50, 51, 52, 53, 54, 61, 62, 63, 89, 89, 90, 90, 91, 92, 93, 94, 95, 95,
)
# fmt: on
"""General MIDI programs that hold a note: organs, strings, choirs, brass and pads."""
SYLLABLES = (
    "ka",
    "lo",
    "men",
    "tri",
    "sa",
    "vor",
    "nit",
    "el",
    "dra",
    "pu",
    "shi",
    "on",
    "ber",
    "gal",
    "te",
    "wi",
)
VOICES = ("en-us", "en-gb", "de", "fr-fr", "it", "es", "nl", "pl", "sv", "pt")


def negative(kind: str, seconds: float, rate: int, rng: np.random.Generator, *, music: Samples) -> Samples:
    """Return a sound of `kind` without a compatible pace; ``rubato`` is made of `music`."""
    count = int(seconds * rate)
    match kind:
        case "noise":
            return noise(count, rate, rng)
        case "scatter":
            return scatter(count, rate, rng)
        case "speech":
            return speech(count, rate, rng)
        case "rubato":
            return rubato(music, rate, rng)[:count]
        case "ambience":
            return ambience(count, rate, rng)
        case "chords":
            return chords(count, rate, rng)
        case "beating":
            return beating(count, rate, rng)
        case "motor":
            return motor(count, rate, rng)
        case "steps":
            return steps(count, rate, rng)
    raise ValueError(f"unknown kind of negative: {kind}")


def noise(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return coloured noise of wandering loudness, like wind or traffic."""
    points = max(2, int(count / rate * rng.uniform(0.05, 4.0)))
    loudness = np.interp(np.linspace(0.0, points - 1.0, count), np.arange(points), rng.uniform(0.1, 1.0, points))
    return np.asarray(0.15 * loudness * colored_noise(count, rng.uniform(-0.5, 2.0), rng), np.float32)


def scatter(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return struck sounds at random times (a Poisson process) over soft noise: a kitchen, a street, rain."""
    sound = 0.02 * noise(count, rate, rng)
    density = np.exp(rng.uniform(np.log(0.7), np.log(9.0)))
    strokes = [_stroke(rate, rng) for _ in range(rng.integers(1, 6))]
    for start in rng.integers(0, count, rng.poisson(density * count / rate)):
        stroke = strokes[rng.integers(len(strokes))][: count - start]
        sound[start : start + len(stroke)] += np.float32(rng.uniform(0.05, 0.5)) * stroke
    return sound


def speech(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return nonsense that espeak-ng reads in random voices.

    Raises
    ------
    TrainingError
        If espeak-ng is not installed.
    """
    if not shutil.which("espeak-ng"):
        raise TrainingError("espeak-ng is missing: install the Debian package espeak-ng")
    parts: list[Samples] = []
    while sum(map(len, parts)) < count:
        words = ["".join(rng.choice(SYLLABLES, rng.integers(1, 5))) for _ in range(rng.integers(8, 60))]
        text = " ".join(word + ("." if rng.random() < 0.1 else "," if rng.random() < 0.1 else "") for word in words)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            options = (
                "-v",
                str(rng.choice(VOICES)),
                "-s",
                str(rng.integers(110, 260)),
                "-p",
                str(rng.integers(20, 80)),
            )
            subprocess.run(["espeak-ng", *options, "-w", str(path), text], check=True, capture_output=True)
            spoken, spoken_rate = soundfile.read(path, dtype="float32")
        parts.append(np.asarray(soxr.resample(spoken, spoken_rate, rate), np.float32))
        parts.append(np.zeros(int(rng.uniform(0.1, 1.5) * rate), np.float32))
    return np.concatenate(parts)[:count]


def rubato(music: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Return `music` at a speed that changes by a third and more within a few seconds."""
    seconds = len(music) / rate
    points = max(4, int(seconds / rng.uniform(1.2, 3.0)))
    speed = np.exp(rng.uniform(-0.45, 0.45, points))
    places = np.linspace(0.0, points - 1.0, len(music))
    when = np.cumsum(np.interp(places, np.arange(points), speed))
    when = when[when < len(music) - 1]
    return np.interp(when, np.arange(len(music)), music).astype(np.float32)


def ambience(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return the sound of a place with people: murmuring voices, clatter, humming machines, air."""
    sound = 0.3 * noise(count, rate, rng) + rng.uniform(0.0, 0.6) * scatter(count, rate, rng)
    for _ in range(int(rng.integers(0, 5))):
        voice = speech(count, rate, rng)
        sound += np.float32(rng.uniform(0.1, 0.6)) * np.roll(voice, int(rng.integers(count)))
    if rng.random() < 0.6:
        sound += np.float32(rng.uniform(0.02, 0.2)) * _hum(count, rate, rng)
    return np.asarray(sound / max(1.0, float(np.abs(sound).max())), np.float32)


def chords(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return chords that a synthesizer holds, with no pulse: they change at random times.

    In equal temperament their partials beat: the fifth of C3 against the fourth of E3 five times a second.

    Raises
    ------
    TrainingError
        If FluidSynth or soundfonts are missing.
    """
    # At 60 beats a minute, a beat is a second.
    midi = write_midi(_held(count / rate, rng), 60.0)
    fonts = _installed_soundfonts()
    synth = Synth(fonts[int(rng.integers(len(fonts)))], bool(rng.random() < 0.6), bool(rng.random() < 0.5), 0.35)
    sound = np.asarray(soxr.resample(render(midi, synth), AUDIO_RATE, rate), np.float32)[:count]
    level = np.float32(10 ** rng.uniform(-1.0, 0.0) / np.abs(sound).max())
    return np.pad(sound * level, (0, count - len(sound)))


def beating(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return intervals that are out of tune by half a beat to nine beats a second, each held for some seconds."""
    sound = np.zeros(count)
    edges = _changes(count / rate, rng)
    brightness = rng.uniform(0.5, 2.0)
    for start, end in zip(edges, [*edges[1:], count / rate], strict=True):
        places = np.arange(int(start * rate), min(int((end + 0.3) * rate), count))
        base = np.exp(rng.uniform(np.log(80.0), np.log(900.0)))
        top, bottom = ((1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5))[int(rng.integers(6))]
        # The partials that nearly agree are at `top` times the lower tone.
        second = (top * base + rng.uniform(0.5, 9.0)) / bottom
        tone = np.zeros(len(places))
        for pitch in (base, second):
            for partial in range(1, 8):
                loudness = rng.uniform(0.5, 1.0) / partial**brightness
                tone += loudness * np.sin(2 * np.pi * (pitch * partial * places / rate + rng.random()))
        fade = np.minimum(1.0, np.arange(len(places)) / (rng.uniform(0.05, 0.3) * rate))
        sound[places] += tone * fade * fade[::-1]
    return np.asarray(0.3 * sound / np.abs(sound).max(), np.float32)


def motor(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return a fan, an engine or a drill: a hum and noise that throb too fast for steps, at a speed that wanders."""
    points = max(3, int(count / rate / rng.uniform(1.0, 5.0)))
    places = np.linspace(0.0, points - 1.0, count)
    turning = np.exp(rng.uniform(np.log(SLOWEST_MOTOR), np.log(90.0)))
    speed = np.exp(rng.uniform(0.0, 0.15) * rng.uniform(-1.0, 1.0, points))
    phase = np.cumsum(np.interp(places, np.arange(points), speed)) * turning / rate
    hum = np.zeros(count)
    for partial in range(1, int(rng.integers(3, 12))):
        hum += rng.uniform(0.2, 1.0) / partial * np.sin(2 * np.pi * (partial * phase + rng.random()))
    throb = 1.0 + rng.uniform(0.1, 0.9) * np.sin(2 * np.pi * phase)
    air = rng.uniform(0.1, 1.0) * colored_noise(count, rng.uniform(0.0, 1.5), rng)
    sound = hum + throb * air
    return np.asarray(0.3 * sound / np.abs(sound).max(), np.float32)


def steps(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return footsteps of someone who strolls: no two intervals are alike, and now and then the feet stand still."""
    sound = 0.02 * noise(count, rate, rng)
    feet, interval, now = [_stroke(rate, rng) for _ in range(2)], rng.uniform(0.35, 0.9), 0.0
    uneven, number = rng.uniform(0.12, 0.25), 0
    while (start := int(now * rate)) < count:
        step = feet[number % 2][: count - start]
        sound[start : start + len(step)] += np.float32(rng.uniform(0.1, 0.5)) * step
        interval = float(np.clip(interval * np.exp(rng.normal(0.0, 0.08)), 0.3, 1.2))
        now += interval * np.exp(rng.normal(0.0, uneven)) + (rng.uniform(0.5, 4.0) if rng.random() < 0.05 else 0.0)
        number += 1
    return sound


def _held(seconds: float, rng: np.random.Generator) -> Performance:
    """Return chords of one or two instruments, each with its own times of change; beats are seconds."""
    key = draw_key(rng)
    notes: list[Note] = []
    controls: list[Control] = []
    for channel in range(int(rng.integers(1, 3))):
        program = int(rng.choice(HOLDING))
        controls.append(Control(0.0, mido.Message("program_change", channel=channel, program=program)))
        lowest, overlap, loudness = int(rng.integers(36, 61)), rng.uniform(0.0, 0.6), int(rng.integers(50, 110))
        edges = _changes(seconds, rng)
        progression = key.progression(rng)
        for number, (start, end) in enumerate(zip(edges, [*edges[1:], seconds], strict=True)):
            tones = progression[number % len(progression)].tones
            pitches = {lowest + (tone - lowest) % 12 for tone in tones}
            pitches |= {pitch + 12 for pitch in pitches if rng.random() < 0.3} | {
                lowest - 12 + (tones[0] - lowest) % 12
            }
            notes.extend(Note(start, end - start + overlap, pitch, loudness, channel) for pitch in sorted(pitches))
    return Performance(tuple(notes), tuple(controls))


def _changes(seconds: float, rng: np.random.Generator) -> list[float]:
    """Return times from 0 on, `HELD_S` apart."""
    times = [0.0]
    while (following := times[-1] + rng.uniform(*HELD_S)) < seconds:
        times.append(float(following))
    return times


@functools.cache
def _installed_soundfonts() -> tuple[Path, ...]:
    return soundfonts()


def _hum(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """Return a hum, like engines and synthesizer pads: partials that swell and change pitch every few seconds."""
    points = max(2, int(count / rate / rng.uniform(1.5, 6.0)))
    places = np.linspace(0.0, points - 1.0, count)
    sound = np.zeros(count)
    for partial in rng.integers(1, 8, 4):
        pitch = partial * rng.uniform(55.0, 220.0) * np.exp2(rng.integers(-5, 6, points) / 12)
        steps = np.interp(places, np.arange(points), pitch)
        swell = np.interp(places, np.arange(points), rng.uniform(0.0, 1.0, points))
        sound += swell * np.sin(2.0 * np.pi * np.cumsum(steps) / rate) / partial
    return np.asarray(sound / 4.0, np.float32)


def _stroke(rate: int, rng: np.random.Generator) -> Samples:
    """Return a struck sound: decaying noise or decaying partials."""
    length = int(rng.uniform(0.03, 0.5) * rate)
    times = np.arange(length) / rate
    envelope = np.exp(-times / rng.uniform(0.01, 0.15))
    if rng.random() < 0.5:
        return np.asarray(envelope * colored_noise(length, rng.uniform(0.0, 1.5), rng), np.float32)
    pitches = rng.uniform(150.0, 3000.0, 3)
    return np.asarray(envelope * np.sin(2.0 * np.pi * pitches[:, None] * times).mean(axis=0), np.float32)
