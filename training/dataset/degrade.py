"""Degrade clean audio as a room and a cheap microphone do."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

Samples = NDArray[np.float32]

FAR_EXPONENT = -0.2
FAR = 10**FAR_EXPONENT
"""Largest level of the echoes relative to the direct sound, and its logarithm."""


def degrade(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Return `samples` through a random room, microphone, noise and gain; one sound in five stays clean.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
    rate : int
        Hz.
    rng : Generator
        Source of all randomness.
    """
    if rng.random() < 0.2:
        return np.asarray(samples * rng.uniform(0.05, 1.0), np.float32)
    heard = samples.astype(np.float32)
    if rng.random() < 0.7:
        heard = _room(heard, rate, rng)
    if rng.random() < 0.8:
        heard = _microphone(heard, rate, rng)
    if rng.random() < 0.3:
        heard = _overdrive(heard, rng)
    heard = _noise(heard, rate, rng)
    peak = np.abs(heard).max(initial=1e-9)
    return np.asarray(heard / peak * 10 ** rng.uniform(-1.6, 0.0), np.float32)


def in_room(
    samples: Samples, rate: int, rng: np.random.Generator, *, reverberation_s: float = 0.8, snr_db: float = 15.0
) -> Samples:
    """Return `samples` far from the loudspeaker in a live room, with steady pink noise; these settings are fixed.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
    rate : int
        Hz.
    rng : Generator
        Source of the echoes and the noise.
    reverberation_s
        Time in which the echoes decay by 60 dB, seconds.
    snr_db
        Power of the music relative to that of the noise, decibels.
    """
    heard = _echoed(samples.astype(np.float32), _tail(rate, reverberation_s, rng), FAR)
    power = float(np.sqrt(np.mean(heard**2))) + 1e-9
    return heard + np.float32(power * 10 ** (-snr_db / 20.0)) * colored_noise(len(heard), 1.0, rng)


def colored_noise(count: int, exponent: float, rng: np.random.Generator) -> Samples:
    """Return noise of unit power with a spectrum of ``1 / frequency ** exponent``: 0 white, 1 pink, 2 brown."""
    length = fft.next_fast_len(count, real=True)
    spectrum = fft.rfft(rng.standard_normal(length, np.float32))
    spectrum *= np.maximum(np.arange(len(spectrum), dtype=np.float32), 1.0) ** np.float32(-exponent / 2.0)
    noise: Samples = fft.irfft(spectrum, length)[:count]
    scaled: Samples = (noise / noise.std()).astype(np.float32)
    return scaled


def _room(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Add exponentially decaying reverberation (Schroeder's statistical model) at a random distance."""
    reverberation = rng.uniform(0.1, 0.8)
    tail = _tail(rate, reverberation, rng)
    return _echoed(samples, tail, 10 ** rng.uniform(-1.3, FAR_EXPONENT))


def _tail(rate: int, reverberation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    length = int(reverberation * rate)
    times = np.arange(length) / rate
    return np.asarray(rng.standard_normal(length) * 10 ** (-3.0 * times / reverberation))


def _echoed(samples: Samples, tail: NDArray[np.float64], level: float) -> Samples:
    """Return samples with echoes whose level is relative to the direct sound."""
    tail = tail * (level / np.sqrt(np.sum(tail**2)))
    tail[0] = 1.0
    echoed: Samples = signal.fftconvolve(samples, tail.astype(np.float32))[: len(samples)]
    return echoed


def _microphone(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Limit the band like small speakers and microphones, and tilt the spectrum."""
    low, high = (
        np.exp(rng.uniform(np.log(40.0), np.log(350.0))),
        np.exp(rng.uniform(np.log(3500.0), np.log(10500.0))),
    )
    order = int(rng.integers(1, 4))
    band = signal.butter(order, [low, high], "bandpass", fs=rate, output="sos")
    heard = signal.sosfilt(band, samples)
    if rng.random() < 0.5:
        # A resonance of the case or the table.
        center, width = np.exp(rng.uniform(np.log(150.0), np.log(4000.0))), rng.uniform(0.7, 4.0)
        numerator, denominator = signal.iirpeak(center, width, fs=rate)
        heard = heard + rng.uniform(-0.7, 2.0) * signal.lfilter(numerator, denominator, heard)
    return np.asarray(heard, np.float32)


def _overdrive(samples: Samples, rng: np.random.Generator) -> Samples:
    """Saturate softly, like a small speaker at full volume."""
    drive = rng.uniform(1.0, 6.0) / max(float(np.abs(samples).max(initial=1e-9)), 1e-9)
    driven: Samples = np.tanh(samples * np.float32(drive)).astype(np.float32)
    return driven


def _noise(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Add coloured noise, steady or, in a third of the sounds, with slow swells (wind, traffic)."""
    power = float(np.sqrt(np.mean(samples**2))) + 1e-9
    level = power * 10 ** (-rng.uniform(6.0, 45.0) / 20.0)
    noise = colored_noise(len(samples), rng.uniform(0.0, 2.0), rng)
    if rng.random() < 1 / 3:
        points = max(2, int(len(samples) / rate / rng.uniform(1.0, 4.0)))
        swell = np.interp(np.linspace(0, points - 1, len(samples)), np.arange(points), rng.uniform(0.0, 2.0, points))
        noise *= swell.astype(np.float32)
    return samples + np.float32(level) * noise
