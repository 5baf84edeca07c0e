"""Text of unknown origin: code pages are guessed well, and what is shown is one safe line."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paces_live.text import decoded, decoded_together, json_path, one_line, shown_path
from tests.support.titles import WESTERN, WESTERN_ALONE, records, single


@pytest.mark.parametrize(
    ("code_page", "text"),
    [
        ("cp1251", "Кино - Ночь"),
        ("koi8-r", "Кино - Ночь"),
        ("cp866", "Кино - Ночь"),
        ("cp1250", "Jaromír Nohavica - Darmoděj"),
        ("cp1250", "Brodka - Miałeś być"),
        ("iso8859-2", "Brodka - Miałeś być"),
        ("cp1253", "Μίκης Θεοδωράκης"),
        ("cp1254", "Barış Manço - Dağlar Dağlar"),
        ("cp1255", "עופרה חזה - אם ננעלו"),
        ("cp1256", "فيروز - نسم علينا الهوى"),
        ("cp932", "宇多田ヒカル - 初恋"),
        ("cp932", "くるり"),
        ("euc-jp", "中島みゆき - 地上の星"),
        ("gbk", "周杰伦 - 青花瓷"),
        ("big5", "鄧麗君 - 甜蜜蜜"),
        ("cp949", "서태지와 아이들 - 난 알아요"),
        ("cp874", "คาราบาว - เมดอินไทยแลนด์"),
    ],
)
def test_a_title_is_read_in_its_code_page(code_page: str, text: str) -> None:
    assert decoded(text.encode(code_page)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("Café", "Björk", "Mötley Crüe", "Ænima", "Sigur Rós", "Beyoncé", "Aïcha", "Mylène Farmer", "Così celeste"),
        *("Rock’n’Roll", "Guns N’ Roses – Sweet Child o’ Mine", "Takk…", "“Heroes”", "Live™", "£10 • €5", "½", "¡Ay!"),
        *(
            "¿Qué?",
            "Mediæval Bæbes",
            "MÖTLEY CRÜE",
            "Twenty Øne Piløts",
            "Ø",
            "Nº 1",
            "Ágætis byrjun",
            "Œuvres choisies",
        ),
    ],
)
def test_western_text_stays_western(text: str) -> None:
    assert decoded(text.encode("cp1252")) == text


def test_western_letters_never_become_those_of_another_script() -> None:
    """An ``é`` that turns into a Chinese character is worse than a wrong accent; two texts of symbols alone do it."""
    texts = (WESTERN + WESTERN_ALONE).strip().replace("\n", " | ").split(" | ")
    read = [decoded(text.encode("cp1252")) for text in texts if _fits(text, "cp1252")]
    assert [text for text in read if any(ord(character) >= 0x370 and character.isalpha() for character in text)] == [
        "еА$",
        "ЖЗЖ",
    ]


def test_most_titles_are_right_and_fields_of_a_song_help_each_other() -> None:
    """The figures of docs/decisions/0006-code-pages.md."""
    right: Counter[str] = Counter()
    count = 0
    for code_page, texts in records():
        data = [text.encode(code_page) for text in texts]
        for text, together, part in zip(texts, decoded_together(*data), data, strict=True):
            if not text.isascii():
                count += 1
                right["together"] += together == text
                right["alone"] += decoded(part) == text
    assert count == 1230
    assert right["together"] >= 0.98 * count
    assert right["alone"] >= 0.90 * count


def test_most_titles_that_stand_alone_are_right() -> None:
    pairs = list(single())
    assert len(pairs) > 400
    assert sum(decoded(text.encode(code_page)) == text for code_page, text in pairs) >= 0.93 * len(pairs)


def test_fields_of_one_code_page_are_decided_together() -> None:
    texts = ["初恋", "宇多田ヒカル"]
    assert decoded(texts[0].encode("euc-jp")) != texts[0]
    assert decoded_together(*(text.encode("euc-jp") for text in texts)) == texts
    # Three of its six bytes are by chance UTF-8.
    texts = ["薛之谦", "演员"]
    assert decoded_together(*(text.encode("gbk") for text in texts)) == texts
    assert decoded_together() == []


@pytest.mark.parametrize("text", ["Café – Ночь", "AB", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_as_it_is(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_mark_if_it_is_obvious(encoding: str) -> None:
    for text in ("So What", "Sinéad O’Connor"):
        assert decoded(text.encode(encoding)) == text


def test_a_little_damage_leaves_utf_8() -> None:
    assert decoded("Ночь без сна, и другие".encode()[:30]) == "Ночь без сна, и д"
    lines = "Кино - Ночь\nАлиса - Небо славян\n".encode() + b"caf\xe9\n"
    assert decoded(lines) == "Кино - Ночь\nАлиса - Небо славян\ncaf\ufffd\n"


@given(st.binary(max_size=40))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(decoded(data), str)
    assert len(decoded_together(data, b"\xca\xe8\xed\xee", data)) == 3


def test_the_detector_is_imported_only_when_it_is_needed() -> None:
    program = (
        "import sys; from paces_live.text import decoded; decoded('Café'.encode()); decoded('Café'.encode('utf-16'));"
        "assert 'chardetng_py' not in sys.modules; decoded(b'caf\\xe9'); assert 'chardetng_py' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_is_shown_is_safe() -> None:
    assert one_line("a\x1b[2J\r\nb\u202e") == "a [2J b"
    path = os.fsdecode(b"/m/caf\xe9\n.wav")
    assert shown_path(path) == "/m/caf\ufffd\ufffd.wav"
    assert json_path(path) == "file:///m/caf%E9%0A.wav"


def _fits(text: str, code_page: str) -> bool:
    try:
        text.encode(code_page)
    except UnicodeEncodeError:
        return False
    return True
