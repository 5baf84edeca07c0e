"""The label of a recording: the tempo on which programs agree, exact and steady, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.annotations.truth import FASTEST, SLOWEST, TOLERANCE, Truth, truth
from training.recordings.programs import PROGRAMS
from training.recordings.pulse import STEADY_SHARE, Pulse

SHORTEST_S, LONGEST_S = 75.0, 90.0
"""Length of an excerpt, seconds."""
MARGIN_S = 25.0
"""Length that is left out at each end of a song that is long enough, as `paces-live analyze` does, seconds."""
AGREEMENT = 0.01
"""Largest relative difference of the tempi on which programs agree, up to factors of two."""
AGREED = 3
"""Least number of programs that agree."""
FELT = 120.0
"""The felt beat is the tempo nearest to it among those that differ by factors of two, beats per minute."""
STRONG = 0.1
"""Least strength of the periodicity at the tempo, or at its half or double."""
THIRDS = 0.4
"""Largest strength of the periodicity at thirds of the beat, relative to that at the beat and its half and double."""
SWING = 0.1
"""Largest amount by which the periodicity at thirds of the beat exceeds that at halves, relative to the same."""
EDGE = 1 + TOLERANCE
"""Largest ratio to the end of the range of an octave outside of it that is ambiguous."""
CLEAR = 0.5
"""Least strength of a compatible pace, relative to the strongest of the tempo, its half and its double."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording of exactly known, steady tempo.

    Attributes
    ----------
    tempo
        Felt beats per minute.
    truth
        Its paces.
    programs
        The programs that agree, in the order of `training.recordings.programs.PROGRAMS`.
    """

    tempo: float
    truth: Truth
    programs: tuple[str, ...]


def excerpt(seconds: float) -> tuple[float, float] | None:
    """Return where the excerpt of a song begins and ends, seconds; None if the song is too short.

    Examples
    --------
    >>> excerpt(240.0), excerpt(85.0), excerpt(60.0)
    ((75.0, 165.0), (5.0, 80.0), None)
    """
    if seconds < SHORTEST_S:
        return None
    length = min(max(seconds - 2 * MARGIN_S, SHORTEST_S), LONGEST_S)
    start = (seconds - length) / 2
    return start, start + length


def agreement(estimates: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
    """Return the tempo nearest to `FELT` on which most programs agree up to factors of two, and these programs.

    Examples
    --------
    >>> tempo, programs = agreement({"tempocnn": 130.0, "mixxx": 65.0, "essentia-percival": 172.0, "aubio": 129.5})
    >>> round(tempo, 1), programs
    (130.0, ('tempocnn', 'mixxx', 'aubio'))
    """
    heard = {name: bpm for name, bpm in estimates.items() if bpm > 0}
    if not heard:
        return 0.0, ()
    groups = [[name for name in heard if abs(_octave(heard[name] / bpm) - 1) <= AGREEMENT] for bpm in heard.values()]
    largest = max(groups, key=len)
    tempi = [FELT * _octave(heard[name] / FELT) for name in largest]
    # A tempo next to the border of the octave may be on either side of it.
    tempi = [tempi[0] * _octave(bpm / tempi[0]) for bpm in tempi]
    return float(np.median(tempi)), tuple(name for name in PROGRAMS if name in largest)


def objection(estimates: Mapping[str, float], tempo: float) -> str:
    """Return the trusted program that hears two thirds or three quarters of a tempo, up to factors of two; else ``""``.

    Examples
    --------
    >>> objection({"tempocnn": 86.7, "mixxx": 65.0}, 130.0)
    'tempocnn'
    >>> objection({"tempocnn": 65.0, "aubio": 97.5}, 130.0)
    ''
    """
    for name, bpm in estimates.items():
        if PROGRAMS[name].trusted and bpm > 0:
            ratio = _octave(bpm / tempo)
            if min(abs(ratio * 3 / 4 - 1), abs(ratio * 4 / 3 - 1)) <= TOLERANCE:
                return name
    return ""


def label(pulse: Pulse, estimates: Mapping[str, float]) -> Labelled | str:
    """Return the label of an excerpt, or why it has none.

    Parameters
    ----------
    pulse
        The periodicity of the excerpt.
    estimates
        Tempo by program, beats per minute, 0 if it found none.
    """
    near, programs = agreement(estimates)
    if len(programs) < AGREED:
        return "the programs do not agree"
    if name := objection(estimates, near):
        return f"{name} hears three to two or four to three"
    # The beat itself may be weaker than its half or its double: the one that is steadiest and strongest is refined.
    refined = [(ratio, *pulse.tempo(near * ratio)) for ratio in (0.5, 1.0, 2.0)]
    ratio, tempo, share = max(refined, key=lambda one: (one[2] >= STEADY_SHARE, pulse.at(one[1])))
    tempo /= ratio
    if share < STEADY_SHARE:
        return "the tempo is not steady"
    if abs(tempo / near - 1) > AGREEMENT:
        return "the periodicity has another tempo"

    def strength(beats: float) -> float:
        """Return how strongly the excerpt repeats after a number of beats."""
        return pulse.at(tempo / beats)

    strongest = max(strength(1 / 2), strength(1), strength(2))
    if strongest < STRONG:
        return "the pulse is weak"
    thirds, halves = max(strength(1 / 3), strength(2 / 3), strength(4 / 3)), max(strength(1 / 2), strength(3 / 2))
    if thirds > min(THIRDS * strongest, halves + SWING * strongest):
        return "the beat may be divided into three"
    if strength(3) > max(strength(2), strength(4)):
        return "there may be three beats in a bar"
    return Labelled(tempo, _doubted(truth(tempo, "duple"), tempo, pulse, estimates), programs)


def _doubted(paces: Truth, tempo: float, pulse: Pulse, estimates: Mapping[str, float]) -> Truth:
    """Return paces of which those that no program hears, and that hardly repeat, are ambiguous.

    So are octaves just outside of the range: a pace at its end would count as wrong.
    """
    strongest = max(pulse.at(tempo * ratio) for ratio in (0.5, 1.0, 2.0))

    def sure(pace: float) -> bool:
        named = any(bpm > 0 and abs(bpm / pace - 1) <= AGREEMENT for bpm in estimates.values())
        return named or pulse.at(pace) >= CLEAR * strongest

    compatible = tuple(pace for pace in paces.compatible if sure(pace))
    doubtful = set(paces.compatible) - set(compatible)
    octaves = (tempo / 4, tempo / 2, tempo * 2)
    outside = {bpm for bpm in octaves if SLOWEST / EDGE <= bpm < SLOWEST or FASTEST < bpm <= FASTEST * EDGE}
    return Truth(compatible, tuple(sorted({*paces.ambiguous, *doubtful, *outside})))


def _octave(ratio: float) -> float:
    """Return a ratio times the power of two that brings it next to one."""
    return float(ratio / 2 ** np.rint(np.log2(ratio)))
