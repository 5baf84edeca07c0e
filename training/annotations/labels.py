"""Labels: a CSV with a header, of files with their tempo and meter, or with their paces."""

import csv
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from training.annotations.truth import FASTEST, SLOWEST, Meter, Truth, truth
from training.errors import TrainingError

METERS: Mapping[str, Meter] = MappingProxyType(
    {
        "duple": "duple",
        "triple": "triple",
        "compound": "compound",
        "quintuple": "quintuple",
        "septuple": "septuple",
        "2/4": "duple",
        "4/4": "duple",
        "2/2": "duple",
        "3/4": "triple",
        "6/8": "compound",
        "9/8": "compound triple",
        "12/8": "compound",
        "5/4": "quintuple",
        "7/4": "septuple",
        "7/8": "septuple",
    }
)
"""What the column ``meter`` may hold, and its meter."""
COLUMNS = "a column file, and tempo_bpm and meter, or paces"


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled file.

    Attributes
    ----------
    file
        Its name, or its path below the folder of audio.
    truth
        Its paces.
    tempo
        Felt beats per minute; of a file with paces alone, the first of them.
    meter
        ``unknown`` for a file with paces alone.
    """

    file: str
    truth: Truth
    tempo: float
    meter: Meter


def has_header(path: Path) -> bool:
    """Return whether the first line of a CSV names a column ``file``."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return "file" in (cell.strip() for cell in re.split("[,;\t]", file.readline()))
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"cannot read {path} as CSV: {error}") from error


def read(path: Path) -> list[Label]:
    """Read a CSV of labels.

    Parameters
    ----------
    path
        The header names the columns: ``file``, and ``tempo_bpm`` and ``meter``, from which the paces follow by rule, or
        ``paces``, numbers with spaces between. A row with paces needs no tempo. With ``yes`` in a column ``swung``, the
        off-beats fall on a third of the beat. Other columns are ignored.

    Raises
    ------
    TrainingError
        If the header or a row is invalid; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            header = [(name or "").strip() for name in rows.fieldnames or ()]
            _check(header, path)
            rows.fieldnames = header
            labels: dict[str, tuple[int, Label]] = {}
            for row in rows:
                place = f"{path}:{rows.line_num}"
                if None in row:
                    raise TrainingError(f"{place}: more cells than columns: put a name with a comma into quotes")
                cells = {name: (row[name] or "").strip() for name in header}
                if not any(cells.values()):
                    continue
                label = _label(cells, place)
                if label.file in labels:
                    raise TrainingError(f"{place}: {label.file} is already in line {labels[label.file][0]}")
                labels[label.file] = (rows.line_num, label)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"cannot read {path} as CSV: {error}") from error
    if not labels:
        raise TrainingError(f"{path} has a header and no row: add a row for each song")
    return [label for _, label in labels.values()]


def _check(header: list[str], path: Path) -> None:
    if "file" in header and ("paces" in header or {"tempo_bpm", "meter"} <= set(header)):
        return
    found = textwrap.shorten(", ".join(header), 80) or "nothing"
    if len(header) == 1 and re.search("[;\t]", found):
        raise TrainingError(f"{path}: the columns must be separated by commas: the first line is {found!r}")
    raise TrainingError(f"{path}: the first line must name {COLUMNS}; it has {found}")


def _label(cells: Mapping[str, str], place: str) -> Label:
    file, tempo, meter = cells["file"], cells.get("tempo_bpm", ""), cells.get("meter", "")
    if not file:
        raise TrainingError(f"{place}: the file has no name")
    if paces := [_number(cell, "pace", place) for cell in cells.get("paces", "").split()]:
        first = _number(tempo, "tempo", place) if tempo else paces[0]
        return Label(file, Truth(tuple(sorted(paces))), first, "unknown")
    if not tempo or not meter:
        raise TrainingError(f"{place}: {file} needs tempo_bpm and meter, or paces")
    if meter.lower() not in METERS:
        raise TrainingError(f"{place}: unknown meter {meter!r}: use one of {', '.join(METERS)}")
    swung = cells.get("swung", "").lower()
    if swung not in ("", "yes", "no"):
        raise TrainingError(f"{place}: swung is {swung!r}: write yes or no")
    beat, kind = _number(tempo, "tempo", place), METERS[meter.lower()]
    return Label(file, truth(beat, kind, swung=swung == "yes"), beat, kind)


def _number(cell: str, what: str, place: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        raise TrainingError(f"{place}: {cell!r} is not a {what}: write a number") from None
    if not SLOWEST <= number <= FASTEST:
        raise TrainingError(f"{place}: the {what} {cell} is outside {SLOWEST:.0f}..{FASTEST:.0f}")
    return number
