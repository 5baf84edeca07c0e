"""M3U: locations, and the titles in the lines before them."""

import pytest

from paces_live.collection.entry import Entry
from paces_live.collection.lines import lines
from paces_live.collection.m3u import m3u_entries


def read(text: str) -> list[Entry]:
    return list(m3u_entries(lines(text.encode())))


@pytest.mark.parametrize(
    ("information", "artist", "title"),
    [
        ("#EXTINF:215,Band - A, or B", "Band", "A, or B"),
        ("#EXTINF:215,Title alone", None, "Title alone"),
        ("#extinf:-1 , Spaces ", None, "Spaces"),
        ('#EXTINF:-1 tvg-id="x,y" group-title="a",Title, with commas', None, "Title, with commas"),
        ('#EXTINF:-1 tvg-id="x,y,Unclosed', None, "y,Unclosed"),
        ('#EXTINF:3,12" mix, "live"', None, '12" mix, "live"'),
        ("#EXTINF:3,One\u2028Two\x1b[2J", None, "One Two [2J"),
        ("#EXTINF:3,A - B - C", "A", "B - C"),
        ("#EXTINF:3", None, None),
        ("#EXTINF:3,", None, None),
        ("#EXTART:Singer\n#EXTALB:Album\n#EXTINF:3,Song", "Singer", "Song"),
        ("#EXTART:Various\n#EXTINF:3,Singer - Song", "Singer", "Song"),
        ("#PLAYLIST:Mine\n#EXTGRP:x\n#EXTVLCOPT:a=b\n# a comment", None, None),
    ],
)
def test_the_title_of_an_entry(information: str, artist: str | None, title: str | None) -> None:
    [entry] = read(f"#EXTM3U\n{information}\nsong.ogg\n")
    assert (entry.location, entry.artist, entry.title) == ("song.ogg", artist, title)


def test_a_title_belongs_to_the_next_entry_alone() -> None:
    found = read("#EXTINF:1,One\n\n  a.ogg \nb.ogg")
    assert [(entry.location, entry.line, entry.title) for entry in found] == [("a.ogg", 3, "One"), ("b.ogg", 4, None)]
