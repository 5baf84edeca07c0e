"""Playlists that are written: read back as the same files, valid, and never in the place of something else."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from paces_live.collection.entry import Entry
from paces_live.collection.find import find_items
from paces_live.collection.items import Item
from paces_live.collection.listed import Listed
from paces_live.collection.location import Locator
from paces_live.collection.written import MOST_RULES, XSPF, write_playlist
from paces_live.errors import UsageError

OF_LIST = {"title", "creator", "annotation", "info", "location", "identifier", "image", "date", "license"}
OF_TRACK = {
    "location",
    "identifier",
    "title",
    "creator",
    "annotation",
    "info",
    "image",
    "album",
    "trackNum",
    "duration",
}
MANY = {"location", "identifier"}
# A URI without spaces or anything else that RFC 3986 does not allow.
URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})+")


def check_xspf(text: str) -> None:
    """Raise `AssertionError` unless a text obeys the rules of XSPF 1 for what we write, as its schema has them."""
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert (root.tag, root.attrib) == (f"{{{XSPF}}}playlist", {"version": "1"})
    names = [child.tag.removeprefix(f"{{{XSPF}}}") for child in root]
    assert names.count("trackList") == 1
    assert set(names) <= OF_LIST | {"trackList"}
    assert len(set(names)) == len(names)
    [tracks] = root.iter(f"{{{XSPF}}}trackList")
    for track in tracks:
        assert track.tag == f"{{{XSPF}}}track"
        names = [child.tag.removeprefix(f"{{{XSPF}}}") for child in track]
        assert set(names) <= OF_TRACK
        assert all(names.count(name) == 1 for name in set(names) - MANY)
        for child in track:
            value = child.text or ""
            assert not child.attrib
            assert not list(child)
            assert not child.tag.endswith("location") or URI.fullmatch(value)
            assert not child.tag.endswith("duration") or re.fullmatch(r"[0-9]+", value)


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


@pytest.mark.parametrize("suffix", [".m3u8", ".xspf"])
@pytest.mark.parametrize("place", ["", "below", "beside/lists", "link"])
def test_what_is_written_is_read_as_the_same_files(place: str, suffix: str, tmp_path: Path) -> None:
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
    playlist = folder / f"fits{suffix}"
    write_playlist(playlist, [Listed(song, 61.6, "Song\n", "Band") for song in songs])
    data = playlist.read_bytes()
    text = data.decode()
    if suffix == ".m3u8":
        assert text.startswith("#EXTM3U\n#EXTINF:62,Band - Song\n")
        assert len(text.split("\n")) == 2 * len(songs) + 2
    else:
        check_xspf(text)
    assert str(tmp_path) not in text, "paths are relative"
    found = list(find_items([playlist]))
    assert [os.fsencode(one.path.resolve()) for one in found] == [os.fsencode(song) for song in songs]
    assert {(one.title, one.artist) for one in found if isinstance(one, Item)} == {("Song", "Band")}


def test_a_link_to_an_album_is_kept_and_nothing_in_common_is_absolute(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "1.ogg").touch()
    (tmp_path / "album").symlink_to(tmp_path / "disk")
    write_playlist(tmp_path / "a.m3u8", [Listed(tmp_path / "album" / "1.ogg", 1.0), Listed(Path("/proc/version"), 2.0)])
    lines = (tmp_path / "a.m3u8").read_text("utf-8").splitlines()
    assert lines == ["#EXTM3U", "#EXTINF:1,", "album/1.ogg", "#EXTINF:2,", "/proc/version"]


def test_a_playlist_is_replaced_as_a_whole_and_nothing_else_is(tmp_path: Path) -> None:
    playlist, link = tmp_path / "fits.m3u8", tmp_path / "link.m3u8"
    link.symlink_to(playlist)
    write_playlist(playlist, [Listed(tmp_path / "a.ogg", 1.0)])
    write_playlist(link, [Listed(tmp_path / "b.ogg", 1.0)])
    assert link.is_symlink()
    assert playlist.read_text("utf-8") == "#EXTM3U\n#EXTINF:1,\nb.ogg\n"
    playlist.write_bytes(b"")
    write_playlist(playlist, [])
    assert playlist.read_text("utf-8") == "#EXTM3U\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fits.m3u8", "link.m3u8"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("song.ogg", b"OggS", "is not the name of a playlist: give it a name such as song.m3u8 ("),
        ("song.m3u8", b"OggS\0", "exists and is not a playlist"),
        ("notes.m3u", b"buy milk\n", "exists and is not a playlist"),
        ("page.xspf", b"<html><body></body></html>", "exists and is not a playlist"),
        ("package.jspf", b'{"name": "x"}', "exists and is not a playlist"),
        ("list.nsp", b"[1, 2]", "exists and is not a playlist"),
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
        write_playlist(path, [Listed(tmp_path / "a.ogg", 1.0)])
    assert says in str(error.value)
    assert error.value.code == "usage.playlist"
    assert not content or path.read_bytes() == content


def songs(folder: Path, count: int) -> list[Listed]:
    found = []
    for number in range(count):
        path = folder / "a&b" / f"{number}, one <1>.ogg"
        path.parent.mkdir(exist_ok=True)
        path.touch()
        found.append(
            Listed(
                path, 60.25 + number, f"Tom & <Jerry> {number}", 'Ö "x"', "A", {"paces": "82.1,164.2", "fit": "164.2"}
            )
        )
    return found


def test_m3u8_has_attributes_and_a_mark_only_on_request(tmp_path: Path) -> None:
    files = songs(tmp_path, 1)
    plain, rich = tmp_path / "plain.m3u8", tmp_path / "rich.m3u8"
    write_playlist(plain, files)
    assert plain.read_bytes().splitlines()[1] == '#EXTINF:60,Ö "x" - Tom & <Jerry> 0'.encode()
    write_playlist(rich, files, bom=True, attributes=True)
    data = rich.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf#EXTM3U\n")
    assert data.splitlines()[1].startswith(b'#EXTINF:60 paces="82.1%2C164.2" fit="164.2",')
    # It can be replaced, and its title is read without the attributes.
    write_playlist(rich, files, bom=True, attributes=True)
    [found] = find_items([rich])
    assert isinstance(found, Item)
    assert (found.title, found.artist) == ("Tom & <Jerry> 0", 'Ö "x"')


def test_xspf_has_names_and_lengths(tmp_path: Path) -> None:
    playlist = tmp_path / "ru&n.xspf"
    for attributes in (False, True, True):
        write_playlist(playlist, songs(tmp_path, 2), bom=True, attributes=attributes)
        text = playlist.read_text("utf-8")
        check_xspf(text)
        root = ET.fromstring(text)  # noqa: S314
        found = {
            name: [one.text for one in root.iter(f"{{{XSPF}}}{name}")] for name in ("title", "duration", "annotation")
        }
        assert found["title"] == ["ru&n", "Tom & <Jerry> 0", "Tom & <Jerry> 1"]
        assert found["duration"] == ["60250", "61250"]
        assert found["annotation"] == ["paces: 82.1,164.2; fit: 164.2"] * 2 * attributes


def test_jspf_has_the_same_in_json(tmp_path: Path) -> None:
    playlist = tmp_path / "run.jspf"
    for _ in range(2):
        write_playlist(playlist, songs(tmp_path, 2))
    [first, second] = json.loads(playlist.read_bytes())["playlist"]["track"]
    assert (first["title"], first["creator"], first["album"], first["duration"]) == (
        "Tom & <Jerry> 0",
        'Ö "x"',
        "A",
        60250,
    )
    [location] = second["location"]
    assert Locator(tmp_path).find(Entry(location, 1)) == tmp_path / "a&b" / "1, one <1>.ogg"


def test_a_smart_playlist_names_files_in_the_music_folder_and_is_never_too_long(tmp_path: Path) -> None:
    playlist = tmp_path / "run.nsp"
    for _ in range(2):
        write_playlist(playlist, songs(tmp_path, 2))
    rules = json.loads(playlist.read_bytes())
    assert rules["any"] == [{"is": {"filepath": f"a&b/{number}, one <1>.ogg"}} for number in (0, 1)]
    assert (rules["name"], rules["limit"]) == ("run", 2)
    with pytest.raises(UsageError, match="not below its folder: put the smart playlist at the top"):
        write_playlist(playlist, [Listed(tmp_path.parent / "1.ogg", 1.0)])
    with pytest.raises(UsageError, match="too many"):
        write_playlist(playlist, [Listed(tmp_path / "1.ogg", 1.0)] * (MOST_RULES + 1))
    assert json.loads(playlist.read_bytes()) == rules


@pytest.mark.skipif(shutil.which("mpv") is None, reason="needs the Debian package mpv")
@pytest.mark.parametrize("suffix", [".m3u8", ".m3u"])
def test_mpv_plays_what_is_listed(suffix: str, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "a, b" / "#1.wav"
    path.parent.mkdir()
    soundfile.write(path, [0.0] * 800, 8000)
    playlist = tmp_path / f"run{suffix}"
    write_playlist(playlist, [Listed(path, 0.1, "Song, one", "Band", attributes={"fit": "1,2"})], attributes=True)
    played = subprocess.run(["mpv", "--no-config", "--ao=null", playlist], capture_output=True, text=True, check=False)
    assert played.returncode == 0
    assert "#1.wav" in played.stdout
