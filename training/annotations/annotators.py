"""Annotations: the paces that people found compatible with songs, read, compared and combined."""

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path, PurePath
from typing import Literal

from training.annotations import labels
from training.annotations.names import bare, key
from training.annotations.truth import FASTEST, SLOWEST, TOLERANCE, Truth
from training.errors import TrainingError

How = Literal["union", "intersection", "majority"]
"""Ways to combine the annotations of several people; see `combine`."""

PACES = 3
"""Largest number of paces in a row; remarks follow them."""


@dataclass(frozen=True)
class Annotations:
    """The annotations of one person.

    Attributes
    ----------
    annotator
        Name of the file without its suffix.
    songs
        Paces of each song in steps per minute, in the order of the row: the first is the one that came to mind first.
    skipped
        Remarks on each song without a pace.
    ambiguous
        Ambiguous paces of songs, where labels imply them.
    """

    annotator: str
    songs: dict[str, tuple[float, ...]]
    skipped: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """Agreement of two annotators on the songs that both annotated.

    Attributes
    ----------
    first, second
        Their names.
    songs
        Number of songs to which both gave paces.
    same
        Share of these songs with the same set of paces.
    precision, recall, f1
        Of the second annotator's paces, judged by the first's.
    kappa
        Cohen's kappa over the related tempi of each song: all paces that either names, and their halves, thirds,
        doubles and triples within the range. 0 is chance, 1 full agreement, NaN if no tempo divides opinions.
    disputed
        Paces of both for each song on which they differ.
    skipped
        Songs to which one of the two gave a pace and the other none.
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


def read(path: Path) -> Annotations:
    """Read the file of one annotator: rows of a song, up to three paces and any remarks, without a header.

    A file with a header is read as labels, see `training.annotations.labels`.

    Raises
    ------
    TrainingError
        If a row is invalid; the message names the file and the line.
    """
    if labels.has_header(path):
        return _labelled(path)
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
                    raise TrainingError(f"{place}: {name!r} is already in line {earlier}: delete one of the two")
                if paces:
                    songs[name] = paces
                else:
                    skipped[name] = ", ".join(filter(None, cells[1 + PACES :]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"cannot read {path} as CSV: {error}") from error
    if not songs:
        raise TrainingError(f"{path}: no song has a pace")
    return Annotations(path.stem, songs, skipped)


def agreement(annotators: Sequence[Annotations], tolerance: float = TOLERANCE) -> list[Agreement]:
    """Return the agreement of each pair of annotators.

    Parameters
    ----------
    annotators
        A single one gives an empty list.
    tolerance
        Largest relative difference of paces that count as the same.
    """
    return [_agree(first, second, tolerance) for first, second in combinations(annotators, 2)]


def combine(annotators: Sequence[Annotations], how: How, tolerance: float = TOLERANCE) -> dict[str, Truth]:
    """Combine the annotations of several people into one truth for each song.

    Only annotators who gave a song a pace count for it. Paces within the tolerance of each other become their mean.

    Parameters
    ----------
    annotators
        One or more.
    how
        A pace belongs to the truth if anyone names it (``union``), if all name it (``intersection``), or if more than
        half name it (``majority``; of two annotators, both).
    tolerance
        Also the tolerance of the returned truths.

    Returns
    -------
    dict of str to Truth
        By song, as its first annotator spells it. Songs without a pace that enough annotators name are left out.

    Examples
    --------
    >>> anna, ben = Annotations("anna", {"Help": (96.0, 192.0)}), Annotations("ben", {"help": (98.0,)})
    >>> combine([anna, ben], "majority")["Help"].compatible
    (97.0,)
    """
    truths = {}
    unclear: defaultdict[str, set[float]] = defaultdict(set)
    for person in annotators:
        for song, paces in person.ambiguous.items():
            unclear[key(song)].update(paces)
    for song, sets in together(annotators).items():
        needed = {"union": 1, "intersection": len(sets), "majority": len(sets) // 2 + 1}[how]
        groups = _merge([(pace, voter) for voter, paces in enumerate(sets) for pace in paces], tolerance)
        kept = [[pace for pace, _ in group] for group in groups if len({voter for _, voter in group}) >= needed]
        if kept:
            compatible = tuple(math.fsum(group) / len(group) for group in kept)
            truths[song] = Truth(compatible, tuple(sorted(unclear[key(song)])), tolerance)
    return truths


def together(annotators: Sequence[Annotations]) -> dict[str, list[tuple[float, ...]]]:
    """Return the pace sets of each song, one from each annotator who gave any; its name is the first spelling."""
    spelling: dict[str, str] = {}
    sets: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for person in annotators:
        for song, paces in person.songs.items():
            sets[spelling.setdefault(key(song), song)].append(paces)
    return dict(sets)


def near(pace: float, paces: tuple[float, ...], tolerance: float) -> bool:
    """Return whether a pace is within the tolerance of one of several."""
    return any(max(pace, other) <= (1 + tolerance) * min(pace, other) for other in paces)


def _labelled(path: Path) -> Annotations:
    """Return labels as annotations: the tempo comes first, if it is a pace."""
    songs: dict[str, tuple[float, ...]] = {}
    ambiguous: dict[str, tuple[float, ...]] = {}
    names: set[str] = set()
    for label in labels.read(path):
        name = PurePath(label.file).name
        if key(bare(name)) in names:
            raise TrainingError(
                f"{path}: two files are called {name}: rename one, since songs are found by their names"
            )
        names.add(key(bare(name)))
        songs[name] = tuple(sorted(label.truth.compatible, key=lambda pace: abs(pace - label.tempo)))
        ambiguous[name] = label.truth.ambiguous
    return Annotations(path.stem, songs, {}, ambiguous)


def _row_paces(cells: list[str], place: str) -> tuple[float, ...]:
    if not cells[0]:
        raise TrainingError(f"{place}: the song has no name")
    for cell in cells[1 + PACES :]:
        if (number := _number(cell)) is not None and SLOWEST <= number <= FASTEST:
            raise TrainingError(f"{place}: {cell} is a fourth pace of {cells[0]!r}: give at most {PACES}")
    paces = []
    for cell in filter(None, cells[1 : 1 + PACES]):
        number = _number(cell)
        if number is None:
            raise TrainingError(f"{place}: {cell!r} is not a pace: put remarks after the third pace's column")
        if not SLOWEST <= number <= FASTEST:
            raise TrainingError(f"{place}: pace {cell} of {cells[0]!r} is outside {SLOWEST:.0f}..{FASTEST:.0f}")
        paces.append(number)
    return tuple(paces)


def _number(cell: str) -> float | None:
    return float(cell) if re.fullmatch(r"[0-9]+(\.[0-9]*)?", cell) else None


def _agree(first: Annotations, second: Annotations, tolerance: float) -> Agreement:
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
    votes: Counter[tuple[bool, bool]] = Counter()
    for one, other in both.values():
        for tempo in _related_tempi((*one, *other), tolerance):
            votes[near(tempo, one, tolerance), near(tempo, other, tolerance)] += 1
    skips = [key(song) for person in (first, second) for song in person.skipped]
    return Agreement(
        first=first.annotator,
        second=second.annotator,
        songs=len(both),
        same=_share(len(both) - len(disputed), len(both)),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        kappa=_kappa(votes),
        disputed=disputed,
        skipped=tuple(song for person in (first, second) for song in person.songs if key(song) in skips),
    )


def _kappa(votes: Mapping[tuple[bool, bool], int]) -> float:
    """Return Cohen's kappa (Educational and Psychological Measurement 20, 1960) of the counts of pairs of votes."""
    count = sum(votes.values())
    if not count:
        return math.nan
    agreed = sum(number for (one, other), number in votes.items() if one == other) / count
    yes = [sum(number for pair, number in votes.items() if pair[annotator]) / count for annotator in (0, 1)]
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return (agreed - chance) / (1 - chance) if chance < 1 else math.nan


def _related_tempi(paces: tuple[float, ...], tolerance: float) -> list[float]:
    tempi = [pace * ratio for pace in paces for ratio in (1, 1 / 2, 1 / 3, 2, 3)]
    groups = _merge([(tempo, 0) for tempo in tempi if SLOWEST <= tempo <= FASTEST], tolerance)
    return [math.fsum(tempo for tempo, _ in group) / len(group) for group in groups]


def _merge(votes: list[tuple[float, int]], tolerance: float) -> list[list[tuple[float, int]]]:
    """Group (pace, annotator) pairs so that each pace is within the tolerance of the mean of those below it."""
    groups: list[list[tuple[float, int]]] = []
    for pace, voter in sorted(votes):
        if groups and pace <= (1 + tolerance) * math.fsum(p for p, _ in groups[-1]) / len(groups[-1]):
            groups[-1].append((pace, voter))
        else:
            groups.append([(pace, voter)])
    return groups


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
