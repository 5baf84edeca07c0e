"""Playlists: what they list, in whichever format they are.

The content says which format it is, because servers and people give wrong suffixes; the suffix decides if it does not.
"""

import re
import stat
from pathlib import Path
from typing import Literal

from paces_live.collection.cue import cue_entries
from paces_live.collection.entry import Entry
from paces_live.collection.folder import MUSIC
from paces_live.collection.lines import Line, as_bytes, lines
from paces_live.collection.m3u import m3u_entries
from paces_live.collection.pls import pls_entries
from paces_live.collection.xml import ROOTS, root, xml_playlist, xml_text
from paces_live.errors import SourceError, cannot_open
from paces_live.text import shown_path

Format = Literal["cue", "m3u", "pls", "xml"]
SUFFIXES: dict[str, Format] = {
    **dict.fromkeys((".m3u", ".m3u8"), "m3u"),
    ".pls": "pls",
    **dict.fromkeys((".asx", ".wax", ".wpl", ".wvx", ".xspf", ".zpl"), "xml"),
    ".cue": "cue",
}
"""Suffixes of playlists, with their formats."""
MOST_BYTES = 16 << 20
"""Size of the largest playlist: a hundred thousand songs."""
MOST_LINES = 1_000_000
"""Most lines, or tags, of a playlist: each takes some memory and some microseconds."""
_PLS = re.compile(r"\[(playlist|reference)\]|(file|ref)\d{1,9}\s*=.*", re.IGNORECASE | re.ASCII)
_BEGINNING = re.compile(rb"\s*(#EXTM3U|\[playlist\]|<asx\b|<\?[wz]pl\b)", re.IGNORECASE)
_CUE_TRACK = re.compile(r"TRACK\s+\d+\s+\w+.*", re.IGNORECASE)
_CUE_FILE = re.compile(r"FILE\s+\S.*", re.IGNORECASE)


def read_playlist(path: Path) -> list[Entry]:
    """Return what the playlist in a file lists.

    Raises
    ------
    SourceError
        It cannot be opened, is too large, is no playlist or lists nothing.
    """
    name = shown_path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A named pipe would wait for a writer.
            raise SourceError(f"{name}: is not a regular file", hint="give a playlist in a file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise cannot_open(name, error) from error
    return entries(data, name=name, suffix=path.suffix)


def begins_as_playlist(path: Path) -> bool:
    """Return whether a file of an unknown suffix begins as no music does, but as a playlist."""
    if path.suffix.lower() in MUSIC:
        return False
    try:
        with path.open("rb") as file:
            return _BEGINNING.match(as_bytes(file.read(256))) is not None
    except OSError:
        return False


def entries(data: bytes, *, name: str, suffix: str = "") -> list[Entry]:
    r"""Return what a playlist lists: at least one entry.

    Parameters
    ----------
    data : bytes
        The playlist: M3U, PLS, XSPF, ASX, WPL or a CUE sheet.
    name : str
        What error messages call it.
    suffix : str
        Suffix of its name, in any case.

    Raises
    ------
    SourceError
        It is too large, is no playlist or lists nothing.

    Examples
    --------
    >>> [entry.location for entry in entries(b"[playlist]\nFile1=http://radio.example/a\n", name="radio.example")]
    ['http://radio.example/a']
    """
    if len(data) > MOST_BYTES or max(map(data.count, (b"\n", b"\r", b"<"))) > MOST_LINES:
        raise SourceError(
            f"{name}: is too large for a playlist",
            hint=f"give one of at most {MOST_BYTES >> 20} MiB and a million lines",
        )
    # Programs of DOS end a text with Ctrl-Z, and some pad it with zeros.
    data = as_bytes(data).rstrip(b"\0\x1a")
    if b"\0" in data:
        raise SourceError(f"{name}: is not a playlist", hint="give an M3U, PLS, XSPF, ASX, WPL or CUE file")
    tag = root(xml_text(data))
    if tag and tag not in ROOTS:
        raise SourceError(
            f"{name}: is not a playlist: it begins with <{tag[:20]}>", hint="give the address or the file of a playlist"
        )
    found = xml_playlist(data) if tag else _plain_entries(lines(data), suffix)
    if not found:
        raise SourceError(f"{name}: lists nothing to play", hint="give a playlist with one file per line")
    return found


def _plain_entries(given: list[Line], suffix: str) -> list[Entry]:
    match _format(given) or SUFFIXES.get(suffix.lower()):
        case "pls":
            return list(pls_entries(given))
        case "cue":
            return list(cue_entries(given))
        case "xml":
            return []
    return list(m3u_entries(given))


def _format(given: list[Line]) -> Format | None:
    """Return the format that the lines show, if they do."""
    if any(line.text[:4].upper() == "#EXT" for line in given[:1]):
        return "m3u"
    if any(_PLS.fullmatch(line.text) for line in [one for one in given if one.text[0] not in ";#"][:1]):
        return "pls"
    if any(_CUE_TRACK.fullmatch(line.text) for line in given) and any(_CUE_FILE.fullmatch(line.text) for line in given):
        return "cue"
    return None
