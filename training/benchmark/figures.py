"""Figures of the benchmark with intervals: each program on each part, and its distance from the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from training.benchmark.judging import Judged
from training.evaluate.metrics.songs import SongResult, shares, tallies

SAMPLES = 10_000
"""Number of bootstrap samples."""
SEED = 17
"""Seed of the bootstrap; the same for all programs, so that their samples are the same pieces."""
CONFIDENCE = (2.5, 97.5)
"""Percentiles of the intervals."""
BAND = (130.0, 200.0)
"""The runner's band, steps per minute."""
SLOW_HALF = 55.0
"""Rate below which a half of the beat is a matter of taste, steps per minute."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Bootstrap samples of pieces, by family (Efron, Annals of Statistics 7, 1979).

    Attributes
    ----------
    family : ndarray of int, shape (n,)
        Number of the family of each piece; pieces of one family are drawn together.
    weights : ndarray of int, shape (samples, families)
        How often each family is in each sample.
    """

    family: NDArray[np.int64]
    weights: NDArray[np.int64]

    @classmethod
    def of(cls, families: Sequence[str], samples: int = SAMPLES) -> "Sample":
        """Draw samples of as many families as there are.

        Examples
        --------
        >>> Sample.of(["a", "b", "a"], samples=2).weights.sum(axis=1).tolist()
        [2, 2]
        """
        names, numbers = np.unique(np.array(families, np.str_), return_inverse=True)
        rng = np.random.default_rng(SEED)
        return cls(numbers, rng.multinomial(len(names), np.full(len(names), 1 / max(1, len(names))), samples))

    def sums(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of counts over the pieces of each sample, shape (samples, counts)."""
        by_family = np.zeros((self.weights.shape[1], counts.shape[1]))
        np.add.at(by_family, self.family, counts)
        return self.weights @ by_family


def lenient(result: SongResult) -> SongResult:
    """Return a result whose truth leaves slow halves to taste: they count neither as right nor as wrong.

    Examples
    --------
    >>> from training.annotations.truth import Truth
    >>> lenient(SongResult(Truth((52.0, 104.0)), (104.0,))).truth
    Truth(compatible=(104.0,), ambiguous=(52.0,), tolerance=0.05)
    """
    truth = result.truth
    slow = tuple(pace for pace in truth.compatible if pace < SLOW_HALF)
    kept = tuple(pace for pace in truth.compatible if pace >= SLOW_HALF)
    if not slow or not kept:
        return result
    return replace(result, truth=replace(truth, compatible=kept, ambiguous=tuple(sorted((*truth.ambiguous, *slow)))))


def counts(judged: Sequence[Judged], program: str) -> dict[str, NDArray[np.float64]]:
    """Return the counts of each piece, shape (n, 10), by view: all paces, the runner's band, slow halves to taste."""
    results = [one.result(program) for one in judged]
    return {
        "": tallies(results),
        "band": tallies(results, BAND),
        "taste": tallies([lenient(result) for result in results]),
    }


MEASURES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "set precision": ("", "set_precision"),
        "set recall": ("", "set_recall"),
        "set F1": ("", "set_f1"),
        "flag precision": ("", "flag_precision"),
        "flag recall": ("", "flag_recall"),
        "flag F1": ("", "flag_f1"),
        "no wrong pace": ("", "songs_without_wrong_pace"),
        "band F1": ("band", "set_f1"),
        "set F1, slow halves to taste": ("taste", "set_f1"),
    }
)
"""View and share of each figure."""


def figures(judged: Sequence[Judged], programs: Sequence[str]) -> dict[str, dict[str, Figure]]:
    """Return the figures of each program; the first is the model, to which the others are compared.

    Of the others there are also ``ahead in set F1`` and ``ahead in flag F1``: by how much they are better than the
    model, on the same samples of pieces.
    """
    sample = Sample.of([one.rendered.piece.family for one in judged])
    found: dict[str, dict[str, Figure]] = {}
    drawn: dict[str, dict[str, NDArray[np.float64]]] = {}
    for program in programs:
        by_view = counts(judged, program)
        whole = {view: shares(each.sum(axis=0)) for view, each in by_view.items()}
        samples = {view: shares(sample.sums(each)) for view, each in by_view.items()}
        drawn[program] = {name: samples[view][share] for name, (view, share) in MEASURES.items()}
        found[program] = {
            name: _figure(float(whole[view][share]), drawn[program][name]) for name, (view, share) in MEASURES.items()
        }
        for name in ("set F1", "flag F1"):
            if program != programs[0]:
                value = found[program][name].value - found[programs[0]][name].value
                found[program][f"ahead in {name}"] = _figure(value, drawn[program][name] - drawn[programs[0]][name])
    return found


def _figure(value: float, samples: NDArray[np.float64]) -> Figure:
    clear = samples[~np.isnan(samples)]
    low, high = np.percentile(clear, CONFIDENCE) if len(clear) else (np.nan, np.nan)
    return Figure(value, float(low), float(high))
