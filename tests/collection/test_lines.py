"""Lines of playlists: where they end, and what their bytes mean."""

import pytest

from paces_live.collection.lines import as_bytes, lines

TEXT = "#EXTM3U\r\nmusic/Café.wav\r\nПесни/Молва.wav\r\n"
RIGHT = [(1, "#EXTM3U"), (2, "music/Café.wav"), (3, "Песни/Молва.wav")]


def read(data: bytes) -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in lines(data)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_every_unicode_encoding_is_recognised(encoding: str, end: str) -> None:
    assert read(TEXT.replace("\r\n", end).encode(encoding)) == RIGHT


def test_utf16_with_the_other_mark_and_a_byte_too_many() -> None:
    assert read(b"\xfe\xff" + TEXT.encode("utf-16-be")) == RIGHT
    assert read(TEXT.encode("utf-16") + b"\n") == RIGHT


def test_only_cr_lf_and_both_end_a_line() -> None:
    text = "One\u2028Two\u2029Three\x85Four\x0bFive\x0cSix\x1cSeven"
    assert read(text.encode()) == [(1, text)]
    assert read(b"a\rb\n\nc\r\nd") == [(1, "a"), (2, "b"), (4, "c"), (5, "d")]


def test_a_mark_between_two_joined_lists_is_no_text() -> None:
    assert read("\ufeffa.wav\n\ufeffb.wav\n".encode()) == [(1, "a.wav"), (2, "b.wav")]


def test_the_bytes_of_a_name_are_kept() -> None:
    [line] = lines(b" caf\xe9.wav \n")
    assert line.raw == " caf\udce9.wav "
    assert line.text == "café.wav"


def test_ascii_with_a_few_zeros_is_not_utf16() -> None:
    assert read(b"a.wav\nb\0.wav\n") == [(1, "a.wav"), (2, "b\0.wav")]


@pytest.mark.parametrize("data", [b"x.wav\0", b"1.wav\n\0", b"a.ogg\nb.ogg\0\0"])
def test_zeros_after_a_short_text_do_not_make_it_utf16(data: bytes) -> None:
    assert as_bytes(data) == data
