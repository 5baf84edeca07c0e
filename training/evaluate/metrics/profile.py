"""Profiles of pace sets: compare the truth of the corpus with annotators by set sizes, ratios, halves and doubles."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.annotations.annotators import Annotations
from training.annotations.truth import FASTEST, SLOWEST, TOLERANCE, Truth, is_compatible, truth
from training.corpus.songs import Song
from training.errors import TrainingError
from training.evaluate.metrics.interval import wilson

BANDS = (80.0, 110.0, 130.0, 140.0, 160.0)
"""Borders of the bands in which halves and doubles are counted, steps per minute."""
RATIOS = (2.0, 3.0)
"""Ratios of neighbouring paces that are counted separately."""
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
CLEAR_POINTS = 5.0
"""Smallest clear difference of two profiles, percentage points."""


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a whole; `ambiguous` more may count or not."""

    part: int
    whole: int
    ambiguous: int = 0

    @property
    def low(self) -> float:
        """The share without the ambiguous ones; NaN of nothing."""
        return self.part / self.whole if self.whole else math.nan

    @property
    def high(self) -> float:
        """The share with all ambiguous ones; NaN of nothing."""
        return (self.part + self.ambiguous) / self.whole if self.whole else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `low`."""
        return wilson(self.part, self.whole)


@dataclass(frozen=True)
class Profile:
    """Statistics of pace sets.

    Attributes
    ----------
    name
        Origin of the sets.
    songs
        Number of songs.
    shares
        By measure: sets of each size, ratios of neighbouring paces, and for each band the paces with their half and
        with their double in the set, if that is within the range of paces.
    quantiles
        Values at `QUANTILES` of all paces, and of the slowest and the fastest pace of each song.
    """

    name: str
    songs: int
    shares: dict[str, Share]
    quantiles: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure in which a profile differs from the annotators.

    Attributes
    ----------
    points
        Percentage points from the annotators' share to the nearest possible one, positive if the profile has more.
    clear
        Whether the difference is outside the annotators' 95 % interval, and at least `CLEAR_POINTS`.
    """

    measure: str
    points: float
    clear: bool


def measures() -> list[str]:
    """Return the names of all measures, in the order of the table."""
    sizes = [f"{size} pace{'s' * (size != 1)}" for size in (1, 2, 3)] + ["more"]
    ratios = [f"{ratio:.0f}:1" for ratio in RATIOS] + ["other ratio"]
    return sizes + ratios + [f"{side} of {band}" for side in ("half", "double") for band in band_names()]


def band_names() -> list[str]:
    """Return the names of the bands, slowest first.

    Examples
    --------
    >>> band_names()
    ['< 80', '80-110', '110-130', '130-140', '140-160', '>= 160']
    """
    edges = [f"{edge:.0f}" for edge in BANDS]
    return [f"< {edges[0]}", *(f"{low}-{high}" for low, high in pairwise(edges)), f">= {edges[-1]}"]


def profile(name: str, truths: Sequence[Truth]) -> Profile:
    """Return the profile of sets of paces; empty sets are left out.

    Raises
    ------
    TrainingError
        If no set is left.

    Examples
    --------
    >>> profile("made", [Truth((60.0, 120.0)), Truth((120.0,), (60.0,))]).shares["half of 110-130"]
    Share(part=1, whole=2, ambiguous=1)
    """
    truths = [each for each in truths if each.compatible]
    if not truths:
        raise TrainingError(f"{name}: no song has a pace to compare")
    shares = dict.fromkeys(measures(), Share(0, 0))
    sizes, ratios = measures()[:4], measures()[4:7]
    of_size = Counter(sizes[min(len(each.compatible), 4) - 1] for each in truths)
    steps = [high / low for each in truths for low, high in pairwise(each.compatible)]
    of_ratio = Counter(_ratio_name(step) for step in steps)
    shares |= {size: Share(of_size[size], len(truths)) for size in sizes}
    shares |= {ratio: Share(of_ratio[ratio], len(steps)) for ratio in ratios}
    count = Counter((side, _band(pace), fits) for side, pace, _, fits in _halves_and_doubles(truths))
    for side in ("half", "double"):
        for band in band_names():
            yes, no, maybe = (count[side, band, fits] for fits in (True, False, None))
            shares[f"{side} of {band}"] = Share(yes, yes + no + maybe, maybe)
    sets = [each.compatible for each in truths]
    of: Mapping[str, Iterable[float]] = {
        "paces": [pace for paces in sets for pace in paces],
        "slowest of a song": map(min, sets),
        "fastest of a song": map(max, sets),
    }
    return Profile(
        name, len(truths), shares, {key: tuple(np.quantile(list(values), QUANTILES)) for key, values in of.items()}
    )


def annotated(truths: Mapping[str, Truth]) -> Profile:
    """Return the profile of the annotators."""
    return profile("annotators", list(truths.values()))


