"""The track of a file: from its tags, or else from its name."""

import logging
import math
from dataclasses import replace
from pathlib import Path

from paces_live.collection.items import Item
from paces_live.events import Track
from paces_live.now_playing.tag_readers import FIELDS, Tags, Values, chunk_tags, ffmpeg_tags, mutagen_tags
from paces_live.now_playing.track import make_track
from paces_live.text import LONGEST_LINE, decoded_together, one_line, shown_path

_LONGEST_VALUE = 4 * LONGEST_LINE
"""Most bytes of a value that are decoded: a character has four at most."""
_MOST_VALUES = 20
"""Most values of a field: artists of one song."""
_log = logging.getLogger(__name__)


def file_track(path: Path) -> Track | None:
    """Return the track of a file.

    Each field comes from the first tags that have it: those of the format (of these, ID3v2 before APEv2 before ID3v1),
    then the text chunks of WAV and AIFF files, then what FFmpeg finds in a file that mutagen does not know, or not
    well. If no tags have a title, or they cannot be read, the name of the file without its suffix is the title: most
    collections have names that say something.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> track = file_track(excerpt())
    >>> track.caption, track.duration
    ('demo', 91.0)
    """
    tags, duration = _tags(path)
    texts = {field: values[:_MOST_VALUES] for field, values in tags.items()}
    unknown = [value for values in texts.values() for value in values if isinstance(value, bytes)]
    known = dict(zip(unknown, decoded_together(*(value[:_LONGEST_VALUE] for value in unknown)), strict=True))
    title, artists, album, genres = (
        [known[value] if isinstance(value, bytes) else value for value in texts.get(field, ())] for field in FIELDS
    )
    return make_track(
        title=next(iter(title), None),
        artists=artists,
        album=next(iter(album), None),
        genres=_words(genres),
        location=str(path),
        duration=duration,
    )


def item_track(item: Item) -> Track | None:
    """Return the track of an item: its title in the playlist, or else its tags.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> item_track(Item(excerpt(), title="Waltz and march")).caption
    'Waltz and march'
    >>> item_track(Item(excerpt())).caption
    'demo'
    """
    tags = file_track(item.path)
    if not item.title:
        return tags
    tags = replace(tags or Track(), title=item.title, artist=item.artist)
    if tags.duration is None or item.is_whole:
        return tags
    return replace(tags, duration=min(item.end or tags.duration, tags.duration) - item.start)


def _tags(path: Path) -> tuple[Tags, float | None]:
    """Return the values of the fields, and the duration in seconds."""
    tags: Tags = {}
    duration: float | None = None
    for read in (mutagen_tags, chunk_tags, ffmpeg_tags):
        if read is ffmpeg_tags and duration is not None:
            break
        try:
            for found, length in read(path):
                tags = {field: values for field in FIELDS if (values := tags.get(field) or _said(found, field))}
                if duration is None and length is not None and math.isfinite(length) and length > 0.0:
                    duration = float(length)
        except Exception as error:  # noqa: BLE001 - damaged files make mutagen and FFmpeg raise anything
            _log.info("%s: %s failed (%s)", shown_path(path), read.__name__, one_line(repr(error)))
    return tags, duration


def _said(tags: Tags, field: str) -> Values:
    """Return the values of a field that are not blank; some programs write one twice."""
    return list(dict.fromkeys(value for value in tags.get(field, ()) if value.strip()))


def _words(genres: list[str]) -> list[str]:
    """Return genres with the words of ID3 for their numbers: ``(17)`` and ``17`` are rock."""
    if not any(character.isdecimal() or character == "(" for genre in genres for character in genre):
        return genres
    from mutagen.id3 import TCON

    return [genre for genre in TCON(text=genres).genres if genre != "Unknown"]
