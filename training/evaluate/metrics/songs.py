"""Measures of whole songs: pace sets, flags, tempo errors, and the kind of each mistake."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        "compound triple": (1 / 6, 1 / 3, 1, 3, 6),
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


COUNTS = ("songs", "clean", "found", "wrong", "wanted", "missed", "flags", "raised", "due", "both")
"""What is counted of each song; all shares of `shares` follow from sums of these.

Songs without a wrong pace are ``clean``. Ambiguous paces are not among those found. A flag is ``both`` if it is raised
and due.
"""


def song_measures(results: Sequence[SongResult]) -> dict[str, float]:
    """Return precision, recall and F1 of pace sets and of flags, and the tempo errors.

    Examples
    --------
    >>> song = SongResult(Truth((82.5, 165.0)), found=(165.0, 110.0))
    >>> measures = song_measures([song])
    >>> measures["set_precision"], measures["set_recall"], measures["flag_recall"]
    (0.5, 0.5, 1.0)
    """
    errors = tempo_errors(results)
    found = shares(tallies(results).sum(axis=0)) if results else shares(np.zeros(len(COUNTS)))
    return {name: float(value) for name, value in found.items()} | {
        "tempo_error_median": float(np.median(errors)) if errors else 0.0,
        "tempo_error_p95": float(np.percentile(errors, 95)) if errors else 0.0,
    }


def tallies(results: Sequence[SongResult], band: tuple[float, float] = (SLOWEST, FASTEST)) -> NDArray[np.float64]:
    """Return the counts of each song, in the order of `COUNTS`; of the paces only those in a band.

    Parameters
    ----------
    results
        Of n songs.
    band
        Slowest and fastest pace that counts. A pace just outside it still finds one inside.

    Returns
    -------
    ndarray of float, shape (n, 10)
    """
    return np.array([_tally(result, band) for result in results], np.float64).reshape(-1, len(COUNTS))


def shares(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the measures of sums of counts.

    Parameters
    ----------
    counts : ndarray of float, shape (..., 10)
        Sums of `tallies`, perhaps of many samples of the songs.

    Returns
    -------
    dict of ndarray
        Each of the shape of `counts` without its last axis.
    """
    of = {name: counts[..., place] for place, name in enumerate(COUNTS)}
    precision, recall = (
        _ratio(of["found"] - of["wrong"], of["found"]),
        _ratio(of["wanted"] - of["missed"], of["wanted"]),
    )
    flag_precision, flag_recall = _ratio(of["both"], of["raised"]), _ratio(of["both"], of["due"])
    # Without a flag that is raised or due, there is nothing to measure.
    silent = of["raised"] + of["due"] == 0
    return {
        "songs": of["songs"],
        "set_precision": precision,
        "set_recall": recall,
        "set_f1": _f1(precision, recall),
        "songs_without_wrong_pace": _ratio(of["clean"], of["songs"]),
        "flags": of["flags"],
        "flag_precision": flag_precision,
        "flag_recall": flag_recall,
        "flag_f1": np.where(silent, np.nan, _f1(flag_precision, flag_recall)),
    }


def _tally(result: SongResult, band: tuple[float, float]) -> tuple[int, ...]:
    low, high = band

    def inside(paces: Iterable[float]) -> list[float]:
        return [spm for spm in paces if low <= spm <= high]

    wrong, wanted = inside(result.wrong()), inside(result.truth.compatible)
    found = [spm for spm in inside(result.found) if is_compatible(spm, result.truth) is not None]
    clear = list(flags(result.found, result.truth, FLAG_TARGETS))
    raised, due = sum(up for up, _ in clear), sum(right for _, right in clear)
    both = sum(up and right for up, right in clear)
    missed = inside(result.missed())
    return 1, not wrong, len(found), len(wrong), len(wanted), len(missed), len(clear), raised, due, both


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


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole != 0))


def _f1(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> NDArray[np.float64]:
    return _ratio(2.0 * precision * recall, precision + recall)
