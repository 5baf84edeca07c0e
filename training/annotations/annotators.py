"""Labels that people gave to songs: read, compared and combined."""

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Literal

from training.annotations.names import key
from training.annotations.truth import FASTEST, SLOWEST, TOLERANCE, Truth
from training.errors import TrainingError

How = Literal["union", "intersection", "majority"]


PACES = 3
"""A row has at most so many paces; remarks follow."""


@dataclass(frozen=True)
class Labels:
    """What one person said.

    Attributes
    ----------
    labeler
        Name of the file without its suffix.
    songs
        Paces of each song in steps per minute, in the order in which they are written: the first is the one that
        came to mind first.
    skipped
        Remarks on each song that was given no pace.
    """

    labeler: str
    songs: dict[str, tuple[float, ...]]
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """How far two people agree on the songs that both labelled.

    Attributes
    ----------
    first, second
        Their names.
    songs
        Number of songs that both gave paces.
    same
        Share of these songs with the same set of paces.
    precision, recall, f1
        Of the second's paces, judged by the first's.
    kappa
        Cohen's, over the rungs of each song's ladder: all paces that either names, and their halves, thirds, doubles
        and triples within 40..320. 0 is chance, 1 full agreement; NaN where no rung divides opinions.
    disputed
        Paces of both for each song on which they differ.
    skipped
        Songs that only one of the two gave a pace and the other skipped.
    """

    first: str
    second: str
    songs: int
    same: float
    precision: float
    recall: float
    f1: float
    kappa: float
    disputed: dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
    skipped: tuple[str, ...]


