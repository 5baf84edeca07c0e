"""Baselines: other programs that estimate a tempo, each in one wrapper.

`training` measures how right they are, and `benchmarks` what they cost. Both run this module as a program, perhaps with
another Python that has the packages: ``python -m training.evaluate.run.baselines NAME WAV`` prints the live estimates
of one file. Without WAV it reads the paths of files from standard input, and prints one tempo for each. So this module
needs nothing but numpy, soundfile and soxr, imports them where it uses them, and runs on old Pythons too.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

Estimate = Callable[["Samples"], float]
"""Function from mono samples to beats per minute, 0 if there is no tempo."""

RATE = 22_050
"""Sample rate of the songs of the evaluation, Hz."""
WINDOW_S = 25
"""Length of the newest audio from which a live estimate is made, seconds."""
HOP = 512
"""Hop of aubio's analysis, samples."""


@dataclass(frozen=True)
class Baseline:
    """A program that estimates one tempo.

    Attributes
    ----------
    package : str
        The Python package that it needs.
    rate : int
        Sample rate that it takes, Hz.
    shortest_s : int
        Length of the shortest audio for a live estimate, seconds.
    estimator : callable
        Imports and prepares the program; returns a function from mono samples to beats per minute.
    environment : str
        Name of its file in `requirements/baselines`, and of its virtual environment; the package by default.
    """

    package: str
    rate: int
    shortest_s: int
    estimator: Callable[[], Estimate]
    environment: str = ""

    def tempo(self, samples: Samples) -> float:
        """Return the tempo of samples at `RATE`, beats per minute, 0 if there is none."""
        return self.estimator()(_resampled(samples, RATE, self.rate))

    def tempi(self, paths: Iterable[str]) -> Iterator[float]:
        """Yield the tempo of each file, beats per minute, 0 if there is none; channels are mixed."""
        import soundfile

        estimate = self.estimator()
        for path in paths:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            yield estimate(_resampled(samples.mean(axis=1), rate, self.rate))

    def follow(self, samples: Samples, rate: int) -> Iterator[float]:
        """Yield live estimates, beats per minute: each second one from the last `WINDOW_S` seconds."""
        samples, estimate = _resampled(samples, rate, self.rate), self.estimator()
        for end in range(self.shortest_s * self.rate, len(samples), self.rate):
            yield estimate(samples[max(0, end - WINDOW_S * self.rate) : end])


class Aubio(Baseline):
    """aubio keeps a state: live, it gives an estimate at each beat and begins nothing again."""

    def follow(self, samples: Samples, rate: int) -> Iterator[float]:
        """Yield aubio's tempo at each beat, beats per minute."""
        for _, bpm in _aubio_beats(samples, rate):
            yield bpm


def _librosa() -> Estimate:
    """Return librosa's `feature.tempo`."""
    import librosa

    return lambda samples: float(librosa.feature.tempo(y=samples, sr=RATE)[0])


def _essentia() -> Any:
    essentia = importlib.import_module("essentia")
    essentia.log.infoActive = essentia.log.warningActive = False
    return importlib.import_module("essentia.standard")


def _essentia_rhythm() -> Estimate:
    """Return Essentia's RhythmExtractor2013, by several features."""
    standard = _essentia()
    return lambda samples: float(standard.RhythmExtractor2013(method="multifeature")(samples)[0])


def _essentia_percival() -> Estimate:
    """Return Essentia's PercivalBpmEstimator."""
    standard = _essentia()
    return lambda samples: float(standard.PercivalBpmEstimator(sampleRate=44_100)(samples))


def _aubio_beats(samples: Samples, rate: int) -> Iterator[tuple[float, float]]:
    """Yield the time of each beat that aubio finds, seconds, and its tempo then, beats per minute."""
    aubio = importlib.import_module("aubio")
    follow = aubio.tempo("default", 2 * HOP, HOP, rate)
    for start in range(0, len(samples) - HOP + 1, HOP):
        if follow(samples[start : start + HOP])[0]:
            yield follow.get_last_s(), follow.get_bpm()


def _aubio() -> Estimate:
    """Return the tempo of the median distance of the beats that aubio finds."""
    import numpy as np

    def estimate(samples: Samples) -> float:
        beats = [seconds for seconds, _ in _aubio_beats(samples, RATE)]
        return float(60.0 / np.median(np.diff(beats))) if len(beats) > 1 else 0.0

    return estimate