def generated(songs: Sequence[Song]) -> list[Profile]:
    """Return the profiles of a corpus: of all songs, and of the duple ones, because most annotated songs are duple."""
    parts = {"corpus": songs, "its duple songs": [song for song in songs if song.meter == "duple"]}
    return [profile(name, [song.truth for song in part]) for name, part in parts.items() if part]


def by_rule(
    annotators: Sequence[Annotations], rule: Callable[[float], Truth] = lambda tempo: truth(tempo, "duple")
) -> Profile:
    """Return the profile of the sets that the truth rule gives for the first pace of each annotated song.

    With the annotators' own tempi, only the rule is compared, not the tempi and meters of the corpus.
    """
    return profile("rule, on their tempi", [rule(paces[0]) for each in annotators for paces in each.songs.values()])


def rule_against(
    annotators: Sequence[Annotations],
    rule: Callable[[float], Truth] = lambda tempo: truth(tempo, "duple"),
    tolerance: float = TOLERANCE,
) -> tuple[Share, Share]:
    """Return precision and recall of the rule's sets for the first pace of each song, judged by the annotators'."""
    right = given = found = wanted = 0
    for each in annotators:
        for paces in each.songs.values():
            made, theirs = rule(paces[0]), Truth(paces, (), tolerance)
            right += sum(is_compatible(pace, theirs) is True for pace in made.compatible)
            given += len(made.compatible)
            # Paces that are ambiguous by the rule are not missed.
            verdicts = [is_compatible(pace, made, tolerance) for pace in paces]
            found += verdicts.count(True)
            wanted += len(verdicts) - verdicts.count(None)
    return Share(right, given), Share(found, wanted)


def differences(theirs: Profile, made: Profile) -> list[Difference]:
    """Return the measures in which `made` differs from the annotators, however the ambiguous paces count."""
    found = []
    for measure, share in theirs.shares.items():
        other = made.shares[measure]
        if not share.whole or not other.whole:
            continue
        nearest = min(max(share.low, other.low), other.high)
        points, (low, high) = 100 * (nearest - share.low), share.interval
        if points:
            found.append(Difference(measure, points, not low <= nearest <= high and abs(points) >= CLEAR_POINTS))
    return found


def levels(truths: Iterable[Truth]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return rate, compatibility and side of the half and the double of every pace, within the range of paces.

    Returns
    -------
    tuple of ndarray, each of shape (n,)
        Steps per minute, whether that is a compatible pace, and True for a half, False for a double.
    """
    asked = [(rate, fits is True, side == "half") for side, _, rate, fits in _halves_and_doubles(truths)]
    rate, fits, half = (np.array(column) for column in zip(*asked, strict=True))
    return rate, fits, half


def fit_acceptance(truths: Iterable[Truth]) -> tuple[float, float, float, float]:
    """Fit the curve of `training.annotations.truth.acceptance` to annotations by maximum likelihood.

    Returns
    -------
    tuple of float
        Slow edge and fast edge in steps per minute, their steepness, and the share between them.
    """
    from scipy.optimize import minimize

    rate, fits, half = levels(truths)

    def cost(parameters: NDArray[np.float64]) -> float:
        slow, fast, steepness, agreed = parameters
        edge = np.where(half, np.log(slow / rate), np.log(rate / fast))
        share = np.clip(agreed / (1.0 + np.exp(steepness * edge)), 1e-6, 1.0 - 1e-6)
        return -float(np.log(np.where(fits, share, 1.0 - share)).sum())

    # The edges stay between the ends of the range and its middle.
    middle = math.sqrt(SLOWEST * FASTEST)
    bounds = ((SLOWEST, middle), (middle, FASTEST), (1.0, 40.0), (0.5, 1.0))
    found = minimize(cost, (55.0, 280.0, 10.0, 0.9), method="Nelder-Mead", bounds=bounds, options={"maxiter": 5000})
    slow, fast, steepness, agreed = map(float, found.x)
    return slow, fast, steepness, agreed


def _halves_and_doubles(truths: Iterable[Truth]) -> Iterator[tuple[str, float, float, bool | None]]:
    """Yield side, pace, rate and compatibility of the half and the double of every pace, within the range of paces."""
    for each in truths:
        for pace in each.compatible:
            for side, factor in (("half", 0.5), ("double", 2.0)):
                if SLOWEST <= pace * factor <= FASTEST:
                    yield side, pace, pace * factor, is_compatible(pace * factor, each)


def _ratio_name(step: float) -> str:
    near = [f"{ratio:.0f}:1" for ratio in RATIOS if abs(step / ratio - 1) <= TOLERANCE]
    return near[0] if near else "other ratio"


def _band(pace: float) -> str:
    return band_names()[int(np.searchsorted(BANDS, pace, side="right"))]
