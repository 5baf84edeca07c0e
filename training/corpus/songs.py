"""The songs of a corpus, as their JSON files describe them."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.annotations.genres import genre_of
from training.annotations.truth import TOLERANCE, Meter, Truth
from training.corpus.timing import Knots, mean_speed
from training.errors import TrainingError

SCHEMA = 2
"""Version of the JSON files; those of version 1 have no curve."""
AMBIGUOUS = "taste"
"""Name of the ambiguous paces in the JSON files, which older versions wrote too."""


@dataclass(frozen=True)
class Song:
    """A song of a corpus.

    Attributes
    ----------
    id
        Five digits, the song's index.
    audio
        Path of the FLAC file, mono, 22,050 Hz.
    seed
        Seed of the corpus and index of the song; together they determine a generated song.
    family
        Groove family of a generated song, artist of an annotated one.
    tempo
        Mean felt beats per minute.
    meter
        ``unknown`` for annotated songs; ``time_signature``, ``swung``, ``offbeats`` and ``drums`` then mean nothing.
    swung, offbeats
        See `training.annotations.truth.truth`.
    compatible, ambiguous
        Paces in steps per minute.
    duration
        Seconds of audio.
    split
        ``train``, ``validation`` or ``test``.
    tolerance
        Largest relative difference at which another pace still counts as one of these.
    steady_s
        Seconds until the ending slows down; infinite if unknown.
    curve
        Local speed of a generated song relative to its tempo; empty if it keeps exact time.
    genre
        One of `training.annotations.genres.GENRES`, from a file's tag or the groove family; empty if unknown.
    """

    id: str
    audio: Path
    seed: tuple[int, int]
    family: str
    grooves: tuple[str, ...]
    meter: Meter
    time_signature: str
    tempo: float
    swung: bool
    offbeats: float
    compatible: tuple[float, ...]
    ambiguous: tuple[float, ...]
    soundfont: str
    drums: bool
    duration: float
    split: str
    tolerance: float = TOLERANCE
    steady_s: float = math.inf
    genre: str = ""
    curve: Knots = ()

    @property
    def annotated(self) -> bool:
        """Whether people annotated the song; otherwise it is generated."""
        return self.meter == "unknown"

    @property
    def truth(self) -> Truth:
        """The known paces, at the mean tempo."""
        return Truth(self.compatible, self.ambiguous, self.tolerance)

    def truth_between(self, start_s: float, end_s: float) -> Truth:
        """Return the paces at the mean tempo between two times, also those that leave the range of paces.

        Which paces are ambiguous is decided by the mean tempo of the song.
        """
        return self.truth.scaled(mean_speed(self.curve, start_s, end_s))

    def record(self) -> dict[str, Any]:
        """Return the fields as the JSON file stores them."""
        stored = {AMBIGUOUS if name == "ambiguous" else name: value for name, value in asdict(self).items()}
        del stored["audio"]
        return stored


@dataclass(frozen=True)
class CorpusUpdate:
    """Result of adding songs to a corpus: songs made, songs that were there, and why others failed, by song."""

    made: int
    found: int
    failed: dict[str, str] = field(default_factory=dict)


def load(folder: Path) -> list[Song]:
    """Read the finished songs of a corpus, in order.

    Raises
    ------
    TrainingError
        If a JSON file does not describe a song.
    """
    return [_read_song(folder, path) for path in sorted((folder / "songs").glob("*.json"))]


def missing(folder: Path, split: str = "") -> str:
    """Return why a corpus has no song, or none of a split, and what to do.

    Examples
    --------
    >>> missing(Path("new/corpus"))
    'no songs in new/corpus: make them with python -m training corpus --work new, or import your own with ...'
    """
    if songs := load(folder):
        return (
            f"none of the {len(songs)} songs in {folder} is in the {split} split: add songs of other groove families "
            "or other artists"
        )
    return (
        f"no songs in {folder}: make them with python -m training corpus --work {folder.parent}, "
        f"or import your own with python -m training annotations LABELS.csv --audio MUSIC --into {folder}"
    )


def truth_record(truth: Truth) -> dict[str, Any]:
    """Return the fields of a truth as the JSON file of a song stores them."""
    return {"compatible": truth.compatible, AMBIGUOUS: truth.ambiguous, "tolerance": truth.tolerance}


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write the JSON file of a song; it appears whole or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def audio_path(folder: Path, identity: str) -> Path:
    """Return the path of a song's audio."""
    return folder / "audio" / f"{identity}.flac"


def json_path(folder: Path, index: int) -> Path:
    """Return the path of a song's JSON file, which is written last."""
    return folder / "songs" / f"{index:05d}.json"


def _read_song(folder: Path, path: Path) -> Song:
    try:
        return _song(folder, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} does not describe a song ({error}): delete it, and make its song again") from error


def _song(folder: Path, data: dict[str, Any]) -> Song:
    return Song(
        id=data["id"],
        audio=audio_path(folder, data["id"]),
        seed=(data["seed"][0], data["seed"][1]),
        family=data["family"],
        grooves=tuple(data["grooves"]),
        meter=data["meter"],
        time_signature=data["time_signature"],
        tempo=data["tempo"],
        swung=data["swung"],
        offbeats=data["offbeats"],
        compatible=tuple(data["compatible"]),
        ambiguous=tuple(data[AMBIGUOUS]),
        soundfont=data["soundfont"],
        drums=data["drums"],
        duration=data["duration"],
        split=data["split"],
        tolerance=data.get("tolerance", TOLERANCE),
        steady_s=data.get("steady_s", math.inf),
        # The family of an annotated song is its artist, which says nothing about the genre.
        genre=genre_of(data["genre"] if "genre" in data else data["family"]),
        curve=tuple((seconds, speed) for seconds, speed in data.get("curve", ())),
    )
