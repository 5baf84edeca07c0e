"""XSPF, ASX, WPL and their relatives: playlists in XML, which is often malformed.

ASX was never XML: its tags have any case, and its addresses hold bare ``&``. So this reads tags one after the other, as
the players do that these lists were written for. It knows no declarations, hence no entities of other files and none
that grow.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from paces_live.collection.entry import Entry, title_and_artist
from paces_live.collection.lines import as_bytes
from paces_live.text import decoded

ROOTS = frozenset({"asx", "playlist", "smil"})
"""The outermost tags of the formats: ASX, XSPF, WPL and ZPL."""
SONGS = frozenset({"track", "entry"})
"""Tags that hold the location and the names of a song in other tags."""
LINKS = {"entryref": "href", "media": "src", "audio": "src"}
"""Tags that are a whole entry, and the attribute with their location."""
WORDS = {"location": "location", "ref": "location", "title": "title", "creator": "artist", "author": "artist"}
"""Tags within a song whose text, or whose attribute ``href``, is kept."""
# No part runs over the next tag, so that damaged text takes no more time than sound text.
_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | <!\[CDATA\[(?P<verbatim>.*?)(?:\]\]>|\Z)
    | <(?P<close>/?)(?:[\w.-]++:)?+(?P<tag>[A-Za-z_][\w.-]*+)
      (?P<attributes>(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*+|[^<>]*+)?)>
    | <[!?][^<>]*>?
    | (?P<text>[^<]+|<)""",
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""(?<![\w.-])(?:[\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|["']?([^\s"'>]+))""")
_ESCAPE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-f]{1,6}));", re.IGNORECASE | re.ASCII)
_ESCAPED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENCODING = re.compile(rb"""<\?xml[^>]{0,99}\sencoding\s*=\s*["']([\w.-]{1,40})["']""")
# Python's names of code pages; it has other codecs, such as unicode_escape, which a list must not choose. Programs that
# do not know say Latin-1.
_CODE_PAGE = re.compile(r"(?!iso8859-1$)(?:big5|cp|euc|gb|iso8859|koi8|mac|shift|tis)[\w-]*")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]")


@dataclass(frozen=True, slots=True)
class _Token:
    """A tag with its attributes, or text; `tag` is empty for text."""

    line: int
    tag: str = ""
    closes: bool = False
    attributes: str = ""
    text: str = ""


def xml_text(data: bytes) -> str:
    """Return the text of an XML file: in UTF-8, or else in the encoding that it declares, or else as `decoded`."""
    data = as_bytes(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    if found := _ENCODING.match(data):
        try:
            page = codecs.lookup(found[1].decode()).name
            if _CODE_PAGE.fullmatch(page):
                return data.decode(page)
        except (LookupError, UnicodeDecodeError):
            pass
    return decoded(data)


def root(text: str) -> str:
    """Return the first tag in lower case without its prefix; empty if `text` does not begin as XML.

    Examples
    --------
    >>> root('<?xml version="1.0"?><!-- mine --><x:playlist>'), root("a < b")
    ('playlist', '')
    """
    if not text.lstrip().startswith("<"):
        return ""
    for token in _tokens(text):
        if token.tag:
            return token.tag
        if token.text.strip():
            return ""
    return ""


def xml_entries(text: str) -> Iterator[Entry]:
    """Yield what a playlist in XML lists.

    Examples
    --------
    >>> [entry] = xml_entries('<ASX><Entry><Title>A & B</title><REF HREF="http://a.example/?x=1&y=2"/></entry></ASX>')
    >>> entry.location, entry.title
    ('http://a.example/?x=1&y=2', 'A & B')
    """
    base = song_base = ""
    song: dict[str, list[str]] | None = None
    words: list[str] | None = None
    line = 0
    for token in _tokens(text):
        if not token.tag:
            if words is not None:
                words.append(token.text)
            continue
        words = None
        if token.tag in SONGS or (token.closes and token.tag in ROOTS):
            yield from _entry(song, line, song_base)
            song = None
        if token.closes:
            continue
        values = attributes(token.attributes)
        given = values.get("base") or (values.get("href") if token.tag == "base" else None)
        link = values.get(LINKS.get(token.tag, ""))
        if token.tag in SONGS:
            song, song_base = {}, given or base
        elif song is None:
            base = given or base
        else:
            song_base = given or song_base
        if link:
            title, artist = values.get("tracktitle", ""), values.get("trackartist", "")
            yield from _entry({"location": [link], "title": [title], "artist": [artist]}, token.line, base)
        elif song is not None and (word := WORDS.get(token.tag)) and word not in song:
            # The first of several locations counts, as the first of several titles does.
            words = song[word] = [values["href"]] if "href" in values else []
            line = token.line if word == "location" else line
    yield from _entry(song, line, song_base)


def xml_playlist(data: bytes) -> list[Entry]:
    r"""Return what a playlist in XML lists; if it is not in UTF-8, also the bytes of its locations.

    Examples
    --------
    >>> xml_playlist(b"<asx><entryref href='caf\xe9.wav'>")
    [Entry(location='café.wav', line=1, title=None, artist=None, raw='caf\udce9.wav', start=0.0, end=None)]
    """
    text, raw = xml_text(data), as_bytes(data).decode(errors="surrogateescape")
    found = list(xml_entries(text))
    raws = found if text == raw else list(xml_entries(raw))
    if raws is found or len(raws) != len(found):
        return found
    return [replace(entry, raw=other.location) for entry, other in zip(found, raws, strict=True)]


def _entry(song: dict[str, list[str]] | None, line: int, base: str) -> Iterator[Entry]:
    """Yield the entry that a song is, if it has a location."""
    location, title, artist = ("".join((song or {}).get(word, ())) for word in ("location", "title", "artist"))
    location = location.replace("\n", " ").strip()
    if not location:
        return
    if not _ABSOLUTE.match(location):
        location = base[: max(base.rfind("/"), base.rfind("\\")) + 1] + location
    yield Entry(location, line, *title_and_artist(title, artist))


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the tags and the texts, without comments and declarations."""
    line = 1
    for found in _TOKEN.finditer(re.sub(r"\r\n?", "\n", text)):
        if found["tag"]:
            yield _Token(line, found["tag"].lower(), closes=bool(found["close"]), attributes=found["attributes"])
        elif found["verbatim"]:
            yield _Token(line, text=found["verbatim"])
        elif found["text"]:
            yield _Token(line, text=_unescaped(found["text"]))
        line += found[0].count("\n")


def attributes(text: str) -> dict[str, str]:
    """Return the attributes of a tag by their names in lower case without prefixes.

    Examples
    --------
    >>> attributes(' x:Name="A &amp; B" Key=7 /')
    {'name': 'A & B', 'key': '7'}
    """
    found = _ATTRIBUTE.finditer(text.strip().removesuffix("/"))
    return {one[1].lower(): _unescaped(one[2] or one[3] or one[4] or "").strip() for one in found}


def _unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        if found[1]:
            return _ESCAPED[found[1].lower()]
        code = int(found[2]) if found[2] else int(found[3], 16)
        # Surrogates would be taken for bytes of a name.
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"

    return _ESCAPE.sub(character, text)
