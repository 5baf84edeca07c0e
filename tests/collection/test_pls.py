"""PLS: numbers decide the order, whatever the order and case of the keys."""

import pytest

from paces_live.collection.lines import lines
from paces_live.collection.playlist import entries
from paces_live.collection.pls import pls_entries


def read(text: str) -> list[tuple[str, int, str | None]]:
    return [(entry.location, entry.line, entry.title) for entry in pls_entries(lines(text.encode()))]


def test_entries_come_by_their_numbers() -> None:
    text = "[playlist]\nFile10=a.ogg\nFile2=Disc 2/x.wav\ntitle2=100 % x\nLength2=-1\nNumberOfEntries=2\nVersion=2\n"
    assert read(text) == [("Disc 2/x.wav", 3, "100 % x"), ("a.ogg", 2, None)]


def test_comments_spaces_and_gaps() -> None:
    text = "; mine\n[Playlist]\n# File1=no\n;File2=no\n FILE 5 = a = b.ogg \nTitle5= T \nFile7=\nFile9=c.ogg\nTitle9="
    assert read(text) == [("a = b.ogg", 5, "T"), ("c.ogg", 8, None)]


def test_the_artist_is_part_of_the_title() -> None:
    [entry] = pls_entries(lines(b"[playlist]\nFile1=a.ogg\nTitle1=Band - Song"))
    assert (entry.artist, entry.title) == ("Band", "Song")


def test_the_bytes_of_a_name_are_kept() -> None:
    [entry] = pls_entries(lines(b"[playlist]\nFile1=caf\xe9.wav"))
    assert entry.raw == "caf\udce9.wav"


@pytest.mark.parametrize("text", ["file1=a.ogg\n", "[Reference]\nRef1=a.ogg\n", "[playlist]\r\nFile1=a.ogg"])
def test_it_is_recognised_by_its_first_line(text: str) -> None:
    [entry] = entries(text.encode(), name="list", suffix=".asx")
    assert entry.location == "a.ogg"


def test_a_number_of_a_thousand_digits_is_none() -> None:
    assert read(f"[playlist]\nFile{'1' * 5000}=a.ogg\nFile1=b.ogg") == [("b.ogg", 3, None)]
