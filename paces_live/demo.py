"""The bundled excerpt: two generated songs of different meter and tempo, with a gap between them.

The first matches the default target, the second does not.
"""

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "DemoSong",
    "excerpt",
    "songs",
]

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class DemoSong:
    """What is known of a song of the excerpt: title, borders in seconds, tempo, meter and compatible paces."""

    title: str
    start: float
    end: float
    tempo: float
    meter: str
    compatible: tuple[float, ...]


def excerpt() -> Path:
    """Return the audio file of the excerpt.

    Examples
    --------
    >>> excerpt().name
    'demo.ogg'
    """
    return DATA / "demo.ogg"


def songs() -> tuple[DemoSong, ...]:
    """Return what is known of its songs, from the scores that they were made from.

    Examples
    --------
    >>> [(song.meter, round(song.tempo)) for song in songs()]
    [('duple', 168), ('triple', 184)]
    """
    records = json.loads((DATA / "demo.json").read_text("utf-8"))
    return tuple(DemoSong(**record | {"compatible": tuple(record["compatible"])}) for record in records)
