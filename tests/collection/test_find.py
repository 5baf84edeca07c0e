"""Finding songs: files, folders and playlists, in each other, and what is missing."""

import os
from pathlib import Path

import pytest

from paces_live.collection.find import DEEPEST, find_items
from paces_live.collection.items import Item, Unreadable
from paces_live.text import json_path
from tests.support.folders import make, printed_without_rights


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return make(tmp_path, "a.ogg", "2 Two.FLAC", "Disc/x.wav", "cover.jpg")


def songs(*given: Path) -> list[Path]:
    return [one.path for one in find_items(given) if isinstance(one, Item)]


def errors(*given: Path) -> list[str]:
    found = [str(one.error) for one in find_items(given) if isinstance(one, Unreadable)]
    assert all(text.isprintable() for text in found)
    return found


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_that_you_name_is_accepted_with_any_suffix(music: Path) -> None:
    assert list(find_items([music / "cover.jpg"])) == [Item(music / "cover.jpg")]


def test_a_missing_file_is_named_and_the_others_are_found(music: Path) -> None:
    assert errors(music / "b.ogg", music / "a.ogg") == [f"{music / 'b.ogg'}: no such file: check the name"]
    assert songs(music / "b.ogg", music / "a.ogg") == [music / "a.ogg"]
    missing, _ = find_items([music / "b.ogg", music / "a.ogg"])
    assert isinstance(missing, Unreadable)
    assert missing.error.code == "source.not_found"


@pytest.mark.parametrize("name", ["a.ogg/b.ogg", "x" * 300, "a\0b", "list.m3u", "no\x1b[2J\n.ogg"])
def test_impossible_paths_are_errors(music: Path, name: str) -> None:
    assert len(errors(music / name)) == 1
    assert "no such file" in errors(music / name)[0]


def test_a_folder_without_music_is_named(music: Path) -> None:
    (music / "empty").mkdir()
    hint = "give a folder of WAV, FLAC, OGG or MP3 files"
    assert errors(music / "empty") == [f"{music / 'empty'}: holds no music: {hint}"]


def test_a_playlist_has_titles_and_its_entries_are_relative_to_it(music: Path) -> None:
    playlist = write(music / "Disc" / "list.m3u", "#EXTINF:215,Band - A, or B\n../a.ogg\nx.wav\n")
    assert list(find_items([playlist])) == [
        Item(music / "Disc" / ".." / "a.ogg", title="A, or B", artist="Band"),
        Item(music / "Disc" / "x.wav"),
    ]


def test_each_missing_entry_is_named_with_its_line(music: Path) -> None:
    playlist = write(music / "party.m3u", "a.ogg\n\n#EXTINF:1,T\nmusic/x.wav\ngone\x1b[2J.mp3\r\n" + "y" * 500 + "\n")
    assert errors(playlist) == [
        f"{playlist}, line 4: music/x.wav: no such file: check the name",
        f"{playlist}, line 5: gone\ufffd[2J.mp3: no such file: check the name",
        f"{playlist}, line 6: {'y' * 200}…: no such file: check the name",
    ]
    assert [one.path.name for one in find_items([playlist])][:2] == ["a.ogg", "x.wav"]


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "koi8-r"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="windows-1251"?>'])
def test_code_pages_in_xml(music: Path, encoding: str, declared: str) -> None:
    make(music, "Молва.wav")
    text = f"{declared}<playlist><track><location>Молва.wav</location></track></playlist>"
    assert songs(write(music / "list.xspf", text.encode(encoding))) == [music / "Молва.wav"]


def test_a_drive_is_no_scheme(music: Path) -> None:
    assert songs(write(music / "list.m3u", "C://Music//Disc//x.wav\n")) == [music / "Disc" / "x.wav"]


def test_the_path_of_a_missing_entry(music: Path) -> None:
    playlist = write(music / "list.m3u", " no b.ogg \nfile:///no/c%20d.ogg\nhttp://radio.example/\n")
    assert [one.path for one in find_items([playlist])] == [music / "no b.ogg", Path("/no/c d.ogg"), playlist]
    sheet = write(music / "list.cue", "FILE Disc WAVE\nTRACK 01 AUDIO\n")
    assert errors(sheet) == [f"{sheet}, line 1: Disc: no such file: check the name"], "it is a folder"


