"""The list of recordings: facts about songs that anyone can download, ``training/recordings.csv``."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from training.annotations.names import artist_key
from training.annotations.truth import Meter, Truth
from training.corpus.recordings import SHARES, Recording, assign, inseparable
from training.errors import TrainingError

COLUMNS = (
    *("package", "path", "title", "artist", "licence", "family", "split"),
    *("tempo_bpm", "meter", "paces", "ambiguous", "label_from"),
)
"""Columns of the list."""
SEVERAL = re.compile(r"\s*(?:[,&+]|\s/\s|\band\b|\bfeat\.?\s)\s*")
"""What stands between the names of several artists."""
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "Alexander Zhelanov": "Alexandr Zhelanov",
        "elysis": "Gerd (elysis) Raudenbusch",
        "www.elysis.de": "Gerd (elysis) Raudenbusch",
        "Klaus Halfmann aka Hasi50": "Klaus Halfmann",
        "www.indiedb.com": 'Christian "Crystan" Hoffmann',
        "http://zhaymusic.com/": "Joseph G. Toscano (Zhaytee)",
    }
)
"""Artists who have other names in some tags."""
METER: Meter = "duple"
"""Meter of all songs: those that may have another one are left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording of the list.

    Attributes
    ----------
    package
        Debian package.
    path
        Path in the package, see `training.recordings.packages.fetch`.
    title, artist
        From the tags of the file; without them, the name of the file, and its copyright holder, who may be unknown.
    licence
        Short name of the licence, from the package.
    family
        Name of the songs that stay in one split: those that share an artist, a title, or a package in which not all
        artists are named.
    split
        ``train``, ``validation`` or ``test``.
    tempo
        Felt beats per minute.
    compatible, ambiguous
        Paces in steps per minute.
    label_from
        The programs that agree on the tempo.
    """

    package: str
    path: str
    title: str
    artist: str
    licence: str
    family: str
    split: str
    tempo: float
    compatible: tuple[float, ...]
    ambiguous: tuple[float, ...]
    label_from: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package and the path: no other recording has this name."""
        return f"{self.package}/{self.path}"

    @property
    def truth(self) -> Truth:
        """The known paces."""
        return Truth(self.compatible, self.ambiguous)


@dataclass(frozen=True)
class _Piece(Recording):
    """A recording whose package stays in one split, too, unless it names all its artists."""

    package: str = ""

    @property
    def works(self) -> tuple[str, ...]:
        names = (ALIASES.get(name, name) for name in SEVERAL.split(self.artist))
        return (
            *(f"artist {artist_key(name)}" for name in names if artist_key(name)),
            *((f"package {self.package}",) if self.package else ()),
        )


def divide(entries: Iterable[Entry], seed: int = 1) -> list[Entry]:
    """Return the entries with their families and splits, 60/20/20 by family, in order of their names.

    Examples
    --------
    >>> song = Entry("a-music", "1.ogg", "One", "Ann", "GPL-2+", "", "", 120.0, (120.0,), (), ("mixxx",))
    >>> both = replace(song, package="b-music", artist="Ann & Ben")
    >>> unknown = replace(song, package="b-music", path="2.ogg", artist="")
    >>> {entry.family for entry in divide([song, both, unknown])}
    {'Ann'}
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    unnamed = {entry.package for entry in ordered if not entry.artist}
    of_name = {entry.name: entry for entry in ordered}
    pieces = [
        _Piece(name, Path(), entry.artist, entry.title, "", entry.package if entry.package in unnamed else "")
        for name, entry in of_name.items()
    ]
    split_of = assign(pieces, seed)
    family_of: dict[str, str] = {}
    for group in inseparable(pieces, seed):
        artists = Counter(piece.artist for piece in group if piece.artist)
        family = min(artists, key=lambda name: (-artists[name], name)) if artists else of_name[group[0].song].package
        family_of |= dict.fromkeys((piece.song for piece in group), family)
    return [replace(entry, family=family_of[name], split=split_of[name]) for name, entry in of_name.items()]


def read(path: Path) -> list[Entry]:
    """Read a list of recordings.

    Raises
    ------
    TrainingError
        If a row is invalid; the message names the line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            return [_entry(row, f"{path}:{rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"cannot read {path} as CSV: {error}") from error


def write(entries: Iterable[Entry], path: Path) -> None:
    """Write a list of recordings."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for entry in entries:
            facts = (entry.package, entry.path, entry.title, entry.artist, entry.licence, entry.family, entry.split)
            paces = (_spm(entry.compatible), _spm(entry.ambiguous))
            rows.writerow((*facts, f"{entry.tempo:.2f}", METER, *paces, " ".join(entry.label_from)))


def _entry(row: Mapping[str, str], place: str) -> Entry:
    try:
        if row["meter"] != METER or row["split"] not in SHARES:
            raise ValueError("unknown meter or split")  # noqa: TRY301
        compatible, ambiguous = (tuple(map(float, row[name].split())) for name in ("paces", "ambiguous"))
        return Entry(
            package=row["package"],
            path=row["path"],
            title=row["title"],
            artist=row["artist"],
            licence=row["licence"],
            family=row["family"],
            split=row["split"],
            tempo=float(row["tempo_bpm"]),
            compatible=compatible,
            ambiguous=ambiguous,
            label_from=tuple(row["label_from"].split()),
        )
    except (KeyError, AttributeError, ValueError) as error:
        raise TrainingError(f"{place}: not a recording ({error}): {dict(row)}") from error


def _spm(paces: Iterable[float]) -> str:
    return " ".join(f"{pace:.2f}" for pace in paces)
