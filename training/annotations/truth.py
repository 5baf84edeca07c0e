"""The paces that fit a song of known tempo and meter."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Meter = Literal["duple", "triple", "compound", "quintuple", "unknown"]
"""``unknown`` is the meter of songs that people labelled: their paces are known, not where these come from."""

TOLERANCE = 0.05
"""Greatest relative deviation from a known pace that still is that pace."""

SLOWEST, FASTEST = 40.0, 320.0
"""The range of paces, in steps per minute, that can be judged at all."""

SLOW_EDGE, FAST_EDGE, STEEPNESS, AGREED = 50.3, 297.2, 10.2, 0.941
"""The curve of `acceptance`, which `training.evaluate.metrics.annotations` fitted to 115 songs annotated by hand."""

SALIENT = 2 / 3
"""A level whose salience is less is a matter of taste."""

STRONGEST = 1.25
"""Off-beats stronger than this, relative to the common, make the double no more salient."""

_COMPATIBLE: dict[Meter, tuple[float, ...]] = {
    "duple": (1, 1 / 2, 2),
    "triple": (1, 1 / 3),
    "compound": (1, 1 / 2),
    "quintuple": (1,),
}
_TASTE: dict[Meter, tuple[float, ...]] = {
    "duple": (1 / 4, 4),
    "triple": (2, 1 / 2, 2 / 3, 1 / 6, 4),
    "compound": (2, 3, 3 / 2, 3 / 4, 1 / 4, 6),
    "quintuple": (2, 1 / 2, 1 / 4, 4, 1 / 5, 2 / 5),
}
_TASTE_IF_SWUNG: dict[Meter, tuple[float, ...]] = {
    "duple": (2, 3, 3 / 2, 3 / 4, 6),
    "triple": (3, 3 / 2),
    "compound": (),
    "quintuple": (3, 3 / 2),
}


@dataclass(frozen=True)
class Truth:
    """What is known of a song's paces, all in steps per minute, ascending.

    Attributes
    ----------
    compatible
        Paces that fit.
    taste
        Paces that fit for some listeners: neither right nor wrong.
    tolerance
        How far from these paces others still count as the same, a ratio.
    """

    compatible: tuple[float, ...]
    taste: tuple[float, ...] = ()
    tolerance: float = TOLERANCE


def acceptance(spm: ArrayLike) -> NDArray[np.float64]:
    """Return the share of songs in which people find a level of the meter a pace too, by its rate alone.

    Two logistic edges in the logarithm of the rate, as of the resonance of the sense of pulse (van Noorden and
    Moelants, Journal of New Music Research 28, 1999): hardly anybody steps to what is slower or faster.

    Parameters
    ----------
    spm
        Steps per minute of the half or the double of a pace.
    """
    rate = np.asarray(spm, dtype=np.float64)
    slow, fast = (SLOW_EDGE / rate) ** STEEPNESS, (rate / FAST_EDGE) ** STEEPNESS
    return np.asarray(AGREED / ((1 + slow) * (1 + fast)))


def truth(tempo: float, meter: Meter, *, swung: bool = False, offbeats: float = 1.0) -> Truth:
    """Derive the paces that fit from the felt tempo, the meter and how it is played.

    The levels of the meter other than the beat fit where their salience is high enough: `acceptance` of their rate,
    and for the double times the strength of the notes that mark it.

    Parameters
    ----------
    tempo
        Felt beats per minute. The felt beat is the quarter note of 3/4 and the dotted quarter of 6/8.
    meter
        ``duple`` (2/4, 4/4), ``triple`` (3/4), ``compound`` (6/8, 12/8) or ``quintuple`` (5/4).
    swung
        Off-beat notes fall on a third of the beat rather than on its half.
    offbeats
        How strong the notes half-way between the beats are, 1 as they commonly are, see
        `training.corpus.performance.offbeats`.

    Returns
    -------
    Truth
        Every pace within 40..320.

    Raises
    ------
    ValueError
        If the tempo itself is outside 40..320, or the meter unknown.
    """
    if meter == "unknown":
        raise ValueError("of an unknown meter no paces follow")
    if not SLOWEST <= tempo <= FASTEST:
        raise ValueError(f"tempo {tempo} is outside {SLOWEST:.0f}..{FASTEST:.0f}")
    ratios = set(_COMPATIBLE[meter])
    taste = set(_TASTE[meter])
    if swung:
        taste.update(_TASTE_IF_SWUNG[meter])
    strengths = {ratio: min(offbeats, STRONGEST) if ratio == 2 else 1.0 for ratio in ratios}
    taste.update(r for r in ratios if r != 1 and acceptance(tempo * r) * strengths[r] < SALIENT)
    return Truth(_paces(tempo, ratios - taste), _paces(tempo, taste))


def judge(spm: float, truth: Truth, tolerance: float | None = None) -> bool | None:
    """Say whether a pace fits, does not fit, or is a matter of taste (``None``).

    Parameters
    ----------
    spm
        Steps per minute.
    truth
        What is known of the song.
    tolerance
        Greatest relative deviation from a known pace; the truth's own if not given.
    """
    verdict = int(judge_all(spm, truth, tolerance))
    return None if verdict < 0 else bool(verdict)


def judge_all(spm: ArrayLike, truth: Truth, tolerance: float | None = None) -> NDArray[np.int8]:
    """Judge many paces at once, as `judge` does.

    Returns
    -------
    numpy.ndarray
        Of the shape of `spm`: 1 fits, 0 does not fit, -1 is a matter of taste. What fits wins over taste.
    """
    if tolerance is None:
        tolerance = truth.tolerance
    paces = np.asarray(spm, dtype=np.float64)
    verdict = np.zeros(paces.shape, dtype=np.int8)
    verdict[_near(paces, truth.taste, tolerance)] = -1
    verdict[_near(paces, truth.compatible, tolerance)] = 1
    return verdict


def _paces(tempo: float, ratios: set[float]) -> tuple[float, ...]:
    return tuple(sorted(tempo * r for r in ratios if SLOWEST <= tempo * r <= FASTEST))


def _near(spm: NDArray[np.float64], paces: tuple[float, ...], tolerance: float) -> NDArray[np.bool_]:
    known = np.asarray(paces, dtype=np.float64)
    return np.asarray((np.abs(spm[..., None] / known - 1) <= tolerance).any(axis=-1))
