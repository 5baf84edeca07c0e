"""M3U: locations, and the titles in the lines before them."""

import os
from pathlib import Path

import pytest

from paces_live.collection.entry import Entry
from paces_live.collection.find import find_items
from paces_live.collection.items import Item
from paces_live.collection.lines import lines
from paces_live.collection.m3u import Listed, m3u_entries, write_m3u
from paces_live.errors import UsageError


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


NAMES = [
    b"plain.ogg",
    b"#1 hit.ogg",
    b"#EXTINF:1,x.ogg",
    b"caf\xe9.ogg",
    "Café Ünïcode 紅豆.ogg".encode(),
    b" space at both ends.ogg ",
    b"\ttab.ogg",
    b"two\nlines\r.ogg",
    "line\u2028separator\x85.ogg".encode(),
    "\ufeffmark.ogg".encode(),
    b"file:scheme.ogg",
    b"C:drive.ogg",
    b"http:slash.ogg",
    b"back\\slash.ogg",
    b"per%20cent.ogg",
    b"100%.ogg",
    b"caf\xe9 50%20.ogg",
    b"\x1b[2J.ogg",
    b"-dash.ogg",
]


@pytest.mark.parametrize("place", ["", "below", "beside/lists", "link"])
def test_what_is_written_is_read_as_the_same_files(place: str, tmp_path: Path) -> None:
    music = tmp_path / "Music"
    (music / "al#bum: one").mkdir(parents=True)
    (tmp_path / "beside/lists").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "beside/lists")
    songs = [music / "al#bum: one" / os.fsdecode(name) for name in NAMES] + [
        music / os.fsdecode(name) for name in NAMES
    ]
    for song in songs:
        song.touch()
    folder = {"": music, "below": tmp_path}.get(place, tmp_path / place)
    playlist = folder / "fits.m3u8"
    write_m3u(playlist, [Listed(song, 61.6, "Band\n- Song") for song in songs])
    data = playlist.read_bytes()
    text = data.decode()
    assert text.startswith("#EXTM3U\n#EXTINF:62,Band - Song\n")
    assert len(text.split("\n")) == 2 * len(songs) + 2
    assert str(tmp_path) not in text, "paths are relative"
    found = list(find_items([playlist]))
    assert [os.fsencode(one.path.resolve()) for one in found] == [os.fsencode(song) for song in songs]
    assert {(one.title, one.artist) for one in found if isinstance(one, Item)} == {("Song", "Band")}


def test_a_link_to_an_album_is_kept_and_nothing_in_common_is_absolute(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "1.ogg").touch()
    (tmp_path / "album").symlink_to(tmp_path / "disk")
    write_m3u(tmp_path / "a.m3u8", [Listed(tmp_path / "album" / "1.ogg", 1.0), Listed(Path("/proc/version"), 2.0)])
    lines = (tmp_path / "a.m3u8").read_text("utf-8").splitlines()
    assert lines == ["#EXTM3U", "#EXTINF:1,", "album/1.ogg", "#EXTINF:2,", "/proc/version"]


def test_a_playlist_is_replaced_as_a_whole_and_nothing_else_is(tmp_path: Path) -> None:
    playlist, link = tmp_path / "fits.m3u8", tmp_path / "link.m3u8"
    link.symlink_to(playlist)
    write_m3u(playlist, [Listed(tmp_path / "a.ogg", 1.0)])
    write_m3u(link, [Listed(tmp_path / "b.ogg", 1.0)])
    assert link.is_symlink()
    assert playlist.read_text("utf-8") == "#EXTM3U\n#EXTINF:1,\nb.ogg\n"
    playlist.write_bytes(b"")
    write_m3u(playlist, [])
    assert playlist.read_text("utf-8") == "#EXTM3U\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fits.m3u8", "link.m3u8"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("song.ogg", b"OggS", "is not the name of an M3U playlist: give it a name such as song.m3u8"),
        ("song.m3u8", b"OggS\0", "exists and is not a playlist"),
        ("notes.m3u", b"buy milk\n", "exists and is not a playlist"),
        ("folder.m3u8", None, "exists and is not a playlist"),
        ("gone/fits.m3u8", b"", "there is no such folder"),
    ],
)
def test_what_is_no_playlist_is_never_overwritten(name: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is None:
        path.mkdir()
    elif content:
        path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        write_m3u(path, [Listed(tmp_path / "a.ogg", 1.0)])
    assert says in str(error.value)
    assert error.value.code == "usage.playlist"
    assert not content or path.read_bytes() == content