def test_missing_entries_on_one_line_are_all_named(music: Path) -> None:
    text = "<asx><entryref href=b.ogg><entryref href=c.ogg><entryref href=b.ogg></asx>"
    playlist = write(music / "list.asx", text)
    assert errors(playlist) == [f"{playlist}, line 1: {name}.ogg: no such file: check the name" for name in "bc"]


def test_a_station_in_a_playlist_is_pointed_out(music: Path) -> None:
    playlist = write(music / "radio.pls", "[playlist]\nFile1=https://radio.example/a b\nFile2=smb://nas/x.ogg\n")
    assert errors(playlist) == [
        f"{playlist}, line 2: https://radio.example/a b: is a station: listen to it with --input",
        f"{playlist}, line 3: smb://nas/x.ogg: is not a file: copy it to this machine",
    ]
    assert errors(Path("http://radio.example/a")) == ["http://radio.example/a: is a station: listen to it with --input"]


def test_a_station_is_one_by_every_scheme_that_listen_takes(music: Path) -> None:
    for scheme in ("http", "HTTPS", "icy", "Icyx"):
        playlist = write(music / "radio.m3u", f"{scheme}://radio.example/a\n")
        assert errors(playlist) == [
            f"{playlist}, line 1: {scheme}://radio.example/a: is a station: listen to it with --input"
        ]
        assert errors(Path(f"{scheme}://radio.example/a"))[0].endswith("is a station: listen to it with --input")


def test_lists_and_folders_in_lists(music: Path) -> None:
    write(music / "Disc" / "inner.m3u", "x.wav\n")
    write(music / "middle.pls", "[playlist]\nFile1=Disc/inner.m3u\n")
    playlist = write(music / "outer.m3u", "middle.pls\nDisc\na.ogg\n")
    assert songs(playlist) == [music / "Disc" / "x.wav", music / "Disc" / "x.wav", music / "a.ogg"]


def test_playlists_in_folders_are_left_out(music: Path) -> None:
    write(music / "list.m3u", "a.ogg\n")
    assert songs(music) == [music / "2 Two.FLAC", music / "a.ogg", music / "Disc" / "x.wav"]


def test_a_list_that_lists_itself_is_noticed(music: Path) -> None:
    first = write(music / "first.m3u", "a.ogg\nsecond.m3u\n")
    write(music / "second.m3u", "link.m3u\n2 Two.FLAC\n")
    (music / "link.m3u").symlink_to("first.m3u")
    assert songs(first) == [music / "a.ogg", music / "2 Two.FLAC"]
    assert errors(first) == [f"{music / 'link.m3u'}: lists itself: remove it from the playlists in it"]


def test_one_list_may_come_twice_but_not_within_itself(music: Path) -> None:
    write(music / "inner.m3u", "a.ogg\n")
    assert songs(write(music / "outer.m3u", "inner.m3u\ninner.m3u\n")) == [music / "a.ogg"] * 2


def test_the_depth_of_lists_is_limited(music: Path) -> None:
    write(music / "0.m3u", "a.ogg\n")
    for depth in range(1, DEEPEST + 1):
        write(music / f"{depth}.m3u", f"{depth - 1}.m3u\n")
    assert songs(music / f"{DEEPEST - 1}.m3u") == [music / "a.ogg"]
    assert songs(music / f"{DEEPEST}.m3u") == []
    assert errors(music / f"{DEEPEST}.m3u") == [
        f"{music / '0.m3u'}: is within more than {DEEPEST - 1} other playlists: give it by itself"
    ]


