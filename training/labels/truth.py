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

LOW_HALF, HIGH_DOUBLE = 55.0, 280.0
"""Multiples of the beat beyond these are a matter of taste.

In the 115 hand-labelled songs, half of a pace between 80 and 110 is a pace too in 9 of 41 cases, and half of one
above 110 in 110 of 127; the double of one between 140 and 160 in 10 of 22.
"""

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


def truth(tempo: float, meter: Meter, *, swung: bool = False, divided: bool = True) -> Truth:
    """Derive the paces that fit from the felt tempo and the meter.

    Parameters
    ----------
    tempo
        Felt beats per minute. The felt beat is the quarter note of 3/4 and the dotted quarter of 6/8.
    meter
        ``duple`` (2/4, 4/4), ``triple`` (3/4), ``compound`` (6/8, 12/8) or ``quintuple`` (5/4).
    swung
        Off-beat notes fall on a third of the beat rather than on its half.
    divided
        Notes fall between the beats. Without them the double tempo is a matter of taste.

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
    if meter == "duple" and not divided:
        taste.add(2)
    taste.update(r for r in ratios if r != 1 and not LOW_HALF <= tempo * r <= HIGH_DOUBLE)
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
