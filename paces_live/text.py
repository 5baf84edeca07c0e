"""Text of unknown origin: bytes in unknown code pages, and names and titles that may hold anything."""

import codecs
import os
import re
from pathlib import Path
from urllib.parse import quote_from_bytes

LONGEST_LINE = 200
"""Most characters of a title, an artist or an album; anything longer is not one."""
_UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF16_SAMPLE = 4096
"""Bytes that are looked at to recognise UTF-16 without a byte order mark."""
_SUPERSETS = {"shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs"}
"""Codecs that hold what the detector means by a name; Python's codecs of that name lack some characters."""
_NEIGHBOURS = ("windows-1250", "windows-1254", "windows-1257", "iso-8859-2", "iso-8859-4")
"""Code pages of Latin letters, which give most bytes another accent than the Western one does."""
_PUNCTUATION = re.compile(rb"[\x00-\x7f\x85\x91-\x97\x99\xa1]*")
"""ASCII, the ellipsis, quotes, bullet, dashes and trade mark of all code pages of Windows, and ``¡``."""
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_USER = re.compile(r"^((?!file:)[a-z][a-z0-9+.-]+:/+)[^/?#]*@", re.IGNORECASE)
"""User and password in an address, which has one slash if it was taken for a path."""
_DAMAGED = 8
"""Characters of UTF-8 for each damaged one that show UTF-8: ID3v1 cuts within one, and lists gather lines."""
_MISPLACED = r"(?s)[a-zß-ÿ][¢-¦¨¬®¯±-³¶¸¹¼-¾]|[¢-¦¨¬®¯±-³¶¸¹¼-¾][a-zß-ÿ]|¿(?!.*\?)|¡(?!.*!)"
"""Symbols at a letter, or alone, where Western text has none: they are letters of another code page."""


def decoded(data: bytes) -> str:
    r"""Return text in UTF-8 or UTF-16, or else in the most likely code page; bytes that it lacks become U+FFFD.

    Examples
    --------
    >>> decoded("Café".encode()), decoded("Café".encode("cp1252")), decoded(b"\xff\xfeA\x00")
    ('Café', 'Café', 'A')
    >>> decoded("Земфира - Хочешь?".encode("cp1251"))
    'Земфира - Хочешь?'
    """
    return decoded_together(data)[0]


def decoded_together(*parts: bytes) -> list[str]:
    """Return texts that share a code page, such as the artist and the title of a file: together they show it better.

    Examples
    --------
    >>> decoded("红豆".encode("gbk")), decoded_together("王菲".encode("gbk"), "红豆".encode("gbk"))
    ('븐떴', ['王菲', '红豆'])
    """
    texts = [text for part in parts if (text := _unicode(part)) is not None]
    if len(texts) == len(parts):
        return texts
    code_page = _code_page(b"\n".join(parts))
    return [_in_code_page(part, code_page) for part in parts]


def utf16(data: bytes) -> str | None:
    r"""Return the codec of text in UTF-16, known by its byte order mark or by its NULs; None if it is in another.

    Text holds no NUL, but one of two bytes of UTF-16 is one in spaces, digits and Latin letters. In names of files and
    in lists a quarter of the characters are of these, whatever the language. One NUL alone is the end of a text.

    Examples
    --------
    >>> utf16("Кино.mp3".encode("utf-16-be")), utf16("Café".encode("utf-16")), utf16(b"Mix\0")
    ('utf-16-be', 'utf-16-le', None)
    """
    if known := _UTF16_MARKS.get(data[:2]):
        return known
    sample = data[:_UTF16_SAMPLE]
    even, odd = (sample[first::2].count(0) for first in (0, 1))
    if min(even, odd) or max(even, odd) < 2 or max(even, odd) * 4 <= len(sample) // 2:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _unicode(data: bytes) -> str | None:
    """Return text in UTF-8, even if a little of it is damaged, or in UTF-16."""
    if encoding := utf16(data):
        return data.decode(encoding, "replace").removeprefix("\ufeff")
    data = data.removeprefix(codecs.BOM_UTF8)
    text = data.decode(errors="replace")
    if damaged := text.count("\ufffd") - data.count(b"\xef\xbf\xbd"):
        wide = sum(not character.isascii() for character in text) - damaged
        return text.rstrip("\ufffd") if wide >= _DAMAGED * damaged else None
    return text


