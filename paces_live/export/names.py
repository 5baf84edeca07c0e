"""Names of copies that every player can show and every file system can hold.

Such a name is printable ASCII and obeys the rules of FAT, which are those of Windows:
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file. It begins with a number. So no name is that of a
device such as ``CON``, and two names differ in more than capitals.
"""

import re
import unicodedata

from paces_live.export.song import Song

__all__ = ["file_name", "in_ascii"]

LONGEST = 100
"""Most characters of a name: some players show or read no more than 128 with the folder."""
MOST_OF_ARTIST = 40
"""Most characters of an artist, so that there is room for the title."""
FEWEST_DIGITS = 3
_LETTERS = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэіўґєђјљњћџѕ", "abvgdeziiklmnoprstufyeiugedjlnkdz", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
    | {"ё": "yo", "ї": "yi", "ђ": "dj", "ѓ": "gj", "љ": "lj", "њ": "nj", "ќ": "kj", "џ": "dz"}
    | dict(zip("αβγδεζηικλμνξοπρσςτυω", "avgdeziiklmnxoprsstyo", strict=True))
    | {"θ": "th", "φ": "f", "χ": "ch", "ψ": "ps"}
    | {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ı": "i",
        "ħ": "h",
        "ŋ": "ng",
    }
    | {"‘": "'", "’": "'", "‚": "'", "“": "'", "”": "'", "„": "'", "«": "'", "»": "'", "´": "'", "′": "'", "`": "'"}
    | {
        "‐": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "⁄": "-",
        "×": "x",
        "•": "-",
        "·": "-",
        "・": " ",
        "№": "No",
        "€": "E",
    }
)
"""Letters that do not fall apart into a Latin one and its accents: Cyrillic, Greek, and signs."""
_RESERVED = str.maketrans({"/": "-", "\\": "-", "|": "-", ":": "-", '"': "'", "<": "(", ">": ")", "?": "", "*": ""})
"""What FAT does not take in a name."""
_SYLLABLE = re.compile(r"(?:HANGUL SYLLABLE|HIRAGANA LETTER|KATAKANA LETTER)(?: SMALL)? (\w+)")
"""Names in Unicode of signs that stand for a syllable, which say how it sounds."""


def file_name(number: int, count: int, song: Song, suffix: str) -> str:
    """Return the name of one of `count` copies: its number, its pace, its artist and its title.

    Parameters
    ----------
    number, count : int
        Its place from 1 on, and how many there are: all numbers have as many digits as that, and at least three.
    song : Song
    suffix : str
        With its point.

    Examples
    --------
    >>> from pathlib import Path
    >>> file_name(1, 12, Song(Path("a.ogg"), "Où? / Là", "AC/DC", spm=164.8), ".ogg")
    '001 165 AC-DC - Ou - La.ogg'
    >>> file_name(12, 12, Song(Path("a.ogg"), "红豆"), ".MP3")
    '012.mp3'
    """
    end = "." + re.sub(r"\W", "", in_ascii(suffix).lower()) if suffix.strip(". ") else ""
    digits = max(FEWEST_DIGITS, len(f"{count}"))
    artist = _plain(song.artist if song.title else None)[:MOST_OF_ARTIST].rstrip(" .-")
    words = " - ".join(filter(None, (artist, _plain(song.title))))
    pace = "" if song.spm is None else f"{song.spm:.0f}"
    stem = " ".join(filter(None, (f"{number:0{digits}}", pace, words)))
    return stem[: LONGEST - len(end)].rstrip(" .-") + end


def in_ascii(text: str) -> str:
    """Return text in ASCII, as its letters sound; scripts that say nothing of their sound are left out.

    Examples
    --------
    >>> in_ascii("Žižka – Ænima"), in_ascii("Земфира Хочешь"), in_ascii("Βαγγέλης"), in_ascii("소녀 かな")
    ('Zizka - Aenima', 'Zemfira Khochesh', 'Vaggelis', 'sonyeo kana')
    """
    return "".join(map(_sound, unicodedata.normalize("NFC", text)))


def _sound(character: str) -> str:
    """Return how a character sounds, in ASCII; empty if it does not say."""
    if character.isascii():
        return character
    small = character.lower()
    sound = small.translate(_LETTERS)
    if sound == small:
        if syllable := _SYLLABLE.fullmatch(unicodedata.name(character, "")):
            return syllable[1].lower()
        apart = unicodedata.normalize("NFKD", character)
        return "".join(map(_sound, apart)) if apart != character else ""
    return sound if small == character else sound[:1].upper() + sound[1:]


def _plain(text: str | None) -> str:
    """Return a part of a name in characters that every file system takes, without spaces and points around it."""
    kept = in_ascii(text or "").translate(_RESERVED)
    return " ".join("".join(character if character.isprintable() else " " for character in kept).split()).strip(" .-")
