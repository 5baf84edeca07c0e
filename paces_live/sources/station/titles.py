"""What plays, from what a station says about it."""

import html
import re

from paces_live.text import decoded, is_url, one_line

MUSIC_SPOTS = "MF"
"""Kinds of iHeart's spots that are music; others are advertisements, news and jingles."""
ESCAPED = 3
"""Times that entities are looked for: what is escaped twice is common."""
_FIELD = re.compile(rb"\s*[A-Za-z]\w*=")
# The title ends where another field begins, or with the fields: quotes and semicolons can be a part of it.
_TITLE = re.compile(rb"StreamTitle=(['\"]?)(.*?)(?:\1;(?=\s*[A-Za-z]\w*=|\s*\Z)|\1?;?\s*\Z)", re.DOTALL | re.IGNORECASE)
_ADVERTISEMENT = re.compile(rb"adw_ad='true'|insertionType='\w*roll'", re.IGNORECASE)
_BREAK = re.compile(r"spot block\b|\w*ad_break\w*$", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'(?<!\w)(\w+)="(.*?)"(?=[\s,]+\w+=|[\s,"]*$)', re.DOTALL)
_KIND = re.compile(r'song_spot=\\*"([a-z])', re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+(?:com|net|org|info|[a-z]{2})(?::\d+)?(?:/\S*)?")
_SEPARATORS = re.compile(r"^(?:[-–—]+(?:\s+|$))+|(?:(?:^|\s+)[-–—]+)+$")


def has_fields(data: bytes) -> bool:
    r"""Return whether `data` can be what an ICY server puts between the bytes of its sound.

    Examples
    --------
    >>> has_fields(b"StreamTitle='';\0"), has_fields(b"\xff\xfb\x90\x64")
    (True, False)
    """
    return not data.strip(b"\0") or _FIELD.match(data) is not None


def stream_title(fields: bytes) -> str | None:
    r"""Return the title in the fields of an ICY server, as the station wrote it.

    Returns
    -------
    title : str or None
        Empty if nothing that has a title plays; None if the fields do not speak of it.

    Examples
    --------
    >>> stream_title(b"StreamTitle='A - 'One'; Two';StreamUrl='';\0\0")
    "A - 'One'; Two"
    >>> stream_title(b"StreamTitle='A - One'"), stream_title(b"StreamUrl='x';")
    ('A - One', None)
    """
    fields = fields.rstrip(b"\0")
    if _ADVERTISEMENT.search(fields):
        return ""
    found = _TITLE.search(fields)
    return None if found is None else decoded(found[2])


def caption(words: str, station: str = "") -> str | None:
    """Return the caption of the song that a station announces.

    Parameters
    ----------
    words : str
        What it announces.
    station : str
        Its name.

    Returns
    -------
    caption : str or None
        ``Artist - Title`` in most cases; None if the announcement names no song.

    Examples
    --------
    >>> caption("A &amp;amp; B - It&#39;s One"), caption(" - "), caption("Radio X -", station="radio x")
    ("A & B - It's One", None, None)
    >>> caption('A - text="One" song_spot="M" MediaBaseId="1"')
    'A - One'
    >>> caption('A - text="Buy it" song_spot="T" MediaBaseId="0"') is None
    True
    """
    for _ in range(ESCAPED):
        words = _ENTITY.sub(lambda found: html.unescape(found[0]), words)
    words = _SEPARATORS.sub("", one_line(_one_of_attributes(words))).strip()
    is_song = not _BREAK.match(words) and not (is_url(words) or _HOST.fullmatch(words)) and not _same(words, station)
    return words if words and is_song else None


def _one_of_attributes(words: str) -> str:
    """Return the caption that attributes describe, such as iHeart's; any other as it is."""
    found = {one[1]: one for one in reversed(list(_ATTRIBUTE.finditer(words)))}
    title = found.get("text") or found.get("title")
    if title is None:
        return words
    # Looked for in the words, because it also occurs within another attribute.
    kind = _KIND.search(words)
    if kind and kind[1].upper() not in MUSIC_SPOTS:
        return ""
    artist = found["artist"][2] if "artist" in found else words[: title.start()].strip(" -,")
    return f"{artist} - {title[2]}" if artist and title[2] else title[2]


def _same(words: str, station: str) -> bool:
    return one_line(words).casefold() == one_line(station).casefold()