def test_lists_that_multiply_end(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.collection.find.MOST_ENTRIES", 100)
    write(music / "0.m3u", "a.ogg\n")
    for depth in range(1, 6):
        write(music / f"{depth}.m3u", f"{depth - 1}.m3u\n" * 10)
    assert len(songs(music / "5.m3u")) < 100
    assert any("lists too much" in text for text in errors(music / "5.m3u"))


def test_a_link_to_a_list_means_what_the_list_means(music: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write(music / "list.m3u", "a.ogg\n")
    link = tmp_path_factory.mktemp("desktop") / "link.m3u"
    link.symlink_to(music / "list.m3u")
    assert songs(link) == [music / "a.ogg"]


def test_a_list_with_a_strange_suffix_is_recognised(music: Path) -> None:
    for name, text in (("list.txt", "#EXTM3U\na.ogg"), ("list", "[playlist]\nFile1=a.ogg")):
        assert songs(write(music / name, text)) == [music / "a.ogg"]
    assert songs(write(music / "x.php", "<asx><entryref href=a.ogg>")) == [music / "a.ogg"]
    assert songs(write(music / "list.wav", "#EXTM3U\na.ogg")) == [music / "list.wav"]


def test_names_that_are_not_utf8(music: Path) -> None:
    make(music, b"caf\xe9.wav", b"d\xe9/x.wav")
    playlist = write(music / os.fsdecode(b"\xe9.m3u"), b"caf\xe9.wav\nd\xe9\nno\xe9.wav\n")
    assert [os.fsencode(path.relative_to(music)) for path in songs(playlist)] == [b"caf\xe9.wav", b"d\xe9/x.wav"]
    assert errors(playlist) == [f"{music}/\ufffd.m3u, line 3: noé.wav: no such file: check the name"]
    missing = list(find_items([playlist]))[-1]
    assert os.fsencode(missing.path.name) == b"no\xe9.wav"


def test_an_image_of_a_disc_is_many_songs(music: Path) -> None:
    make(music, "disc.flac")
    sheet = write(
        music / "disc.cue",
        'PERFORMER "Band"\nFILE "disc.wav" WAVE\nTRACK 01 AUDIO\nTITLE "One"\nINDEX 01 00:00:00\n'
        'TRACK 02 AUDIO\nTITLE "Two"\nINDEX 01 03:30:15\n',
    )
    assert list(find_items([sheet])) == [
        Item(music / "disc.flac", "One", "Band", 0.0, 210.2),
        Item(music / "disc.flac", "Two", "Band", 210.2, None),
    ]


@pytest.mark.parametrize(
    ("named", "exists"),
    [
        ("disc", "disc.flac"),
        ("disc.wav", "DISC.FLAC"),
        ("sub/disc.wav", "sub/disc.ape"),
        (r"C:\rip\disc.wav", "disc.wav"),
        ("CDImage.wav", "sheet.wv"),
    ],
)
def test_the_file_of_a_sheet_is_found_under_another_suffix(music: Path, named: str, exists: str) -> None:
    make(music, exists, "disc.txt")
    sheet = write(music / "sheet.cue", f'FILE "{named}" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n')
    assert songs(sheet) == [music / exists]


def test_a_missing_image_is_named_once(music: Path) -> None:
    tracks = "".join(f"TRACK {number:02} AUDIO\nINDEX 01 0{number}:00:00\n" for number in range(1, 9))
    sheet = write(music / "gone.cue", f'FILE "gone.wav" WAVE\n{tracks}')
    assert errors(sheet) == [f"{sheet}, line 1: gone.wav: no such file: check the name"]


def test_a_missing_file_of_several_is_not_another_one(music: Path) -> None:
    make(music, "sheet.flac", "1.flac")
    parts = "".join(f'FILE "{name}.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n' for name in "12")
    sheet = write(music / "sheet.cue", parts)
    assert songs(sheet) == [music / "1.flac"]
    assert errors(sheet) == [f"{sheet}, line 4: 2.wav: no such file: check the name"]


IMPORTS = """
import sys
from pathlib import Path
from paces_live.collection.find import find_items
"""
FOUND = """
for one in find_items(map(Path, sys.argv[1:])):
    print(one.error.message)
"""


def test_what_may_not_be_read_is_an_error(music: Path) -> None:
    playlist, song = write(music / "list.m3u", "Disc/x.wav\n"), music / "Disc" / "x.wav"
    assert printed_without_rights(IMPORTS, FOUND, song, playlist, locked=music / "Disc", below=music) == [
        f"{song}: cannot be opened: Permission denied",
        f"{playlist}, line 1: Disc/x.wav: cannot be opened: Permission denied",
    ]
    assert printed_without_rights(IMPORTS, FOUND, playlist, locked=playlist, below=music) == [
        f"{playlist}: cannot be opened: Permission denied"
    ]


@pytest.mark.parametrize("address", ["http://me:secret@radio.example/live", "rtsp://me:secret@camera.example/x"])
def test_no_password_is_shown(address: str, tmp_path: Path) -> None:
    playlist = tmp_path / "list.m3u"
    playlist.write_text(f"{address}\n")
    for path in (Path(address), playlist):
        (found,) = find_items([path])
        assert isinstance(found, Unreadable)
        assert "secret" not in f"{found.error} {json_path(found.path)}"
        assert ".example" in str(found.error)
