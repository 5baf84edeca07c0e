"""Where a model is wrong, and how: pure functions over verdicts, songs and readings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from training.evaluation.metrics import Judged, SongResult, candidate_measures, song_measures
from training.labels.truth import Truth, judge

RATIOS = (1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0, 6.0)
RATIO_NAMES = ("1/6", "1/4", "1/3", "1/2", "2/3", "3/4", "1", "4/3", "3/2", "2", "3", "4", "6")
LADDER = (1 / 4, 1 / 3, 1 / 2, 1.0, 2.0, 3.0, 4.0)
"""Ratios to the felt tempo at which a pace is a metrical level, so that taking it for compatible is no blunder."""
BANDS = (40, 60, 80, 100, 120, 140, 160, 180, 320)
"""Borders of the tempo bands, felt beats per minute."""
BINS = 15
NEAR = 0.05
ACCURACY = 0.04
"""Relative error up to which Acc1 and Acc2 count a tempo as right (Gouyon et al. 2006)."""

Failure = Literal["right", "ambiguous", "off the ladder", "nothing found"]
FAILURES: tuple[Failure, ...] = ("right", "ambiguous", "off the ladder", "nothing found")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Single verdicts, a row each.

    Attributes
    ----------
    spm, probability : ndarray of float, shape (n,)
        The candidate, and the model's probability that it is compatible.
    label : ndarray of int8, shape (n,)
        1 compatible, 0 not; ignored candidates are left out.
    tempo : ndarray of float, shape (n,)
        Felt tempo of the song; nan for a sound without a pace.
    family, meter : ndarray of str, shape (n,)
        Of the song.
    """

    spm: NDArray[np.float64]
    label: NDArray[np.int8]
    probability: NDArray[np.float64]
    tempo: NDArray[np.float64]
    family: NDArray[np.str_]
    meter: NDArray[np.str_]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the verdict at one half is not the truth."""
        wrong: NDArray[np.bool_] = (self.probability >= 0.5) != (self.label == 1)
        return wrong

    @property
    def band(self) -> NDArray[np.str_]:
        """Tempo band of each row, and ``none`` for a sound without a pace."""
        return np.array([tempo_band(tempo) for tempo in self.tempo], np.str_)

    def measures(self) -> dict[str, float]:
        """Return the measures of single verdicts."""
        return candidate_measures(self.label, self.probability.astype(np.float32))

    @classmethod
    def joined(cls, parts: Sequence["Verdicts"]) -> "Verdicts":
        """Return the rows of all `parts`, one after the other."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts of like probability: borders, how many, mean probability, share that is compatible."""

    low: float
    high: float
    count: int
    said: float
    true: float


def reliability(label: NDArray[np.int8], probability: ArrayLike, bins: int = BINS) -> list[Bin]:
    """Return the bins of equal width that hold any verdict, in order."""
    values = np.asarray(probability, np.float64)
    place = np.minimum((values * bins).astype(int), bins - 1)
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            int(inside.sum()),
            float(values[inside].mean()),
            float(label[inside].mean()),
        )
        for number in range(bins)
        if (inside := place == number).any()
    ]


def calibration_error(label: NDArray[np.int8], probability: ArrayLike, bins: int = BINS) -> float:
    """Return the expected calibration error: |share - probability|, averaged over verdicts (Naeini et al. 2015)."""
    found = reliability(label, probability, bins)
    return sum(part.count * abs(part.true - part.said) for part in found) / max(1, len(label))


