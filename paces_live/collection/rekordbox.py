"""The collection of rekordbox as it exports it in XML: https://rekordbox.com/en/support/developer/.

Only tags and attributes are read, one after the other: no declarations, hence no entities of other files and none that
grow.
"""

import re
from pathlib import Path

from paces_live.collection.entry import Entry, title_and_artist
from paces_live.collection.mixxx import Collection
from paces_live.collection.xml import attributes
from paces_live.errors import SourceError, cannot_open
from paces_live.text import shown_path

BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)?<DJ_PLAYLISTS\b")
"""How a file of this format begins."""
MOST_BYTES = 1 << 29
"""Size of the largest collection: a hundred thousand tracks with their beat grids."""
# No part runs over the next tag, so that damaged text takes no more time than sound text.
_TAG = re.compile(
    rb"""<!--.*?(?:-->|\Z)
    | <(?P<close>/?)(?P<tag>TRACK|NODE)\b(?P<attributes>(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*+|[^<>]*+)?)>""",
    re.DOTALL | re.VERBOSE,
)
_LIST, _BY_LOCATION = "1", "1"
"""Types of a node and of the keys in it; those of a folder and of a number are 0."""


def read(path: Path) -> Collection:
    """Return the tracks, and the playlists with the folders that they are in.

    Raises
    ------
    SourceError
        The file cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise cannot_open(shown_path(path), error) from error
    if len(data) > MOST_BYTES:
        hint = f"export at most {MOST_BYTES >> 20} MiB, such as single playlists"
        raise SourceError(f"{shown_path(path)}: is too large for a collection", hint=hint)
    return collection(data)


def collection(data: bytes) -> Collection:
    """Return the tracks and the playlists in a file.

    Examples
    --------
    >>> found = collection(
    ...     b'<DJ_PLAYLISTS><TRACK TrackID="7" Name="So What" Location="file://localhost/a.mp3"/>'
    ...     b'<NODE Type="0" Name="ROOT"><NODE Type="0" Name="Sets"><NODE Type="1" Name="Run"><TRACK Key="7"/></NODE>'
    ... )
    >>> [(name, entry.location) for name, entries in found.crates for entry in entries]
    [('Sets/Run', 'file://localhost/a.mp3')]
    """
    found = Collection([])
    known: dict[str, Entry] = {}
    # The nodes that are open; the outermost is the root, which no program shows.
    nodes: list[dict[str, str]] = []
    for tag in _TAG.finditer(data):
        if tag["tag"] is None:
            continue
        if tag["close"]:
            if tag["tag"] == b"NODE" and nodes:
                nodes.pop()
            continue
        words = tag["attributes"].decode(errors="replace")
        values = attributes(words)
        if tag["tag"] == b"NODE":
            if values.get("type") == _LIST:
                names = [one.get("name", "") for one in (*nodes[1:], values)]
                found.crates.append(("/".join(names), []))
            if not words.rstrip().endswith("/"):
                nodes.append(values)
        elif location := values.get("location"):
            entry = Entry(location, 0, *title_and_artist(values.get("name", ""), values.get("artist", "")))
            known[f"#{values.get('trackid')}"] = known[location] = entry
            found.tracks.append(entry)
        elif nodes and found.crates and (key := values.get("key")):
            by_location = nodes[-1].get("keytype") == _BY_LOCATION
            if track := known.get(key if by_location else f"#{key}"):
                found.crates[-1][1].append(track)
    return found
