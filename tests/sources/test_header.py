"""Sizes that are open, and tags that are in the way: the music after them is heard to its end."""

import io
import struct
from collections.abc import Callable

import pytest
import soundfile

from paces_live.sources.decoder import Decoder
from tests.support.encoded import bare_mp3, encoded
from tests.support.sources import music

RATE = 44_100
ID3 = b"ID3\3\0\0"


def seconds(file: io.BufferedIOBase) -> float:
    return sum(len(piece.frames) / piece.rate for piece in Decoder(file, name="song").frames())


class Pipe(io.BytesIO):
    """Bytes that cannot be sought."""

    def seekable(self) -> bool:
        return False


def song(kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, music(RATE, 2.0), RATE, format=kind, subtype="PCM_16")
    return file.getvalue()


def tag(size: int) -> bytes:
    return ID3 + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(size)


def changed(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def au(size: int) -> bytes:
    return changed(song("AU"), 8, struct.pack(">I", size))


def aiff(whole: int, sound: int, frames: int) -> bytes:
    data = song("AIFF")
    data = changed(data, 4, struct.pack(">I", whole))
    data = changed(data, data.index(b"SSND") + 4, struct.pack(">I", sound))
    return changed(data, data.index(b"COMM") + 10, struct.pack(">I", frames))


def w64(whole: int, sound: int) -> bytes:
    data = song("W64")
    return changed(changed(data, 16, struct.pack("<Q", whole)), data.index(b"data") + 16, struct.pack("<Q", sound))


def rf64(*sizes: int) -> bytes:
    return changed(song("RF64"), 20, struct.pack("<QQQ", *sizes))


def caf(size: int) -> bytes:
    data = encoded("caf", 2.0)
    return changed(data, data.index(b"data") + 4, struct.pack(">Q", size))


MOST_32, MOST_64 = (1 << 32) - 1, (1 << 64) - 1


@pytest.mark.parametrize(
    "data",
    [
        *(pytest.param(lambda n=n: au(n), id=f"AU {n:x}") for n in (0, MOST_32, MOST_32 >> 1)),
        *(pytest.param(lambda n=n: aiff(*n), id=f"AIFF {n[0]:x} {n[1]:x} {n[2]:x}")
          for n in ((0, 0, 0), (0, 8, 0), (46, 8, 0), (MOST_32, MOST_32, MOST_32), (MOST_32 >> 1, MOST_32 >> 1, 0))),
        *(pytest.param(lambda n=n: w64(*n), id=f"W64 {n[0]:x} {n[1]:x}")
          for n in ((0, 0), (0, 24), (MOST_64, MOST_64), (MOST_64 >> 1, MOST_64 >> 1))),
        *(pytest.param(lambda n=n: rf64(n, n, n), id=f"RF64 {n:x}") for n in (0, MOST_64, MOST_64 >> 1)),
        *(pytest.param(lambda n=n: caf(n), id=f"CAF {n:x}") for n in (0, MOST_64)),
    ],
)  # fmt: skip
def test_a_file_whose_writer_left_its_sizes_open(data: Callable[[], bytes]) -> None:
    assert [seconds(io.BytesIO(data())), seconds(Pipe(data()))] == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize("kind", ["wav", "m4a", "aiff", "wv", "caf", "wma", "mka", "flac", "oga", "tta", "au", "w64"])
def test_a_tag_before_a_file_that_has_none(kind: str) -> None:
    data = encoded(kind, 2.0)
    assert seconds(io.BytesIO(tag(3_000) + data)) == seconds(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["flac", "mp3", "aac"])
def test_a_tag_with_a_large_picture(kind: str) -> None:
    data = encoded(kind, 2.0)
    assert seconds(io.BytesIO(tag(3_000_000) + data)) == pytest.approx(seconds(io.BytesIO(data)), abs=0.03)


def test_a_tag_that_claims_to_be_longer_than_the_file() -> None:
    data = bare_mp3(2.0)
    assert seconds(io.BytesIO(ID3 + b"\x7f" * 4 + data)) == seconds(io.BytesIO(data))


def test_whatever_is_read_of_a_mended_header() -> None:
    from paces_live.sources.file_object import FileObject

    data = au(0)
    fixed = changed(data, 8, b"\xff" * 4)
    file = FileObject(io.BytesIO(tag(100) + data))
    assert file.read(10) + file.read(1_000_000) + file.read(1_000_000) == fixed
    assert (file.seek(-4, 2), file.tell(), file.read(9)) == (len(data) - 4, len(data) - 4, data[-4:])
    assert (file.seek(9), file.read(5), file.seek(-2, 1), file.read(3)) == (9, fixed[9:14], 12, fixed[12:15])
