"""Playlists: the format is recognised, and damage is an error or fewer entries, never anything else."""

import os
import random
from pathlib import Path

import pytest

from paces_live.collection.entry import Entry
from paces_live.collection.playlist import MOST_BYTES, MOST_LINES, entries, read_playlist
from paces_live.errors import SourceError

XSPF = "<playlist><trackList><track><location>a.ogg</location></track></trackList></playlist>"
CUE = (
    'PERFORMER "P"\nFILE "a.ogg" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n'
    "  TRACK 02 AUDIO\n    INDEX 01 03:30:15\n"
)
SOUND = [
    b'#EXTM3U\n#EXTINF:215 tvg-id="x,y",Band - Song\na%20b.ogg\r\nmusic\\caf\xe9.wav\n#EXTART:X\nhttp://a.example/?b&c\n',
    b"[playlist]\nFile1=a.ogg\nTitle1=T\nLength1=-1\nFile22=http://a.example/y\nNumberOfEntries=2\n",
    XSPF.encode(),
    b'<?xml version="1.0" encoding="windows-1251"?>\n<!DOCTYPE p [<!ENTITY a "b">]><playlist xml:base="file:///m/">'
    b"<track><location>\xec.ogg</location><title><![CDATA[x]]>&#x41;</title><creator>y</creator></track></playlist>",
    b'<ASX version=3><BASE HREF="http://a.example/"><Entry><Title>A & B</title><Ref href = a.ogg /></Entry></ASX>',
    '<?wpl version="1.0"?><smil><body><seq><media src="..\\Müsic\\a.mp3"/></seq></body></smil>'.encode("utf-16"),
    CUE.encode(),
]
PIECES = (
    *(b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0", b"\r", b"<", b">", b'"', b"&#xd800;", b"&#9999999;", b"%ff"),
    *(b"file://", b"file:", b"http://[", b"9" * 30, b"\x85", b"\nFILE ", b"\nTRACK 1 AUDIO\n", b"<track>", b"\x1b[2J"),
    *(b"\nINDEX 01 99999:99:99", b"#EXTINF:", b"</", b"<!--", b"<![CDATA[", b"encoding='idna'", b"=", b"C:\\"),
)


def locations(data: str | bytes, suffix: str = "") -> list[str]:
    data = data.encode() if isinstance(data, str) else data
    return [entry.location for entry in entries(data, name="list", suffix=suffix)]


@pytest.mark.parametrize("suffix", [".m3u", ".pls", ".xspf", ".cue", "", ".M3U8"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\na.ogg",
        "[playlist]\nFile1=a.ogg",
        "\n; mine\n[PLAYLIST]\nFile1=a.ogg",
        XSPF,
        f"\n<?xml version='1.0'?>{XSPF}",
        "<asx><entry><ref href=a.ogg>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_content_decides_on_the_format(text: str, suffix: str, encoding: str) -> None:
    assert locations(text.encode(encoding), suffix) == ["a.ogg"]


@pytest.mark.parametrize("suffix", [".m3u", ".cue", ""])
def test_a_cue_sheet_is_recognised(suffix: str) -> None:
    assert locations(CUE, suffix) == ["a.ogg", "a.ogg"]
    assert locations(CUE.encode("utf-16"), suffix) == ["a.ogg", "a.ogg"]


def test_the_suffix_decides_if_the_content_does_not() -> None:
    assert locations("FILE a.ogg WAVE", ".cue") == ["a.ogg"]
    assert locations("FILE a.ogg WAVE", ".m3u") == ["FILE a.ogg WAVE"]
    with pytest.raises(SourceError, match="lists nothing"):
        locations("a.ogg", ".xspf")


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\n", b"\n\n", b"[playlist]\n", b"<asx>", b"<playlist/>", b"\xff\xfe"])
def test_an_empty_playlist_is_an_error(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"^list: lists nothing to play"):
        locations(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html>\n<html><body>not found</body></html>", "is not a playlist: it begins with <html>"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "is not a playlist"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a playlist"),
        (b"a" * (MOST_BYTES + 1), "is too large"),
        (b"\n" * (MOST_LINES + 1), "is too large"),
        (b"<asx>" + b"<" * MOST_LINES, "is too large"),
    ],
)
def test_what_is_no_playlist_is_an_error(data: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        locations(data)


@pytest.mark.parametrize("end", [b"\x1a", b"\0\0", b"\r\n\x1a\0", b"\n"])
@pytest.mark.parametrize("text", [b"a.ogg", b"#EXTM3U\r\na.ogg", b"[playlist]\nFile1=a.ogg", XSPF.encode()])
def test_the_end_of_a_text_is_no_entry(text: bytes, end: bytes) -> None:
    assert locations(text + end) == ["a.ogg"]


def test_a_large_playlist_is_read() -> None:
    assert len(locations("#EXTINF:1,A - B\nmusic/song.ogg\n" * 50_000)) == 50_000


def test_a_file_is_read_and_named_in_errors(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n.m3u")
    path.write_bytes(b"a.ogg")
    assert [entry.location for entry in read_playlist(path)] == ["a.ogg"]
    path.write_bytes(b"")
    with pytest.raises(SourceError, match=r"/caf��\.m3u: lists nothing"):
        read_playlist(path)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.m3u")
    with pytest.raises(SourceError, match="is not a regular file"):
        read_playlist(tmp_path / "list.m3u")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return `data` with a few changes: other bytes, pieces that mean something, gaps, and an early end."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 10)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(5):
            case 0:
                changed[at : at + 1] = rng.randbytes(1)
            case 1:
                changed[at:at] = rng.choice(PIECES)
            case 2:
                del changed[at : at + rng.randrange(12)]
            case 3:
                other = rng.choice(SOUND)
                begin = rng.randrange(len(other))
                changed[at:at] = other[begin : begin + rng.randrange(60)]
            case 4 if rng.random() < 0.2:
                del changed[at:]
    return bytes(changed)


def outcome(data: bytes, suffix: str) -> tuple[list[Entry], SourceError | None]:
    """Return the entries or the error of a playlist."""
    try:
        return entries(data, name="list", suffix=suffix), None
    except SourceError as error:
        return [], error


@pytest.mark.slow
def test_damaged_playlists_give_entries_or_one_error() -> None:
    rng = random.Random(20261127)
    outcomes = {"entries": 0, "errors": 0}
    for _ in range(100_000):
        data = mutated(rng.choice(SOUND), rng)
        found, error = outcome(data, rng.choice([".m3u", ".pls", ".xspf", ".cue", ""]))
        if error is not None:
            assert error.message.startswith("list: "), data
            assert error.message.isprintable(), data
            outcomes["errors"] += 1
            continue
        assert found, data
        for entry in found:
            assert entry.location, data
            assert entry.line >= 1, data
            assert entry.title is None or entry.title.isprintable(), data
            assert 0.0 <= entry.start < (entry.end or float("inf")), data
            entry.location.encode()  # no halves of characters
        outcomes["entries"] += 1
    assert min(outcomes.values()) > 500


# Python takes these letters for an i and an s in another case.
@pytest.mark.parametrize(
    "data",
    [
        "[playlist]\nFıle1=a.ogg\nFile2=b.ogg\n",
        '<asx version="3"><entry><ref href="b.ogg&apoſ;"/></entry></asx>',
        'FILE "b.ogg" WAVE\n  TRACK 01 AUDıO\n    TıTLE "x"\n    INDEX 01 00:00:00\n',
    ],
)
def test_letters_that_only_look_alike_make_no_keyword(data: str) -> None:
    (entry,) = entries(data.encode(), name="list")
    assert entry.location.startswith("b.ogg")
