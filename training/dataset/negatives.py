"""Negatives: sounds without a compatible pace, such as noise, scattered events, speech, and music in free time."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.dataset.degrade import colored_noise
from training.errors import TrainingError

Samples = NDArray[np.float32]

KINDS = ("noise", "scatter", "speech", "rubato", "ambience")
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
