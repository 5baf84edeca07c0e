"""Sounds of exactly known rhythm, made on the spot."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 22050
Samples = NDArray[np.float32]


def strokes(
    times: Sequence[float] | NDArray[np.float64], seconds: float, *, loud: float = 0.5, seed: int = 0
) -> Samples:
    """Return short noise bursts at `times`, as of a hi-hat or a wood block."""
    rng = np.random.default_rng(seed)
    length = int(0.03 * RATE)
    burst = (np.exp(-np.arange(length) / (0.006 * RATE)) * rng.standard_normal(length)).astype(np.float32)
    samples = np.zeros(int(seconds * RATE) + length, np.float32)
    for time in times:
        start = round(time * RATE)
        if 0 <= start < len(samples) - length:
            samples[start : start + length] += np.float32(loud) * burst
    return samples[: int(seconds * RATE)]


def thuds(times: Sequence[float] | NDArray[np.float64], seconds: float, *, loud: float = 0.8) -> Samples:
    """Return decaying low tones at `times`, as of a bass drum."""
    length = int(0.15 * RATE)
    clock = np.arange(length) / RATE
    thud = (np.exp(-clock / 0.04) * np.sin(2.0 * np.pi * 70.0 * clock)).astype(np.float32)
    samples = np.zeros(int(seconds * RATE) + length, np.float32)
    for time in times:
        start = round(time * RATE)
        if 0 <= start < len(samples) - length:
            samples[start : start + length] += np.float32(loud) * thud
    return samples[: int(seconds * RATE)]


def beats(
    bpm: float, seconds: float, *, offset: float = 0.1, every: int = 1, shift: float = 0.0
) -> NDArray[np.float64]:
    """Return the times of every `every`-th beat, `shift` beats late."""
    period = 60.0 / bpm
    return np.arange(offset + shift * period, seconds, every * period)


def clicks(bpm: float, seconds: float = 25.0, *, seed: int = 0) -> Samples:
    """Return a plain click track."""
    return strokes(beats(bpm, seconds), seconds, seed=seed)


def noisy(samples: Samples, snr_db: float, *, seed: int = 1) -> Samples:
    """Return `samples` in white noise."""
    noise = np.random.default_rng(seed).standard_normal(len(samples)).astype(np.float32)
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-snr_db / 20.0)
    return samples + np.float32(level) * noise


def rock(bpm: float, seconds: float = 25.0) -> Samples:
    """Return a 4/4 pattern: bass drum on 1 and 3, snare on 2 and 4, hi-hat in eighths."""
    low = thuds(beats(bpm, seconds, every=2), seconds)
    snare = strokes(beats(bpm, seconds, every=2, shift=1.0), seconds, seed=2)
    return low + snare + strokes(beats(2.0 * bpm, seconds), seconds, loud=0.15, seed=3)


def drums(bpm: Callable[[float], float], seconds: float) -> Samples:
    """Return the pattern of `rock` at a tempo that depends on the time; no two strokes are the same."""
    rng = np.random.default_rng(1)
    samples = np.zeros(round((seconds + 1.0) * RATE), np.float32)
    clock = np.arange(round(0.25 * RATE)) / RATE
    kick = np.sin(2.0 * np.pi * (50.0 * clock + 8.0 * (1.0 - np.exp(-30.0 * clock)))) * np.exp(-18.0 * clock)
    time, eighth = 0.0, 0
    while time < seconds:
        hat, snare = (rng.standard_normal(len(clock)) * np.exp(-decay * clock) for decay in (80.0, 25.0))
        on_beat = (0.8 * kick, None, 0.4 * snare, None)[eighth % 4]
        stroke = 0.15 * hat if on_beat is None else 0.15 * hat + on_beat
        start = round(time * RATE)
        samples[start : start + len(stroke)] += stroke.astype(np.float32)
        time, eighth = time + 30.0 / bpm(time), eighth + 1
    return samples[: round(seconds * RATE)]


def swing(bpm: float, seconds: float = 25.0) -> Samples:
    """Return a ride pattern whose off-beats fall on two thirds of the beat."""
    late = strokes(beats(bpm, seconds, every=2, shift=1.0 + 2.0 / 3.0), seconds, loud=0.3, seed=2)
    return thuds(beats(bpm, seconds, every=2), seconds) + strokes(beats(bpm, seconds), seconds) + late


def triplets(bpm: float, seconds: float = 25.0) -> Samples:
    """Return three even strokes a beat, the first accented."""
    return thuds(beats(bpm, seconds), seconds) + strokes(beats(3.0 * bpm, seconds), seconds, loud=0.2)


def waltz(bpm: float, seconds: float = 25.0) -> Samples:
    """Return a 3/4 pattern: low on one, high on two and three."""
    high = [strokes(beats(bpm, seconds, every=3, shift=shift), seconds, loud=0.3, seed=2) for shift in (1.0, 2.0)]
    return thuds(beats(bpm, seconds, every=3), seconds) + high[0] + high[1]


def lag_of(part: NDArray[np.float32], whole: NDArray[np.float32]) -> float:
    """Return where `part` begins in `whole`, samples: the interpolated peak of their cross-correlation."""
    size = 1 << (len(part) + len(whole)).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    correlation = np.fft.irfft(spectrum, size)[: len(whole)]
    peak = int(correlation[1:-1].argmax()) + 1
    left, middle, right = correlation[peak - 1 : peak + 2]
    return peak + 0.5 * float((left - right) / (left - 2 * middle + right))