def _code_page(data: bytes) -> str:
    """Return the likely code page of a short text.

    The detector knows how often letters follow each other in each language. One accented letter shows it too little
    (*Aïcha* is no Latvian), so that such a text is Western: docs/decisions/0006-code-pages.md has the figures.
    """
    if _PUNCTUATION.fullmatch(data):
        return "windows-1252"
    # Deferred: it takes 10 ms, and most text is in UTF-8.
    from chardetng_py import detect

    found: str = detect(data).lower()
    if found in _NEIGHBOURS and _is_western(_in_code_page(data, "windows-1252")):
        return "windows-1252"
    return "shift_jis" if found in {"windows-1251", "windows-1252"} and _is_kana(data) else found


def _is_western(text: str) -> bool:
    """Whether text is plausible as Western, and has at most one accented letter, which is not one that Turkish has."""
    accented = {letter for letter in text.lower() if letter.isalpha() and not letter.isascii()} - {"ª", "º"}
    return len(accented) <= 1 and not accented & {"ð", "þ", "ý"} and not re.search(_MISPLACED, text)


def _is_kana(data: bytes) -> bool:
    """Whether half of the text or more is kana if it is Japanese: other code pages have quotes and symbols there."""
    try:
        wide = [character for character in data.decode("cp932") if not character.isascii()]
    except UnicodeDecodeError:
        return False
    return 2 * sum("ぁ" <= character <= "ヶ" for character in wide) >= len(wide)


def _in_code_page(data: bytes, code_page: str) -> str:
    if code_page == "windows-1252":
        try:
            return data.decode(code_page)
        except UnicodeDecodeError:
            return data.decode("latin-1")  # It has no character for five bytes.
    return data.decode(_SUPERSETS.get(code_page, code_page), "replace")


def one_line(text: str) -> str:
    r"""Return `text` as one short line of printable characters: it must not move the cursor of a terminal.

    Examples
    --------
    >>> one_line("So\x1b[2J  What\n")
    'So [2J What'
    """
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:LONGEST_LINE].rstrip()


def is_url(text: str) -> bool:
    """Return whether `text` is nothing but an address, which players and stations show where they know no title.

    Examples
    --------
    >>> is_url("http://radio.example/live"), is_url("www.radio.example"), is_url("http://a.example is new")
    (True, True, False)
    """
    return _URL.fullmatch(text) is not None


def without_password(address: str) -> str:
    """Return an address without user and password, which nobody else is to see; any other text as it is.

    Examples
    --------
    >>> without_password("http://me:secret@radio.example/live"), without_password("a@b.mp3")
    ('http://radio.example/live', 'a@b.mp3')
    """
    return _USER.sub(r"\1", address)


def shown_path(path: str | Path) -> str:
    r"""Return a path as people see it: bytes that are no UTF-8, and what is not printable, become U+FFFD.

    An address that was given as a path loses its password.

    Examples
    --------
    >>> shown_path(os.fsdecode(b"caf\xe9.wav")), shown_path("a\nb.wav")
    ('caf�.wav', 'a�b.wav')
    """
    shown = without_password(str(path))
    # Nearly all are, and a library has a hundred thousand.
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else "\ufffd" for character in shown)


def json_path(path: str | Path) -> str:
    r"""Return a path as programs get it: unchanged, or as a ``file:`` URI if its bytes are no UTF-8.

    An address that was given as a path loses its password.

    Examples
    --------
    >>> json_path("/music/café.wav"), json_path(os.fsdecode(b"/music/caf\xe9.wav"))
    ('/music/café.wav', 'file:///music/caf%E9.wav')
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "file://" + quote_from_bytes(os.fsencode(Path(path).absolute()))
    return without_password(str(path))
