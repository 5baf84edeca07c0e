"""Labels of a folder of audio: a CSV with a header, a row for each file."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from training.annotations.truth import FASTEST, SLOWEST, Meter, Truth, truth
from training.errors import TrainingError

METERS: Mapping[str, Meter] = MappingProxyType(
    {
        **{name: name for name in ("duple", "triple", "compound", "quintuple")},
        "4/4": "duple",
        "2/4": "duple",
        "2/2": "duple",
        "3/4": "triple",
        "5/4": "quintuple",
        "6/8": "compound",
        "9/8": "compound",
        "12/8": "compound",
    }
)
"""Meters as people write them. The tempo of a compound meter is that of its dotted beats."""
COLUMNS = "file and paces, or file, tempo_bpm and meter"
_BETWEEN = re.compile(r"[\s,;/|]+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file and what is known of it.

    Attributes
    ----------
    file : str
        Its path, relative to the folder of the audio.
    truth : Truth
    tempo : float
        Felt beats per minute; the first of the paces if only those are known.
    meter : Meter
        ``unknown`` if only the paces are known.
    """

    file: str
    truth: Truth
    tempo: float
    meter: Meter


def read(path: Path) -> list[Labelled]:
    """Read the labels of a folder.

    The header names the columns: ``file``, and either ``paces``, such as ``82 164``, or ``tempo_bpm`` and ``meter``.
    Other columns are ignored.

    Raises
    ------
    TrainingError
        The file is not such a CSV; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            names = set(rows.fieldnames or ())
            if "file" not in names or not ("paces" in names or {"tempo_bpm", "meter"} <= names):
                raise TrainingError(f"{path}: the first line must name the columns {COLUMNS}")
            labelled = [_row(row, f"{path}:{rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"cannot read {path} as CSV: {error}") from error
    if not labelled:
        raise TrainingError(f"{path}: no file has a label")
    return labelled


def _row(row: Mapping[str | None, str | None], place: str) -> Labelled:
    cells = {name: (value or "").strip() for name, value in row.items() if name and not isinstance(value, list)}
    if not cells["file"]:
        raise TrainingError(f"{place}: there is no file")
    if cells.get("paces"):
        paces = tuple(_rate(part, place) for part in _BETWEEN.split(cells["paces"]))
        return Labelled(cells["file"], Truth(tuple(sorted(paces))), paces[0], "unknown")
    if not (cells.get("tempo_bpm") and cells.get("meter")):
        raise TrainingError(f"{place}: {cells['file']} has neither paces nor a tempo and a meter")
    meter = METERS.get(cells["meter"].lower())
    if meter is None:
        raise TrainingError(f"{place}: unknown meter {cells['meter']!r}: use one of {', '.join(METERS)}")
    tempo = _rate(cells["tempo_bpm"], place)
    return Labelled(cells["file"], truth(tempo, meter), tempo, meter)


def _rate(text: str, place: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        raise TrainingError(f"{place}: {text!r} is not a rate") from None
    if not SLOWEST <= rate <= FASTEST:
        raise TrainingError(f"{place}: {text} is outside {SLOWEST:.0f}..{FASTEST:.0f} per minute")
    return rate
