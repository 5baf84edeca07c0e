"""Names of songs and of their files: comparison, and separation into artist and title."""

import re
import unicodedata
from pathlib import Path

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".au", ".aif", ".aiff")
"""Suffixes of audio files."""

_SEPARATOR = re.compile(r"\s+[-\u2013\u2014]\s+")
_NUMBER = re.compile(r"^\s*[(\[]?\d{1,3}[)\]]?(?:\s*[-._]\s*|\s+)(?=\S)")


def key(name: str) -> str:
    """Return the letters and digits of a name, without case and accents.

    Examples
    --------
    >>> key("Déjà Vu!")
    'dejavu'
    """
    folded = unicodedata.normalize("NFKD", name).casefold()
    return "".join(filter(str.isalnum, folded)) or folded.strip()


def artist_key(name: str) -> str:
    """Return the key of an artist's name, without its article."""
    return key(re.sub(r"^the\s+", "", name.strip(), flags=re.IGNORECASE))


def bare(song: str) -> str:
    """Return the name of a song without the suffix of an audio file."""
    return song[: -len(Path(song).suffix)] if Path(song).suffix.lower() in SUFFIXES else song


def unnumbered(name: str) -> str:
    """Return a name without the track number at its start."""
    return _NUMBER.sub("", _NUMBER.sub("", name))


def artist_and_title(name: str) -> tuple[str, str]:
    """Return artist and title of a name such as ``Artist - Title``; the artist is empty if there is none.

    The name may have an album and a track number too.

    Examples
    --------
    >>> artist_and_title("Byrds - Greatest Hits - 03 - Hey Mr Tambourine Man")
    ('Byrds', 'Hey Mr Tambourine Man')
    """
    parts = _SEPARATOR.split(unnumbered(name))
    number = next((i for i in range(len(parts) - 1) if re.fullmatch(r"\d{1,3}", parts[i].strip())), None)
    if number is not None and len(parts) - number > 2:
        parts = parts[number + 1 :]  # Album - 12 - Artist - Title
    elif number is not None:
        parts = [*parts[:1], parts[-1]]  # Artist - Album - 12 - Title
    return (parts[0].strip(), " - ".join(parts[1:]).strip()) if len(parts) > 1 else ("", parts[0].strip())
