"""Measures of whole songs: pace sets, flags, tempo errors, and the kind of each mistake."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from training.annotations.truth import FASTEST, SLOWEST, TOLERANCE, Meter, Truth, is_compatible

FLAG_TARGETS = tuple(range(140, 191, 5))
"""Targets at which the flag of a whole song is measured, steps per minute."""
BORDERLINE = (0.04, 0.06)
"""Relative differences between a pace and a target from and up to which no flag is required or forbidden."""
ACCURACY = 0.04
"""Largest relative error of a right tempo in Acc1 and Acc2 (Gouyon et al. 2006)."""
LEVELS: Mapping[Meter, tuple[float, ...]] = MappingProxyType(
    {
        "duple": (1 / 4, 1 / 2, 1, 2, 4),
        "triple": (1 / 6, 1 / 3, 1, 2, 4),
        "compound": (1 / 4, 1 / 2, 1, 3, 6),
        "quintuple": (1 / 5, 1, 2, 4),
        "septuple": (1 / 7, 1, 2, 4),
        "unknown": (1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4),
    }
)
"""Metrical levels of each meter as ratios to the felt tempo: groups of beats, the beat, and its division."""

Outcome = Literal["right", "ambiguous", "no compatible pace", "off the ladder", "nothing found"]
OUTCOMES: tuple[Outcome, ...] = ("right", "ambiguous", "no compatible pace", "off the ladder", "nothing found")
"""Outcomes of a song, see `outcome`; the manifest has their shares under these names."""


@dataclass(frozen=True, slots=True)
class SongResult:
    """The truth of a song and the paces that were found, most probable first."""

    truth: Truth
    found: tuple[float, ...]

    def wrong(self) -> tuple[float, ...]:
        """Return the found paces that are incompatible."""
        return tuple(spm for spm in self.found if is_compatible(spm, self.truth) is False)

    def missed(self) -> tuple[float, ...]:
        """Return the compatible paces that were not found."""
        return tuple(pace for pace in self.truth.compatible if not near(pace, self.found))

    def right(self, tempo: float) -> bool:
        """Return whether the felt tempo, its half or its double was found, and nothing incompatible."""
        return not self.wrong() and any(near(pace, self.found) for pace in (tempo, tempo / 2.0, tempo * 2.0))


def near(tempo: float, paces: ArrayLike) -> bool:
    """Return whether one of the paces is the same as `tempo`.

    Examples
    --------
    >>> near(165.0, (82.0, 160.0)), near(165.0, (82.0,)), near(165.0, ())
    (True, False, False)
    """
    return bool(np.any(np.abs(np.asarray(paces, float) / tempo - 1.0) <= TOLERANCE))


def song_measures(results: Sequence[SongResult]) -> dict[str, float]:
    """Return precision, recall and F1 of pace sets and of flags, and the tempo errors.

    Examples
    --------
    >>> song = SongResult(Truth((82.5, 165.0)), found=(165.0, 110.0))
    >>> measures = song_measures([song])
    >>> measures["set_precision"], measures["set_recall"], measures["flag_recall"]
    (0.5, 0.5, 1.0)
    """
    found = [spm for result in results for spm in result.found if is_compatible(spm, result.truth) is not None]
    wrong = sum(len(result.wrong()) for result in results)
    wanted = sum(len(result.truth.compatible) for result in results)
    missed = sum(len(result.missed()) for result in results)
    precision, recall = _ratio(len(found) - wrong, len(found)), _ratio(wanted - missed, wanted)
    flagged = [flag for result in results for flag in flags(result.found, result.truth, FLAG_TARGETS)]
    raised, due = sum(up for up, _ in flagged), sum(right for _, right in flagged)
    both = sum(up and right for up, right in flagged)
    flag_precision, flag_recall = _ratio(both, raised), _ratio(both, due)
    errors = tempo_errors(results)
    return {
        "songs": float(len(results)),
        "set_precision": precision,
        "set_recall": recall,
        "set_f1": _f1(precision, recall),
        "songs_without_wrong_pace": _ratio(sum(not result.wrong() for result in results), len(results)),
        "flags": float(len(flagged)),
        "flag_precision": flag_precision,
        "flag_recall": flag_recall,
        # Without a flag that is raised or due, there is nothing to measure.
        "flag_f1": _f1(flag_precision, flag_recall) if raised or due else float("nan"),
        "tempo_error_median": float(np.median(errors)) if errors else 0.0,
        "tempo_error_p95": float(np.percentile(errors, 95)) if errors else 0.0,
    }


def flags(paces: Sequence[float], truth: Truth, targets: Iterable[float]) -> Iterator[tuple[bool, bool]]:
    """Yield, for each target at which the truth is clear, whether the flag is up and whether it should be.

    Examples
    --------
    >>> list(flags((150.0,), Truth((165.0,)), targets=(150, 165, 173)))  # 173 is borderline
    [(True, False), (False, True)]
    """
    for target in targets:
        errors = [abs(pace / target - 1.0) for pace in truth.compatible]
        due = any(error <= BORDERLINE[0] for error in errors)
        borderline = any(BORDERLINE[0] < error <= BORDERLINE[1] for error in errors)
        ambiguous = any(abs(pace / target - 1.0) <= BORDERLINE[1] for pace in truth.ambiguous)
        if due or not (borderline or ambiguous):
            yield near(target, paces), due


def tempo_errors(results: Iterable[SongResult]) -> list[float]:
    """Return the relative error of each found pace that is compatible."""
    errors = []
    for result in results:
        for spm in result.found:
            nearest = min((abs(spm / pace - 1.0) for pace in result.truth.compatible), default=1.0)
            if nearest <= TOLERANCE:
                errors.append(nearest)
    return errors


def outcome(tempo: float, meter: Meter, result: SongResult) -> Outcome:
    """Return the outcome of a song.

    ``right``
        All compatible paces were found, and nothing else.
    ``ambiguous``
        Some paces are missed or wrong, but a compatible one was found, and all others are metrical levels of the song
        or ambiguous.
    ``no compatible pace``
        Only such other paces were found.
    ``off the ladder``
        A pace was found that is no metrical level.
    ``nothing found``
        No pace was found.

    Examples
    --------
    >>> outcome(120.0, "duple", SongResult(Truth((60.0, 120.0, 240.0)), (120.0, 80.0)))
    'off the ladder'
    """
    if not result.wrong() and not result.missed():
        return "right"
    if not result.found:
        return "nothing found"
    verdicts = [is_compatible(spm, result.truth) for spm in result.found]
    if any(fits is False and not is_level(spm, tempo, meter) for spm, fits in zip(result.found, verdicts, strict=True)):
        return "off the ladder"
    return "ambiguous" if True in verdicts else "no compatible pace"


def is_level(spm: float, tempo: float, meter: Meter) -> bool:
    """Return whether a pace is a metrical level of a song.

    Examples
    --------
    >>> is_level(40.0, 120.0, "triple"), is_level(40.0, 120.0, "duple")
    (True, False)
    """
    return bool(np.any(np.abs(spm / tempo / np.array(LEVELS[meter]) - 1.0) <= TOLERANCE))


def accuracies(tempi: Sequence[float], estimates: Sequence[float | None]) -> dict[str, float]:
    """Return Acc1 and Acc2 of one estimate per song; Acc2 allows factors of 2 and 3 (Gouyon et al. 2006).

    Examples
    --------
    >>> accuracies([100.0, 100.0, 100.0, 100.0], [103.0, 200.0, 150.0, None])
    {'acc1': 0.25, 'acc2': 0.5}
    """
    truth = np.asarray(tempi, np.float64)
    ratio = np.array([estimate or 0.0 for estimate in estimates], np.float64) / truth
    allowed = np.array([1.0, 2.0, 3.0, 1 / 2, 1 / 3])
    close = np.abs(ratio[:, None] / allowed - 1.0) <= ACCURACY
    return {"acc1": float(close[:, 0].mean()), "acc2": float(close.any(axis=1).mean())}


def octaves(tempo: float) -> tuple[float, ...]:
    """Return the pace set of a single tempo: itself, its half and its double, within the range of paces.

    Examples
    --------
    >>> octaves(180.0)
    (180.0, 90.0)
    """
    return tuple(spm for spm in (tempo, tempo / 2.0, tempo * 2.0) if SLOWEST <= spm <= FASTEST)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0
