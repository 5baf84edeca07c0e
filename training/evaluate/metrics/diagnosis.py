"""How a model or a program is wrong: the ratios it confuses, how a song failed, when the verdict came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from training.annotations.truth import FASTEST, SLOWEST, Meter, Truth, judge
from training.evaluate.metrics.songs import SongResult
from training.evaluate.run.predictions import Verdicts

RATIOS = (1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0, 6.0)
RATIO_NAMES = ("1/6", "1/4", "1/3", "1/2", "2/3", "3/4", "1", "4/3", "3/2", "2", "3", "4", "6")
LADDER: Mapping[Meter, tuple[float, ...]] = MappingProxyType(
    {
        "duple": (1 / 4, 1 / 2, 1, 2, 4),
        "triple": (1 / 6, 1 / 3, 1, 2, 4),
        "compound": (1 / 4, 1 / 2, 1, 3, 6),
        "quintuple": (1 / 5, 1, 2, 4),
        "unknown": (1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4),
    }
)
"""Metrical levels of each meter, as ratios to the felt tempo: groups of beats, the beat, and its division."""
NEAR = 0.05
ACCURACY = 0.04
"""Relative error up to which Acc1 and Acc2 count a tempo as right (Gouyon et al. 2006)."""

Failure = Literal["right", "ambiguous", "no compatible pace", "off the ladder", "nothing found"]
FAILURES: tuple[Failure, ...] = ("right", "ambiguous", "no compatible pace", "off the ladder", "nothing found")


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


def ratio_name(spm: float, tempo: float) -> str:
    """Return the name of the ratio of a pace to `tempo`, such as ``2/3``; one that has none in two decimals."""
    error = np.abs(spm / tempo / np.array(RATIOS) - 1.0)
    return RATIO_NAMES[int(error.argmin())] if error.min() <= NEAR else f"{spm / tempo:.2f}"


def failure(tempo: float, meter: Meter, result: SongResult) -> Failure:
    """Say how a song went.

    ``ambiguous``: some paces are missed or wrong, but one that is compatible was found, and all others are metrical
    levels of the tempo or matters of taste; ``no compatible pace``: only such others were found;
    ``off the ladder``: something was found that is no level at all.
    """
    if not result.wrong() and not result.missed():
        return "right"
    if not result.found:
        return "nothing found"
    levels = [on_ladder(spm, tempo, meter) or judge(spm, result.truth) is not False for spm in result.found]
    if not all(levels):
        return "off the ladder"
    return "ambiguous" if any(judge(spm, result.truth) for spm in result.found) else "no compatible pace"


def on_ladder(spm: float, tempo: float, meter: Meter) -> bool:
    """Say whether a pace is a metrical level of a song of felt `tempo`."""
    return bool(np.any(np.abs(spm / tempo / np.array(LADDER[meter]) - 1.0) <= NEAR))


def accuracies(tempi: Sequence[float], estimates: Sequence[float | None]) -> dict[str, float]:
    """Return Acc1 and Acc2 of one estimate a song; Acc2 forgives factors of 2 and 3 (Gouyon et al. 2006)."""
    truth = np.asarray(tempi, np.float64)
    ratio = np.array([estimate or 0.0 for estimate in estimates], np.float64) / truth
    allowed = np.array([1.0, 2.0, 3.0, 1 / 2, 1 / 3])
    near = np.abs(ratio[:, None] / allowed - 1.0) <= ACCURACY
    return {"acc1": float(near[:, 0].mean()), "acc2": float(near.any(axis=1).mean())}


def octaves(tempo: float) -> tuple[float, ...]:
    """Return the pace set that a single tempo stands for: itself, its half and its double, within 40 to 320."""
    return tuple(spm for spm in (tempo, tempo / 2.0, tempo * 2.0) if SLOWEST <= spm <= FASTEST)


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
