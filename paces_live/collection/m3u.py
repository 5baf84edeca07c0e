"""M3U and M3U8: a location per line, with directives in comments."""

import re
from collections.abc import Iterator

from paces_live.collection.entry import Entry, title_and_artist
from paces_live.collection.lines import Line

# Attributes come between the length and the title, and may hold commas in quotes.
_TITLE = re.compile(r'#EXTINF:(?:[^",]|"[^"]*")*+,(.*)', re.IGNORECASE)
_TITLE_AFTER_ANY_COMMA = re.compile(r"#EXTINF:[^,]*,(.*)", re.IGNORECASE)
_ARTIST = re.compile(r"#EXTART:(.*)", re.IGNORECASE)


def m3u_entries(lines: list[Line]) -> Iterator[Entry]:
    r"""Yield what an M3U playlist lists.

    Examples
    --------
    >>> from paces_live.collection.lines import lines
    >>> [entry] = m3u_entries(lines(b'#EXTINF:-1 group-title="a,b",Artist - Title, live\nsong.ogg'))
    >>> entry.location, entry.line, entry.artist, entry.title
    ('song.ogg', 2, 'Artist', 'Title, live')
    """
    caption = artist = ""
    for line in lines:
        if found := _TITLE.fullmatch(line.text) or _TITLE_AFTER_ANY_COMMA.fullmatch(line.text):
            caption = found[1]
        elif found := _ARTIST.fullmatch(line.text):
            artist = found[1]
        elif not line.text.startswith("#"):
            title, performer = title_and_artist(caption, "" if " - " in caption else artist)
            yield Entry(line.text, line.number, title, performer, line.raw)
            caption = artist = ""
