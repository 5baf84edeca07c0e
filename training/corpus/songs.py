"""The songs of a corpus: what is known of each."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from training.annotations.genres import genre_of
from training.annotations.truth import TOLERANCE, Meter, Truth

SCHEMA = 1


@dataclass(frozen=True)
class Song:
    """A song of the corpus, as its JSON file has it.

    Attributes
    ----------
    id
        Five digits, the song's index.
    audio
        Path of the FLAC file, mono, 22,050 Hz.
    seed
        Seed of the corpus and index of the song: they determine everything.
    tempo
        Felt beats per minute.
    meter
        ``unknown`` for songs that people labelled; nothing is then known of ``time_signature``,
        ``swung``, ``offbeats`` and ``drums`` either.
    swung, offbeats
        See `training.annotations.truth`.
    compatible, taste
        Paces in steps per minute.
    duration
        Seconds of audio.
    split
        ``train``, ``validation`` or ``test``.
    tolerance
        How far from the paces others still count as the same, a ratio.
    steady_s
        Seconds until the ending slows down; infinite if nothing is known of that.
    genre
        One of `training.annotations.genres`, from a file's tag or the groove family; empty if it is not known.
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
    taste: tuple[float, ...]
    soundfont: str
    drums: bool
    duration: float
    split: str
    tolerance: float = TOLERANCE
    steady_s: float = math.inf
    genre: str = ""

    @property
    def truth(self) -> Truth:
        """The paces that fit."""
        return Truth(self.compatible, self.taste, self.tolerance)


def load(folder: Path) -> list[Song]:
    """Read the finished songs of a corpus, in order."""
    return [_read_song(folder, path) for path in sorted((folder / "songs").glob("*.json"))]


def _read_song(folder: Path, path: Path) -> Song:
    data = json.loads(path.read_text(encoding="utf-8"))
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
        taste=tuple(data["taste"]),
        soundfont=data["soundfont"],
        drums=data["drums"],
        duration=data["duration"],
        split=data["split"],
        tolerance=data.get("tolerance", TOLERANCE),
        steady_s=data.get("steady_s", math.inf),
        # Of recordings that people labelled, the family is the artist.
        genre=genre_of(data["genre"] if "genre" in data else data["family"]),
    )


def audio_path(folder: Path, identity: str) -> Path:
    """Return where a song's audio is."""
    return folder / "audio" / f"{identity}.flac"


def json_path(folder: Path, index: int) -> Path:
    """Return where it says what is known of a song; it is written last."""
    return folder / "songs" / f"{index:05d}.json"
