"""The paces that fit a song of known tempo and meter.

Bars of an odd number of beats have no halves: who steps at half the beat meets the first beat of every second bar only.
So the half of a waltz, of a slip jig (9/8, three dotted beats a bar), of 5/4 and of 7/4 is ambiguous. In 7/8 the beat
is the eighth, in 7/4 the quarter; the groups of two and three eighths are no pace, because they are uneven.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paces_live.analysis.feature_config import FeatureConfig

Meter = Literal["duple", "triple", "compound", "compound triple", "quintuple", "septuple", "unknown"]
"""Meters of songs; ``unknown`` is that of annotated songs, whose paces are known but not how they relate to a beat."""

TOLERANCE = 0.05
"""Largest relative difference at which two tempi count as the same."""

SLOWEST, FASTEST = FeatureConfig().spm_min, FeatureConfig().spm_max
"""Range of paces, steps per minute; nothing outside it is judged."""

SLOW_EDGE, FAST_EDGE, STEEPNESS, AGREED = 50.3, 297.2, 10.2, 0.941
"""Parameters of `acceptance`, which `training.evaluate.metrics.profile` fitted to 115 songs annotated by hand."""

SALIENT = 2 / 3
"""Smallest salience of a compatible metrical level; a less salient level is ambiguous."""

STRONGEST = 1.25
"""Largest strength of off-beats that counts, relative to the common one: stronger ones do not help the double."""

_COMPATIBLE: dict[Meter, tuple[float, ...]] = {
    "duple": (1, 1 / 2, 2),
    "triple": (1, 1 / 3),
    "compound": (1, 1 / 2),
    "compound triple": (1, 1 / 3),
    "quintuple": (1,),
    "septuple": (1,),
}
_AMBIGUOUS: dict[Meter, tuple[float, ...]] = {
    "duple": (1 / 4, 4),
    "triple": (2, 1 / 2, 2 / 3, 1 / 6, 4),
    "compound": (2, 3, 3 / 2, 3 / 4, 1 / 4, 6),
    # Three halves of the beat are wrong: nine eighths are no groups of two.
    "compound triple": (1 / 2, 2 / 3, 1 / 4, 1 / 6, 2, 3, 6),
    "quintuple": (2, 1 / 2, 1 / 4, 4, 1 / 5, 2 / 5),
    "septuple": (2, 1 / 2, 1 / 4, 4, 1 / 7, 2 / 7),
}
_AMBIGUOUS_IF_SWUNG: dict[Meter, tuple[float, ...]] = {
    "duple": (2, 3, 3 / 2, 3 / 4, 6),
    "triple": (3, 3 / 2),
    "compound": (),
    "compound triple": (),
    "quintuple": (3, 3 / 2),
    "septuple": (3, 3 / 2),
}


@dataclass(frozen=True)
class Truth:
    """The known paces of a song, in steps per minute, ascending.

    Attributes
    ----------
    compatible
        Paces that fit.
    ambiguous
        Paces that some runners accept and others do not. They never count, neither as right nor as wrong.
    tolerance
        Largest relative difference at which another pace still counts as one of these.
    """

    compatible: tuple[float, ...]
    ambiguous: tuple[float, ...] = ()
    tolerance: float = TOLERANCE

    def scaled(self, speed: float) -> "Truth":
        """Return the paces at another speed; which of them are ambiguous does not change.

        Examples
        --------
        >>> Truth((80.0, 160.0), (40.0,)).scaled(1.25)
        Truth(compatible=(100.0, 200.0), ambiguous=(50.0,), tolerance=0.05)
        """
        compatible, ambiguous = (tuple(pace * speed for pace in some) for some in (self.compatible, self.ambiguous))
        return Truth(compatible, ambiguous, self.tolerance)


def acceptance(spm: ArrayLike) -> NDArray[np.float64]:
    """Return the share of songs in which people accept a metrical level as a pace, by its rate alone.

    The curve has two logistic edges in the logarithm of the rate, like the resonance of the sense of pulse (van Noorden
    and Moelants, Journal of New Music Research 28, 1999): hardly anybody steps at a slower or faster rate.

    Parameters
    ----------
    spm
        Rate of the half or the double of a pace, steps per minute.

    Examples
    --------
    >>> acceptance([40, 120, 320]).round(2).tolist()
    [0.08, 0.94, 0.3]
    """
    rate = np.asarray(spm, dtype=np.float64)
    slow, fast = (SLOW_EDGE / rate) ** STEEPNESS, (rate / FAST_EDGE) ** STEEPNESS
    return np.asarray(AGREED / ((1 + slow) * (1 + fast)))


def truth(tempo: float, meter: Meter, *, swung: bool = False, offbeats: float = 1.0) -> Truth:
    """Return the paces of a song, derived from its felt tempo, its meter and how it is played.

    Metrical levels other than the beat are compatible if they are salient enough: `acceptance` of their rate, and for
    the double times the strength of the notes that mark it.

    Parameters
    ----------
    tempo
        Felt beats per minute. The felt beat is the quarter note of 3/4 and the dotted quarter of 6/8.
    meter
        ``duple`` (2/4, 4/4), ``triple`` (3/4), ``compound`` (6/8, 12/8), ``compound triple`` (9/8), ``quintuple`` (5/4)
        or ``septuple`` (7/4, 7/8).
    swung
        True if off-beat notes fall on a third of the beat instead of its half.
    offbeats
        Strength of the notes halfway between the beats; 1 is the common one, see
        `training.corpus.performance.offbeats`.

    Returns
    -------
    Truth
        All paces between `SLOWEST` and `FASTEST`.

    Raises
    ------
    ValueError
        If the tempo is out of range, or the meter is unknown.

    Examples
    --------
    >>> truth(82.5, "duple")
    Truth(compatible=(82.5, 165.0), ambiguous=(41.25,), tolerance=0.05)
    >>> truth(150.0, "triple").compatible
    (150.0,)
    >>> truth(120.0, "compound").compatible, truth(120.0, "compound triple").compatible
    ((60.0, 120.0), (120.0,))
    """
    if meter == "unknown":
        raise ValueError("an unknown meter implies no paces")
    if not SLOWEST <= tempo <= FASTEST:
        raise ValueError(f"tempo {tempo} is outside {SLOWEST:.0f}..{FASTEST:.0f}")
    ratios = set(_COMPATIBLE[meter])
    ambiguous = set(_AMBIGUOUS[meter])
    if swung:
        ambiguous.update(_AMBIGUOUS_IF_SWUNG[meter])
    strengths = {ratio: min(offbeats, STRONGEST) if ratio == 2 else 1.0 for ratio in ratios}
    ambiguous.update(r for r in ratios if r != 1 and acceptance(tempo * r) * strengths[r] < SALIENT)
    return Truth(_paces(tempo, ratios - ambiguous), _paces(tempo, ambiguous))


def labels(spm: ArrayLike, truth: Truth, tolerance: float | None = None) -> NDArray[np.int8]:
    """Return the label of each pace: 1 compatible, 0 incompatible, -1 ambiguous.

    Parameters
    ----------
    spm
        Steps per minute, of any shape.
    truth
        The known paces of the song.
    tolerance
        Largest relative difference from a known pace; the truth's own by default.

    Returns
    -------
    ndarray of int8
        Of the shape of `spm`. A pace near a compatible and an ambiguous one is compatible.

    Examples
    --------
    >>> labels([41.0, 82.0, 110.0, 166.0], Truth((82.5, 165.0), (41.25,))).tolist()
    [-1, 1, 0, 1]
    """
    if tolerance is None:
        tolerance = truth.tolerance
    paces = np.asarray(spm, dtype=np.float64)
    label = np.zeros(paces.shape, dtype=np.int8)
    label[_near(paces, truth.ambiguous, tolerance)] = -1
    label[_near(paces, truth.compatible, tolerance)] = 1
    return label


def is_compatible(spm: float, truth: Truth, tolerance: float | None = None) -> bool | None:
    """Return whether one pace is compatible, or None if it is ambiguous; see `labels`.

    Examples
    --------
    >>> song = Truth((82.5, 165.0), (41.25,))
    >>> is_compatible(164.0, song), is_compatible(110.0, song), is_compatible(41.0, song)
    (True, False, None)
    """
    label = int(labels(spm, truth, tolerance))
    return None if label < 0 else bool(label)


def _paces(tempo: float, ratios: set[float]) -> tuple[float, ...]:
    return tuple(sorted(tempo * r for r in ratios if SLOWEST <= tempo * r <= FASTEST))


def _near(spm: NDArray[np.float64], paces: tuple[float, ...], tolerance: float) -> NDArray[np.bool_]:
    known = np.asarray(paces, dtype=np.float64)
    return np.asarray((np.abs(spm[..., None] / known - 1) <= tolerance).any(axis=-1))