def _madmom() -> Estimate:
    """Return the most likely tempo of madmom's beat network and comb filters."""
    import collections.abc

    # madmom 0.16.1 takes it from where it was before Python 3.10.
    vars(collections).setdefault("MutableSequence", collections.abc.MutableSequence)
    beats = importlib.import_module("madmom.features.beats").RNNBeatProcessor()
    tempo = importlib.import_module("madmom.features.tempo").TempoEstimationProcessor(fps=100)
    signal = importlib.import_module("madmom.audio.signal").Signal

    def estimate(samples: Samples) -> float:
        found = tempo(beats(signal(samples, 44_100)))
        return float(found[0][0]) if len(found) else 0.0

    return estimate


def _tempocnn(model: str) -> Callable[[], Estimate]:
    """Return TempoCNN's global tempo by one of its networks, the more salient one of the two that it can give."""

    def estimator() -> Estimate:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import soundfile

        classifier = importlib.import_module("tempocnn.classifier").TempoClassifier(model)
        read_features = importlib.import_module("tempocnn.feature").read_features
        importlib.import_module("keras").utils.disable_interactive_logging()

        def estimate(samples: Samples) -> float:
            with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
                soundfile.write(wav.name, samples, 44_100, subtype="FLOAT")
                slow, fast, salience = classifier.estimate_mirex(read_features(wav.name))
            return float(slow if salience >= 0.5 else fast)

        return estimate

    return estimator


def _mixxx() -> Estimate:
    """Return the tempo of Mixxx's analyser (the Queen Mary beat tracker)."""
    import soundfile

    analyze = importlib.import_module("mixxx_analyzer").analyze

    def estimate(samples: Samples) -> float:
        with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
            soundfile.write(wav.name, samples, 44_100, subtype="PCM_16")
            return float(analyze(wav.name).bpm or 0.0)

    return estimate


LIBROSA = "librosa feature.tempo"
BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        LIBROSA: Baseline("librosa", RATE, 1, _librosa),
        "essentia RhythmExtractor2013": Baseline("essentia", 44_100, 5, _essentia_rhythm),
        "essentia Percival": Baseline("essentia", 44_100, 5, _essentia_percival),
        "aubio tempo": Aubio("aubio", RATE, 0, _aubio),
        "madmom comb filter": Baseline("madmom", 44_100, 5, _madmom),
        "TempoCNN cnn": Baseline("tempocnn", 44_100, 12, _tempocnn("cnn")),
        "TempoCNN fcn": Baseline("tempocnn", 44_100, 12, _tempocnn("fcn")),
        "Mixxx": Baseline("mixxx_analyzer", 44_100, 12, _mixxx, "mixxx"),
    }
)
"""All baselines, by name."""


def installed() -> tuple[str, ...]:
    """Return the names of the baselines whose package is installed."""
    return tuple(name for name, one in BASELINES.items() if importlib.util.find_spec(one.package) is not None)


def broken(names: Iterable[str]) -> dict[str, str]:
    """Return the error of each baseline that fails on a few seconds of clicks, although it is installed."""
    import numpy as np

    clicks = np.zeros(12 * RATE, np.float32)
    clicks[:: RATE // 2] = 0.5
    reasons = {}
    for name in names:
        try:
            BASELINES[name].tempo(clicks)
        except Exception as error:  # noqa: BLE001  (another program may raise anything)
            reasons[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return reasons


def main(name: str, wav: str | None = None) -> None:
    """Print the live estimates of a baseline for a mono file, or its tempo for each file of standard input.

    Each is a line on its own. What the program itself prints goes to standard error.
    """
    import soundfile

    lines, sys.stdout = sys.stdout, sys.stderr
    if wav is None:
        estimates = BASELINES[name].tempi(line.rstrip("\n") for line in sys.stdin)
    else:
        samples, rate = soundfile.read(wav, dtype="float32")
        estimates = BASELINES[name].follow(samples, rate)
    for bpm in estimates:
        lines.write(f"{bpm}\n")
        lines.flush()


def _resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    if rate == wanted:
        return samples
    import numpy as np
    import soxr

    return np.asarray(soxr.resample(samples, rate, wanted), np.float32)


if __name__ == "__main__":
    main(*sys.argv[1:])
