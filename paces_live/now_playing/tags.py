"""The track of a file: from its tags, or else from its name."""

from pathlib import Path
from typing import Any

from paces_live.events import Track
from paces_live.now_playing.track import make_track

TITLE = ("title", "TIT2")
ARTIST = ("artist", "TPE1")
ALBUM = ("album", "TALB")
"""Names of a tag in files that mutagen reads, and in ID3 inside WAV and AIFF."""


def file_track(path: Path) -> Track | None:
    """Return the track of a file.

    If its tags have no title or cannot be read, the name of the file without its suffix is the title: most collections
    have names that say something.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> track = file_track(excerpt())
    >>> track.caption, track.duration
    ('demo', 91.0)
    """
    # Deferred: importing mutagen takes about 50 ms.
    import mutagen

    try:
        file = mutagen.File(path, easy=True)
    except mutagen.MutagenError:
        file = None
    tags = file.tags if file is not None and file.tags is not None else {}
    length = getattr(getattr(file, "info", None), "length", 0.0)
    return make_track(
        title=_first(tags, TITLE),
        artists=_values(tags, ARTIST),
        album=_first(tags, ALBUM),
        location=str(path),
        duration=float(length) or None,
    )


def _first(tags: Any, names: tuple[str, ...]) -> str | None:
    return next(iter(_values(tags, names)), None)


def _values(tags: Any, names: tuple[str, ...]) -> list[str]:
    """Return the values of the first of these tags that exists."""
    found: Any = next((tags[name] for name in names if name in tags), [])
    return [str(value) for value in getattr(found, "text", found)]
