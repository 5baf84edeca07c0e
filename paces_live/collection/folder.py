"""The music in a folder and in the folders in it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from paces_live.collection.items import Item, Unreadable
from paces_live.errors import SourceError, cannot_open
from paces_live.text import shown_path

SOUND = frozenset(
    {
        *(".aac", ".aa3", ".ac3", ".adts", ".aif", ".aifc", ".aiff", ".amr", ".ape", ".au", ".awb", ".bwf", ".caf"),
        *(".dff", ".dsf", ".dts", ".dtshd", ".eac3", ".ec3", ".flac", ".m4a", ".m4b", ".m4r", ".mka", ".mp+", ".mp1"),
        *(".mp2", ".mp3", ".mpa", ".mpc", ".mpga", ".mpp", ".oga", ".ogg", ".oma", ".opus", ".ra", ".rf64", ".shn"),
        *(".snd", ".spx", ".tak", ".thd", ".tta", ".voc", ".w64", ".wav", ".wave", ".weba", ".wma", ".wv"),
    }
)
"""Suffixes of sound alone: what libsndfile reads, and what FFmpeg adds."""
CONTAINERS = frozenset({".mkv", ".mp4", ".webm"})
"""Suffixes of sound or pictures with sound: those that yt-dlp writes. Films in others (avi, mov, ts) are left out."""
MUSIC = SOUND | CONTAINERS
"""Suffixes that are taken from a folder; a file that you name yourself is tried with any suffix."""


def music_in(folder: Path, *, again: bool = False) -> Iterator[Item | Unreadable]:
    """Yield the music in a folder, the files of each folder before those of the folders in it, in natural order.

    Hidden files and folders are left out, and so is everything that is no regular file. Symbolic links are followed;
    each real file and each real folder comes once. What cannot be opened does not stop the rest.

    Parameters
    ----------
    folder : Path
    again : bool
        Whether a real file comes again if a link leads to it, too: then memory does not grow with the files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for song in ("10 Last.ogg", "2 First.ogg", "cover.jpg"):
    ...         (Path(name) / song).touch()
    ...     [item.path.name for item in music_in(Path(name))]
    ['2 First.ogg', '10 Last.ogg']
    """
    empty = True
    for one in _walk(folder, again=again):
        empty = False
        yield one
    if empty:
        yield Unreadable(
            folder,
            SourceError(f"{shown_path(folder)}: holds no music", hint="give a folder of WAV, FLAC, OGG or MP3 files"),
        )


def real_path(path: Path) -> str:
    """Return a path without symbolic links, as far as they may be read."""
    try:
        return os.path.realpath(path)
    except OSError:
        return str(path.absolute())


def real_name(path: Path) -> Path:
    """Return the one name of a file or a folder: without links to folders, but a linked file keeps its name."""
    return Path(real_path(path)) if path.is_dir() else Path(real_path(path.parent), path.name)


def _walk(folder: Path, *, again: bool) -> Iterator[Item | Unreadable]:
    # Real paths, not inodes: file systems of networks and of Windows do not always have inodes that differ.
    seen: set[str] = set()
    waiting = [(folder, real_path(folder))]
    while waiting:
        place, real_place = waiting.pop()
        if real_place in seen:
            continue
        seen.add(real_place)
        try:
            with os.scandir(place) as listed:
                entries = sorted((entry for entry in listed if not entry.name.startswith(".")), key=_natural)
        except OSError as error:
            yield Unreadable(place, cannot_open(shown_path(place), error))
            continue
        folders = []
        for entry in entries:
            path = place / entry.name
            real = real_path(path) if entry.is_symlink() else os.path.join(real_place, entry.name)  # noqa: PTH118
            is_music = path.suffix.lower() in MUSIC
            try:
                if entry.is_dir():
                    folders.append((path, real))
                elif entry.is_file() and is_music and real not in seen:
                    if not again:
                        seen.add(real)
                    yield Item(path)
                elif is_music and not path.exists():
                    yield Unreadable(path, _dead_link(path))
            except OSError as error:
                # A link that leads where you may not look could be an album; one that leads to itself is nothing.
                if is_music or isinstance(error, PermissionError):
                    yield Unreadable(path, cannot_open(shown_path(path), error))
        waiting += reversed(folders)


def _dead_link(path: Path) -> SourceError:
    return SourceError(
        f"{shown_path(path)}: is a link to a file that does not exist",
        hint="check that its disk is connected, or remove it",
        code="source.not_found",
    )


def _natural(entry: os.DirEntry[str]) -> tuple[tuple[str, int, str], ...]:
    """Return a sorting key that compares numbers as numbers."""
    parts = re.findall(r"(\D*)(\d*)", entry.name)
    return tuple((text.casefold(), int(digits or -1), text + digits) for text, digits in parts)