def cooled(probability: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Return the probabilities with their logits divided by `temperature`."""
    values = np.clip(np.asarray(probability, np.float64), 1 / 512, 1 - 1 / 512)
    return np.asarray(1.0 / (1.0 + ((1.0 - values) / values) ** (1.0 / temperature)))


def best_temperature(label: NDArray[np.int8], probability: ArrayLike) -> float:
    """Return the temperature of least cross-entropy (Guo et al. 2017); above 1 the model was too sure."""

    def cross_entropy(logarithm: float) -> float:
        values = cooled(probability, float(np.exp(logarithm)))
        return float(-np.mean(np.log(np.where(label == 1, values, 1.0 - values))))

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-1.6, 1.6), method="bounded").x))


@dataclass(frozen=True, slots=True)
class RatioRow:
    """Verdicts on candidates at one ratio to the felt tempo: shares judged compatible, truly so, and wrong."""

    name: str
    count: int
    said: float
    true: float
    wrong: float


def ratio_confusion(verdicts: Verdicts) -> list[RatioRow]:
    """Return a row for each of `RATIOS`, and one for candidates within 5 % of none of them."""
    ratio = verdicts.spm / verdicts.tempo
    known = ~np.isnan(ratio)
    distance = np.abs(ratio[:, None] / np.array(RATIOS) - 1.0)
    distance[~known] = np.inf
    place = np.where(distance.min(axis=1) <= NEAR, distance.argmin(axis=1), len(RATIOS))
    rows = []
    for number, name in enumerate((*RATIO_NAMES, "other")):
        here = known & (place == number)
        count = int(here.sum())
        said, true, wrong = (
            float(values[here].mean()) if count else 0.0
            for values in (verdicts.probability >= 0.5, verdicts.label == 1, verdicts.wrong)
        )
        rows.append(RatioRow(name, count, said, true, wrong))
    return rows


def failure(tempo: float, result: SongResult) -> Failure:
    """Say how a song went.

    ``ambiguous``: paces are missed or wrong, but all that was found is a metrical level of the tempo or a matter of
    taste; ``off the ladder``: something was found that is no level at all.
    """
    if not result.wrong() and not result.missed():
        return "right"
    if not result.found:
        return "nothing found"
    levels = [on_ladder(spm, tempo) or judge(spm, result.truth) is not False for spm in result.found]
    return "ambiguous" if all(levels) else "off the ladder"


def on_ladder(spm: float, tempo: float) -> bool:
    """Say whether a pace is a metrical level of `tempo`, from a quarter of it to its fourfold."""
    return bool(np.any(np.abs(spm / tempo / np.array(LADDER) - 1.0) <= NEAR))


def tempo_band(tempo: float) -> str:
    """Return the name of the band of `tempo`, such as ``100-120``; ``none`` without a tempo."""
    if not np.isfinite(tempo):
        return "none"
    number = int(np.clip(np.searchsorted(BANDS, tempo, side="right"), 1, len(BANDS) - 1))
    return f"{BANDS[number - 1]}-{BANDS[number]}"


def accuracies(tempi: Sequence[float], estimates: Sequence[float | None]) -> dict[str, float]:
    """Return Acc1 and Acc2 of one estimate a song; Acc2 forgives factors of 2 and 3 (Gouyon et al. 2006)."""
    truth = np.asarray(tempi, np.float64)
    ratio = np.array([estimate or 0.0 for estimate in estimates], np.float64) / truth
    allowed = np.array([1.0, 2.0, 3.0, 1 / 2, 1 / 3])
    near = np.abs(ratio[:, None] / allowed - 1.0) <= ACCURACY
    return {"acc1": float(near[:, 0].mean()), "acc2": float(near.any(axis=1).mean())}


def octaves(tempo: float) -> tuple[float, ...]:
    """Return the pace set that a single tempo stands for: itself, its half and its double, within 40 to 320."""
    return tuple(spm for spm in (tempo, tempo / 2.0, tempo * 2.0) if 40.0 <= spm <= 320.0)


def time_to_verdict(readings: Iterable[tuple[float, Sequence[float]]], truth: Truth) -> float | None:
    """Return the time of the first reading that is right and stays right; None where there is none.

    Parameters
    ----------
    readings : iterable of (seconds, paces)
        In order of time.
    truth : Truth
        A reading is right if it shows a compatible pace and no incompatible one.
    """
    since: float | None = None
    for seconds, paces in readings:
        verdicts = [judge(spm, truth) for spm in paces]
        right = True in verdicts and False not in verdicts
        since = (seconds if since is None else since) if right else None
    return since


@dataclass(frozen=True, slots=True)
class Group:
    """Single verdicts on songs that have something in common."""

    cases: int
    errors: int

    @property
    def error_rate(self) -> float:
        """Share of wrong verdicts."""
        return self.errors / self.cases if self.cases else 0.0

    @property
    def at_least(self) -> float:
        """Lower end of the 95 % interval of the error rate (Wilson 1927): few cases do not make a group look bad."""
        if not self.cases:
            return 0.0
        z, n, rate = 1.96, self.cases, self.error_rate
        center, spread = rate + z * z / (2 * n), z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return float(max(0.0, (center - spread) / (1 + z * z / n)))


def grouped(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, Group]:
    """Count the verdicts and errors of each group, by its name in order."""
    names, place = np.unique(keys, return_inverse=True)
    cases, errors = np.bincount(place, minlength=len(names)), np.bincount(place, wrong, minlength=len(names))
    return {str(name): Group(int(c), int(e)) for name, c, e in zip(names, cases, errors, strict=True)}


def grouped_songs(songs: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Return the measures of the songs of each group, by its name in order."""
    return {
        group: song_measures([song.result for song in songs if song.group == group])
        for group in sorted({song.group for song in songs})
    }


def worst(groups: Mapping[str, Group], *, enough: int, count: int) -> dict[str, Group]:
    """Return the up to `count` groups of at least `enough` cases that are surely worse than all taken together."""
    overall = Group(sum(g.cases for g in groups.values()), sum(g.errors for g in groups.values())).error_rate
    bad = [(name, g) for name, g in groups.items() if g.cases >= enough and g.at_least > overall]
    return dict(sorted(bad, key=lambda item: -item[1].at_least)[:count])


def weights(
    families: Mapping[str, Group], meters: Mapping[str, Group], members: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Return the shares of songs to make of each family, adding up to 1.

    Parameters
    ----------
    families, meters
        Those that need more data. Half of the songs go to the families, half to the meters, each by its error rate.
    members
        Training families of each meter; a meter's songs are spread over them evenly.
    """
    shares: dict[str, float] = {}
    meters = {meter: group for meter, group in meters.items() if members.get(meter)}
    both = 0.5 if families and meters else 1.0
    for groups, spread in ((families, {name: (name,) for name in families}), (meters, members)):
        total = sum(group.error_rate for group in groups.values())
        for name, group in groups.items():
            for family in spread[name]:
                share = both * group.error_rate / total / len(spread[name])
                shares[family] = shares.get(family, 0.0) + share
    return dict(sorted(shares.items(), key=lambda item: -item[1]))
