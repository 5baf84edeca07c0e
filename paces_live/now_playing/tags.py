"""The title of a file: from its tags, else from its name."""

from pathlib import Path
from typing import Any

from paces_live.now_playing.title import song_title

TITLE = ("title", "TIT2")
ARTIST = ("artist", "TPE1")
"""The names of a tag in files that mutagen reads, and of ID3 inside of WAV and AIFF."""


def file_title(path: Path) -> str | None:
    """Return ``Artist - Title`` from the tags of a file.

    A file without a title, or whose tags cannot be read, goes by its name without suffix: most collections have names
    that say something, and whoever sees them knows the song.
    """
    # Deferred: importing mutagen takes about 50 ms.
    import mutagen

    try:
        file = mutagen.File(path, easy=True)
    except mutagen.MutagenError:
        file = None
    tags = file.tags if file is not None and file.tags is not None else {}
    return song_title(_values(tags, ARTIST), next(iter(_values(tags, TITLE)), None), str(path))


def _values(tags: Any, names: tuple[str, ...]) -> list[str]:
    """Return the values of the first of these tags that is there."""
    found: Any = next((tags[name] for name in names if name in tags), [])
    return [str(value) for value in getattr(found, "text", found)]
