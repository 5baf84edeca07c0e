"""ID3 tags as bytes: of all versions, with all flags, as programs write them and as they should."""

import random
from io import BytesIO

import pytest
from mutagen.id3 import ID3, TIT2, TXXX

from paces_live.library.tagging.chunks import find_chunk
from paces_live.library.tagging.id3 import Id3, read_id3

FIELDS = {"PACES": ("82.1; 164.2",), "BPM": ("82",)}


def tag(version: int, body: bytes, flags: int = 0, footer: bytes = b"") -> bytes:
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, flags]) + size + body + footer


def frame(name: bytes, data: bytes, flags: bytes = b"\0\0", *, size: bytes | None = None) -> bytes:
    return name + (size or len(data).to_bytes(4, "big")) + flags + data


def read(data: bytes) -> Id3:
    found = read_id3(BytesIO(data))
    assert found
    return found


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("texts", [("82.1",), ("Ÿ",), ("Темп", "other")])
def test_what_is_written_is_read_in_every_version(version: int, texts: tuple[str, ...]) -> None:
    title = b"TT2\0\0\x02\0T" if version == 2 else frame(b"TIT2", b"\0T")
    old = tag(version, title + bytes(10))
    new = read(old).changed({"PACES": texts, "BPM": ("82",)})
    again = read(new.render())
    assert (again.version, again.texts("PACES"), again.texts("BPM")) == (version, texts, ("82",))
    assert again.others(FIELDS) == [title]
    shown = ID3(BytesIO(new.render()))
    assert (shown["TIT2"].text, shown["TXXX:PACES"].text, shown["TBPM"].text) == (["T"], list(texts), ["82"])
    assert read(again.changed({"PACES": (), "BPM": ()}).render()).others(()) == [title]


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
def test_what_mutagen_writes_is_read(version: int, encoding: int) -> None:
    tags, file = ID3(), BytesIO()
    tags.add(TXXX(encoding=encoding, desc="paces", text="82.1"))
    tags.add(TXXX(encoding=encoding, desc="other", text="1"))
    tags.add(TIT2(encoding=encoding, text="T"))
    tags.save(file, v2_version=version)
    found = read(file.getvalue())
    assert found.texts("PACES") == ("82.1",)
    assert len(found.others(FIELDS)) == 2


def test_padding_is_used_first_and_the_sound_does_not_move() -> None:
    old = tag(3, frame(b"TIT2", b"\0T") + bytes(100))
    new = read(old).changed(FIELDS)
    assert len(new.render()) == len(old)
    assert read(new.render()).changed({"PACES": (), "BPM": ()}).render() == old
    assert len(Id3().changed(FIELDS).render()) == 10 + 28 + 13


@pytest.mark.parametrize("size", [200, 20_000])
def test_sizes_of_itunes_are_read_and_stay(size: int) -> None:
    """The sizes of ID3v2.4 have eight bits in a byte there."""
    picture = frame(b"APIC", random.Random(1).randbytes(size))
    old = tag(4, picture + frame(b"TIT2", b"\0T") + bytes(60))
    assert [len(one) for one in read(old).others(())] == [size + 10, 12]
    new = read(old).changed(FIELDS).render()
    assert picture in new
    assert read(new).texts("PACES") == FIELDS["PACES"]


def test_broken_syncs_and_second_headers_are_resolved() -> None:
    picture = b"\xff\xfb\xff\0\x01"
    broken = picture.replace(b"\xff", b"\xff\0")
    body = b"\0\0\0\x06\0\0\0\0\0\0" + frame(b"APIC", picture).replace(picture, broken)
    found = read(tag(3, body, 0xC0))
    assert found.others(()) == [frame(b"APIC", picture)]
    new = found.changed(FIELDS).render()
    assert new[5] == 0
    assert read(new).others(FIELDS) == [frame(b"APIC", picture)]
    # Of ID3v2.4, each frame is broken by itself, and stays so.
    whole = frame(b"APIC", broken, b"\0\x02")
    text = frame(b"TXXX", b"\0\0\0\x0d\x01\xff\0\xfeP\0A\0C\0E\0S\0\0\0\xff\0\xfe8\0", b"\0\x03")
    found = read(tag(4, b"\0\0\0\x06\x01\0" + whole + text, 0xD0, b"3DI" + bytes(7)))
    assert found.texts("PACES") == ("8",)
    new = found.changed(FIELDS).render()
    assert (new[5], read(new).others(FIELDS)) == (0x80, [whole])
    assert found.size == 10 + 6 + len(whole + text) + 10


def test_compressed_frames_and_what_follows_the_frames_stay() -> None:
    packed, junk = frame(b"TXXX", b"\0PACES\0zip", b"\0\x80"), b"\xffjunk"
    found = read(tag(3, packed + junk))
    assert (found.texts("PACES"), found.rest) == ((), junk)
    assert found.changed(FIELDS).render().endswith(junk)
    grouped = frame(b"TXXX", b"\x07\0PACES\x0090", b"\0\x20")
    assert read(tag(3, grouped)).texts("PACES") == ("90",)


def test_names_of_older_versions_are_names() -> None:
    old = frame(b"TT2\0", b"\0T")
    assert read(tag(3, old + frame(b"TIT2", b"\0T"))).others(()) == [old, frame(b"TIT2", b"\0T")]


@pytest.mark.parametrize(
    "data",
    [
        tag(5, b""),
        tag(2, bytes(10), 0x40),
        tag(3, b"abc")[:-1],
        b"ID3\x03\0\0\xff\0\0\0",
        tag(3, b"\0\0\xff\xff" + bytes(20), 0x40),
    ],
)
def test_a_damaged_header_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="its ID3 tag is"):
        read_id3(BytesIO(data))


@pytest.mark.parametrize(
    "data",
    [
        b"RIFX" + bytes(8),
        b"RIFF\x04\0\0\0WAVE",
        b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff" + bytes(100),
        b"RIFF\x0c\0\0\0WAVEdata\x10\0\0\0",
    ],
)
def test_wav_files_of_no_or_a_wrong_size_are_an_error(data: bytes) -> None:
    if data[4] == 4:
        assert find_chunk(BytesIO(data))[:2] == (12, 12)
        return
    with pytest.raises(ValueError, match=r"^(it|a chunk) is "):
        find_chunk(BytesIO(data))
