"""Songs of every kind in a library, and what an export has made of them."""

from pathlib import Path

from paces_live.events import SongPace, Track
from paces_live.library.store import Library
from tests.support.encoded import encoded
from tests.support.library import fill

KINDS = ("mp3", "flac", "m4a", "opus")
"""Formats of the songs, in turn."""
SECONDS = 200.0
"""Length of the first song as the library has it; each other one is a second longer."""


def music(folder: Path, library: Path, count: int = 12, seconds: float = 0.5) -> Path:
    """Write songs of short sounds, whose paces are 150 and up, and put them into a library as if they were whole."""
    folder.mkdir()
    songs = []
    sounds = {kind: encoded(kind, seconds) for kind in KINDS}
    for number in range(count):
        path = folder / f"#{number} é.{KINDS[number % len(KINDS)]}"
        path.write_bytes(sounds[path.suffix[1:]])
        beat = 150.0 + number
        track = Track(title=f"Só {number}?", artist=f"Bänd {number % 5}", album="Álbum")
        songs.append((str(path), [SongPace(beat, 0.9, 1.0), SongPace(beat / 2.0, 0.9, 1.0)], beat, track))
    with Library(library) as opened:
        fill(opened, *songs)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def listed(folder: Path) -> list[str]:
    """Return the names that the playlist in a folder lists."""
    lines = (folder / "paces-live.m3u8").read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]
