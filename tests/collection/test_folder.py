"""Folders: what counts as music, in natural order, with links, and without what may not be read."""

import os
import socket
from pathlib import Path

import pytest

from paces_live.collection.folder import MUSIC, music_in, real_path
from paces_live.collection.items import Item, Unreadable
from tests.support.folders import make, printed_without_rights


def songs(folder: Path) -> list[str]:
    """Return the songs in a folder, relative to it."""
    return [str(one.path.relative_to(folder)) for one in music_in(folder) if isinstance(one, Item)]


def errors(folder: Path) -> list[str]:
    return [one.error.message for one in music_in(folder) if isinstance(one, Unreadable)]


def test_a_folder_is_its_music_in_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "10 Ten.mp3", "2 Two.FLAC", "a.ogg", "Disc 10/x.wav", "Disc 2/x.wav", "cover.jpg", "list.m3u")
    assert songs(tmp_path) == ["2 Two.FLAC", "10 Ten.mp3", "a.ogg", "Disc 2/x.wav", "Disc 10/x.wav"]


@pytest.mark.parametrize(
    "suffix", ["wav", "m4b", "opus", "webm", "mp4", "mkv", "mka", "wv", "ape", "dsf", "eac3", "spx"]
)
def test_what_ffmpeg_reads_is_music(suffix: str, tmp_path: Path) -> None:
    make(tmp_path, f"song.{suffix}", f"SONG 2.{suffix.upper()}")
    assert len(songs(tmp_path)) == 2


@pytest.mark.parametrize(
    "name", ["film.avi", "film.mov", "cover.jpg", "album.cue", "list.m3u8", "notes", "wav", "x.wav.part"]
)
def test_films_pictures_and_playlists_are_not(name: str, tmp_path: Path) -> None:
    assert errors(make(tmp_path, name)) == [f"{tmp_path}: holds no music"]


def test_every_suffix_is_one_in_lower_case() -> None:
    assert all(Path(f"song{suffix}").suffix == suffix == suffix.lower() for suffix in MUSIC)


def test_hidden_files_and_companions_of_macos_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "song.mp3", "._song.mp3", ".hidden.mp3", ".trash/old.mp3", "__MACOSX/._song.mp3")
    assert songs(tmp_path) == ["song.mp3"]
    assert songs(make(tmp_path / ".music", "a.ogg")) == ["a.ogg"], "you have named it"


def test_names_that_are_not_utf8_are_found(tmp_path: Path) -> None:
    make(tmp_path, b"caf\xe9.wav", b"\xcc\xee\xeb\xe2\xe0/1.mp3")
    assert [os.fsencode(name) for name in songs(tmp_path)] == [b"caf\xe9.wav", b"\xcc\xee\xeb\xe2\xe0/1.mp3"]


def test_a_message_is_safe_for_a_terminal(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9\x1b[2J\n")
    folder.mkdir()
    assert errors(folder) == [f"{tmp_path}/caf\ufffd\ufffd[2J\ufffd: holds no music"]


def test_albums_that_are_links_are_played(tmp_path: Path) -> None:
    make(tmp_path, "disk/Album/3.wav", "disk/single.wav")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "Linked").symlink_to("../disk/Album")
    (tmp_path / "lib" / "song.wav").symlink_to("../disk/single.wav")
    assert songs(tmp_path / "lib") == ["song.wav", "Linked/3.wav"]
    (tmp_path / "link").symlink_to("lib")
    assert songs(tmp_path / "link") == ["song.wav", "Linked/3.wav"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    make(tmp_path, "A/1.wav", "A/B/2.wav")
    (tmp_path / "A" / "B" / "again").symlink_to("..")
    (tmp_path / "A" / "self").symlink_to(".")
    (tmp_path / "A" / "nothing").symlink_to("nothing")
    assert songs(tmp_path) == ["A/1.wav", "A/B/2.wav"]
    assert errors(tmp_path) == []


def test_each_real_file_and_folder_comes_once(tmp_path: Path) -> None:
    make(tmp_path, "Albums/1.wav", "Albums/2.wav")
    (tmp_path / "Favourites").mkdir()
    (tmp_path / "Favourites" / "best.wav").symlink_to("../Albums/2.wav")
    (tmp_path / "The same").symlink_to("Albums")
    assert songs(tmp_path) == ["Albums/1.wav", "Albums/2.wav"]


def test_two_names_of_one_file_are_two_songs(tmp_path: Path) -> None:
    make(tmp_path, "Album/1.wav", "Best of/x")
    (tmp_path / "Best of" / "7.wav").hardlink_to(tmp_path / "Album" / "1.wav")
    assert songs(tmp_path) == ["Album/1.wav", "Best of/7.wav"]


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    make(tmp_path, "1.wav")
    (tmp_path / "2.wav").symlink_to("/no/such/disk/2.wav")
    (tmp_path / "cover.jpg").symlink_to("/no/such/disk/cover.jpg")
    assert songs(tmp_path) == ["1.wav"]
    assert errors(tmp_path) == [f"{tmp_path / '2.wav'}: is a link to a file that does not exist"]


def test_special_files_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "song.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.wav"))
        (tmp_path / "device.wav").symlink_to("/dev/null")
        assert songs(tmp_path) == ["song.wav"]
        assert errors(tmp_path) == []


@pytest.mark.slow
def test_a_very_deep_tree_is_walked(tmp_path: Path) -> None:
    # A depth at which a function that calls itself gives up; the system still takes the path.
    folders = [tmp_path / "/".join("d" * depth) for depth in range(1, 1100)]
    for folder in folders:
        folder.mkdir()
    (song := folders[-1] / "song.wav").touch()
    assert list(music_in(tmp_path)) == [Item(song)]
    song.unlink()
    for folder in reversed(folders):
        folder.rmdir()


def test_a_link_that_may_not_be_read_stays_as_it_is() -> None:
    link = Path("/proc/1/cwd")  # that of the first process of the system, mostly another user's
    try:
        expected = str(link.readlink())
    except PermissionError:
        expected = str(link)
    assert real_path(link) == expected


IMPORTS = """
import sys
from pathlib import Path
from paces_live.collection.folder import music_in
"""
LISTED = """
for one in music_in(Path(sys.argv[1])):
    print(one.path.name, getattr(one, "error", ""), sep="|")
"""


def test_a_folder_that_may_not_be_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    make(tmp_path, "A/1.wav", "lost+found/secret.wav", "Z/2.wav")
    (tmp_path / "Linked").symlink_to("lost+found/Album")
    lines = printed_without_rights(IMPORTS, LISTED, tmp_path, locked=tmp_path / "lost+found", below=tmp_path)
    assert lines == [
        f"Linked|{tmp_path}/Linked: cannot be opened: Permission denied: check its permissions",
        "1.wav|",
        f"lost+found|{tmp_path}/lost+found: cannot be opened: Permission denied: check its permissions",
        "2.wav|",
    ]
