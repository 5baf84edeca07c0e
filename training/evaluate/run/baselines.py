"""Other programs that tell a tempo, to measure beside: each where it is installed."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]
RATE = 22050
"""Sample rate of what the programs are given, Hz."""


def librosa_tempo(samples: Samples) -> float:
    """Return the tempo of librosa's `feature.tempo`."""
    import librosa

    return float(librosa.feature.tempo(y=samples, sr=RATE)[0])


def essentia_rhythm(samples: Samples) -> float:
    """Return the tempo of Essentia's RhythmExtractor2013, by several features."""
    return float(_essentia().RhythmExtractor2013(method="multifeature")(_at_44100(samples))[0])


def essentia_percival(samples: Samples) -> float:
    """Return the tempo of Essentia's PercivalBpmEstimator."""
    return float(_essentia().PercivalBpmEstimator(sampleRate=44100)(_at_44100(samples)))


def aubio_tempo(samples: Samples) -> float:
    """Return the tempo of aubio: the median distance of the beats that it finds."""
    aubio = importlib.import_module("aubio")
    hop = 512
    follow = aubio.tempo("default", 2 * hop, hop, RATE)
    starts = range(0, len(samples) - hop + 1, hop)
    beats = [follow.get_last_s() for start in starts if follow(samples[start : start + hop])[0]]
    return float(60.0 / np.median(np.diff(beats))) if len(beats) > 1 else 0.0


def madmom_tempo(samples: Samples) -> float:
    """Return the most likely tempo of madmom: its beat network and comb filters."""
    beats = importlib.import_module("madmom.features.beats")
    tempo = importlib.import_module("madmom.features.tempo")
    signal = importlib.import_module("madmom.audio.signal").Signal(_at_44100(samples), 44100)
    found = tempo.TempoEstimationProcessor(fps=100)(beats.RNNBeatProcessor()(signal))
    return float(found[0][0]) if len(found) else 0.0


LIBROSA = "librosa feature.tempo"
RIVALS: Mapping[str, tuple[str, Callable[[Samples], float]]] = MappingProxyType(
    {
        LIBROSA: ("librosa", librosa_tempo),
        "essentia RhythmExtractor2013": ("essentia", essentia_rhythm),
        "essentia Percival": ("essentia", essentia_percival),
        "aubio tempo": ("aubio", aubio_tempo),
        "madmom tempo": ("madmom", madmom_tempo),
    }
)
"""By name: the package that it needs, and the function from mono samples at `RATE` to beats per minute."""


def installed() -> tuple[str, ...]:
    """Return the names of the rivals whose package is there."""
    return tuple(name for name, (package, _) in RIVALS.items() if importlib.util.find_spec(package) is not None)


def broken(names: Iterable[str]) -> dict[str, str]:
    """Return why rivals that are installed do not work here: each hears some seconds of clicks, and what it raises."""
    clicks = np.zeros(12 * RATE, np.float32)
    clicks[:: RATE // 2] = 0.5
    reasons = {}
    for name in names:
        try:
            RIVALS[name][1](clicks)
        except Exception as error:  # noqa: BLE001  (whatever another program may raise)
            reasons[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return reasons


def _essentia() -> Any:
    essentia = importlib.import_module("essentia")
    essentia.log.infoActive = essentia.log.warningActive = False
    return importlib.import_module("essentia.standard")


def _at_44100(samples: Samples) -> Samples:
    return np.asarray(soxr.resample(samples, RATE, 44100), np.float32)