def read(path: Path) -> Labels:
    """Read a label file: rows of a song, up to three paces and any remarks, without a header.

    Raises
    ------
    TrainingError
        If a row cannot be understood; the message names the file and the line.
    """
    songs: dict[str, tuple[float, ...]] = {}
    skipped: dict[str, str] = {}
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            for row in rows:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                place, name = f"{path}:{rows.line_num}", cells[0]
                paces = _row_paces(cells, place)
                if (earlier := lines.setdefault(key(name), rows.line_num)) != rows.line_num:
                    raise TrainingError(f"{place}: {name!r} is already in line {earlier}")
                if paces:
                    songs[name] = paces
                else:
                    skipped[name] = ", ".join(filter(None, cells[1 + PACES :]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"{path}: cannot be read as CSV: {error}") from error
    if not songs:
        raise TrainingError(f"{path}: no song has a pace")
    return Labels(path.stem, songs, skipped)


def agreement(labels: Sequence[Labels], tolerance: float = TOLERANCE) -> list[Agreement]:
    """Compare each labeler with each other.

    Parameters
    ----------
    labels
        One or more labelers; one alone gives an empty list.
    tolerance
        Greatest ratio less one between paces that count as the same.
    """
    return [_agree(first, second, tolerance) for first, second in combinations(labels, 2)]


def combine(labels: Sequence[Labels], how: How, tolerance: float = TOLERANCE) -> dict[str, Truth]:
    """Make one truth of several labelers'.

    Only those who gave a song any pace have a say in it. Paces within the tolerance are one pace, their mean.

    Parameters
    ----------
    labels
        One or more labelers.
    how
        A pace belongs to the truth if anyone names it (``union``), if all do (``intersection``), or if more than
        half do (``majority``; of two labelers, that is both).
    tolerance
        Also that of the truths that are returned.

    Returns
    -------
    dict of str to Truth
        By song, as its first labeler writes it. A song without a pace that enough people name is left out.
    """
    truths = {}
    for song, sets in together(labels).items():
        needed = {"union": 1, "intersection": len(sets), "majority": len(sets) // 2 + 1}[how]
        groups = _merge([(pace, voter) for voter, paces in enumerate(sets) for pace in paces], tolerance)
        kept = [[pace for pace, _ in group] for group in groups if len({voter for _, voter in group}) >= needed]
        if kept:
            truths[song] = Truth(tuple(math.fsum(group) / len(group) for group in kept), (), tolerance)
    return truths


def together(labels: Sequence[Labels]) -> dict[str, list[tuple[float, ...]]]:
    """Return each song's pace sets, one from each labeler who gave any; the first labeler's spelling is its name."""
    spelling: dict[str, str] = {}
    sets: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for person in labels:
        for song, paces in person.songs.items():
            sets[spelling.setdefault(key(song), song)].append(paces)
    return dict(sets)


def near(pace: float, paces: tuple[float, ...], tolerance: float) -> bool:
    """Tell whether a pace is one of several."""
    return any(max(pace, other) <= (1 + tolerance) * min(pace, other) for other in paces)


def _row_paces(cells: list[str], place: str) -> tuple[float, ...]:
    if not cells[0]:
        raise TrainingError(f"{place}: no song is named")
    for cell in cells[1 + PACES :]:
        if (number := _number(cell)) is not None and SLOWEST <= number <= FASTEST:
            raise TrainingError(f"{place}: {cell} would be a fourth pace of {cells[0]!r}; at most {PACES} are read")
    paces = []
    for cell in filter(None, cells[1 : 1 + PACES]):
        number = _number(cell)
        if number is None:
            raise TrainingError(f"{place}: {cell!r} is no pace; remarks go after the third pace's column")
        if not SLOWEST <= number <= FASTEST:
            raise TrainingError(f"{place}: pace {cell} of {cells[0]!r} is outside {SLOWEST:.0f}..{FASTEST:.0f}")
        paces.append(number)
    return tuple(paces)


def _number(cell: str) -> float | None:
    return float(cell) if re.fullmatch(r"[0-9]+(\.[0-9]*)?", cell) else None


def _agree(first: Labels, second: Labels, tolerance: float) -> Agreement:
    theirs = {key(song): paces for song, paces in second.songs.items()}
    both = {song: (paces, theirs[key(song)]) for song, paces in first.songs.items() if key(song) in theirs}
    hits = sum(near(pace, one, tolerance) for one, other in both.values() for pace in other)
    recalled = sum(near(pace, other, tolerance) for one, other in both.values() for pace in one)
    precision = _share(hits, sum(len(other) for _, other in both.values()))
    recall = _share(recalled, sum(len(one) for one, _ in both.values()))
    disputed = {
        song: (one, other)
        for song, (one, other) in both.items()
        if not (all(near(p, other, tolerance) for p in one) and all(near(p, one, tolerance) for p in other))
    }
    rungs: Counter[tuple[bool, bool]] = Counter()
    for one, other in both.values():
        for rung in _ladder((*one, *other), tolerance):
            rungs[near(rung, one, tolerance), near(rung, other, tolerance)] += 1
    skips = [key(song) for person in (first, second) for song in person.skipped]
    return Agreement(
        first=first.labeler,
        second=second.labeler,
        songs=len(both),
        same=_share(len(both) - len(disputed), len(both)),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        kappa=_kappa(rungs),
        disputed=disputed,
        skipped=tuple(song for person in (first, second) for song in person.songs if key(song) in skips),
    )


def _kappa(verdicts: Mapping[tuple[bool, bool], int]) -> float:
    """Return Cohen's kappa (Educational and Psychological Measurement 20, 1960) of the counts of two verdicts."""
    count = sum(verdicts.values())
    if not count:
        return math.nan
    agreed = sum(number for (one, other), number in verdicts.items() if one == other) / count
    yes = [sum(number for said, number in verdicts.items() if said[who]) / count for who in (0, 1)]
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return (agreed - chance) / (1 - chance) if chance < 1 else math.nan


def _ladder(paces: tuple[float, ...], tolerance: float) -> list[float]:
    rungs = [pace * ratio for pace in paces for ratio in (1, 1 / 2, 1 / 3, 2, 3)]
    groups = _merge([(rung, 0) for rung in rungs if SLOWEST <= rung <= FASTEST], tolerance)
    return [math.fsum(rung for rung, _ in group) / len(group) for group in groups]


def _merge(votes: list[tuple[float, int]], tolerance: float) -> list[list[tuple[float, int]]]:
    """Group paces, each with who names it, so that each is within the tolerance of the mean of those below it."""
    groups: list[list[tuple[float, int]]] = []
    for pace, voter in sorted(votes):
        if groups and pace <= (1 + tolerance) * math.fsum(p for p, _ in groups[-1]) / len(groups[-1]):
            groups[-1].append((pace, voter))
        else:
            groups.append([(pace, voter)])
    return groups


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
