"""The measures of the project: how right are verdicts, pace sets and flags."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics

from training.annotations.truth import Truth, judge

FLAG_TARGETS = tuple(range(140, 191, 5))
"""Targets, steps per minute, at which the flag is measured."""
FLAG_TOLERANCE = 0.05
BORDERLINE = (0.04, 0.06)
"""A truth this far from the target is neither a fit nor a misfit."""


@dataclass(frozen=True, slots=True)
class SongResult:
    """A song's truth and the paces that were found, most probable first."""

    truth: Truth
    found: tuple[float, ...]

    def wrong(self) -> tuple[float, ...]:
        """Return the paces found that do not fit."""
        return tuple(spm for spm in self.found if judge(spm, self.truth) is False)

    def missed(self) -> tuple[float, ...]:
        """Return the compatible paces that were not found."""
        return tuple(pace for pace in self.truth.compatible if not _within(pace, self.found))


@dataclass(frozen=True, slots=True)
class Judged:
    """A song of known tempo, the group it belongs to, and its result."""

    id: str
    group: str
    tempo: float
    result: SongResult

    @property
    def right(self) -> bool:
        """Whether the tempo, its half or its double is shown, and nothing that is not on its ladder."""
        found = self.result.found
        return not self.result.wrong() and any(_within(self.tempo * ratio, found) for ratio in (0.5, 1.0, 2.0))


def candidate_measures(label: NDArray[np.int8], probability: NDArray[np.float32]) -> dict[str, float]:
    """Return the measures of single verdicts at a threshold of one half."""
    said = probability >= 0.5
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(label, said, average="binary", zero_division=0.0)
    return {
        "cases": float(len(label)),
        "larger_class": float(max(label.mean(), 1.0 - label.mean())),
        "accuracy": float(metrics.accuracy_score(label, said)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(label, said)),
        "auc": float(metrics.roc_auc_score(label, probability)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def song_measures(results: Sequence[SongResult]) -> dict[str, float]:
    """Return the measures of pace sets, flags and tempi over songs."""
    found = [spm for result in results for spm in result.found if judge(spm, result.truth) is not None]
    wrong = sum(len(result.wrong()) for result in results)
    wanted = sum(len(result.truth.compatible) for result in results)
    missed = sum(len(result.missed()) for result in results)
    precision, recall = _ratio(len(found) - wrong, len(found)), _ratio(wanted - missed, wanted)
    flags = [flag for result in results for flag in _flags(result)]
    both = sum(said and true for said, true in flags)
    flags_said, flags_true = sum(said for said, _ in flags), sum(true for _, true in flags)
    flag_precision, flag_recall = _ratio(both, flags_said), _ratio(both, flags_true)
    errors = _tempo_errors(results)
    return {
        "songs": float(len(results)),
        "set_precision": precision,
        "set_recall": recall,
        "set_f1": _f1(precision, recall),
        "songs_without_wrong_pace": _ratio(sum(not result.wrong() for result in results), len(results)),
        "flags": float(len(flags)),
        "flag_precision": flag_precision,
        "flag_recall": flag_recall,
        # Where no flag is due and none was said, there is nothing to be right about.
        "flag_f1": _f1(flag_precision, flag_recall) if flags_said or flags_true else float("nan"),
        "tempo_error_median": float(np.median(errors)) if errors else 0.0,
        "tempo_error_p95": float(np.percentile(errors, 95)) if errors else 0.0,
    }


def _flags(result: SongResult) -> Iterable[tuple[bool, bool]]:
    """Yield, for each target at which the truth is clear, whether something was said to fit and whether it does."""
    for target in FLAG_TARGETS:
        errors = [abs(pace / target - 1.0) for pace in result.truth.compatible]
        fits = any(error <= BORDERLINE[0] for error in errors)
        borderline = any(BORDERLINE[0] < error <= BORDERLINE[1] for error in errors)
        taste = any(abs(pace / target - 1.0) <= BORDERLINE[1] for pace in result.truth.taste)
        if fits or not (borderline or taste):
            yield _within(target, result.found), fits


def _tempo_errors(results: Iterable[SongResult]) -> list[float]:
    errors = []
    for result in results:
        for spm in result.found:
            nearest = min((abs(spm / pace - 1.0) for pace in result.truth.compatible), default=1.0)
            if nearest <= FLAG_TOLERANCE:
                errors.append(nearest)
    return errors


def _within(tempo: float, paces: ArrayLike) -> bool:
    return bool(np.any(np.abs(np.asarray(paces, float) / tempo - 1.0) <= FLAG_TOLERANCE))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0
