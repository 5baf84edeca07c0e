"""PLS: numbered locations and titles; also the lists of references that older ASX files are."""

import re
from collections.abc import Iterator

from paces_live.collection.entry import Entry, title_and_artist
from paces_live.collection.lines import Line

# Numbers have few digits: Python refuses to read thousands of them.
_VALUE = re.compile(r"[ \t]*(file|ref|title)[ \t]*([0-9]{1,9})[ \t]*=[ \t]*(.*)", re.IGNORECASE | re.ASCII)
_KIND = {"file": "location", "ref": "location", "title": "title"}


def pls_entries(lines: list[Line]) -> Iterator[Entry]:
    r"""Yield what a PLS playlist lists, in the order of its numbers.

    Examples
    --------
    >>> from paces_live.collection.lines import lines
    >>> [entry] = pls_entries(lines(b"[playlist]\ntitle3 = Title\nFILE3 = song.ogg\n; a comment"))
    >>> entry.location, entry.line, entry.title
    ('song.ogg', 3, 'Title')
    """
    values: dict[tuple[str, int], tuple[Line, str, str]] = {}
    for line in lines:
        if found := _VALUE.fullmatch(line.text):
            raw = _VALUE.fullmatch(line.raw)
            values[_KIND[found[1].lower()], int(found[2])] = (line, found[3], raw[3] if raw else found[3])
    for kind, number in sorted(values):
        line, location, raw_location = values[kind, number]
        if kind == "location" and location:
            caption = values.get(("title", number))
            title, artist = title_and_artist(caption[1] if caption else "")
            yield Entry(location, line.number, title, artist, raw_location)
