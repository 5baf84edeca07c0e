"""Decoding: what FFmpeg reads, the length that is there, damage that is skipped and counted, and clear errors."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.errors import SourceError
from paces_live.sources import FileSource
from paces_live.sources.decoder import DecodedFrames, Decoder
from tests.support.encoded import FORMATS, bare_mp3, encode, encoded, mp3_frames, mp3_seconds
from tests.support.sources import SESSION_RATE, heard, music, one_line

EXACT = frozenset({"alac", "flac", "mka", "oga", "wv", "tta", "aiff", "au", "caf", "w64", "wav", "u8", "float"})
"""Kinds that keep the samples; all but `u8` to 16 bits or better."""


class Pipe:
    """Bytes that cannot be sought."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._data.read(size)


def pieces(data: bytes | Pipe) -> list[DecodedFrames]:
    decoder = Decoder(io.BytesIO(data) if isinstance(data, bytes) else data, name="song")
    try:
        return list(decoder.frames())
    finally:
        decoder.close()


def seconds(data: bytes | Pipe) -> float:
    return sum(len(piece.frames) / piece.rate for piece in pieces(data))


def damaged(data: bytes) -> float:
    return sum(piece.damaged / piece.rate for piece in pieces(data))


@pytest.mark.parametrize("kind", FORMATS)
def test_any_format_gives_the_music_in_it(kind: str) -> None:
    found = pieces(encoded(kind, 3.0))
    frames = np.concatenate([piece.frames for piece in found])[:, 0]
    assert {piece.rate for piece in found} == {48_000}
    assert len(frames) / 48_000 == pytest.approx(3.0, abs=0.05)
    expected = music(48_000, 3.0)[:, 0]
    if kind in EXACT:
        np.testing.assert_allclose(frames, expected, rtol=0, atol=2**-7 if kind == "u8" else 2**-15)
    # Without a header that says so, the delay of the codec stays: a few packets.
    lag = int(np.argmax(np.correlate(frames[:60_000], expected[6_000:48_000], "valid"))) - 6_000
    assert abs(lag) <= 2_400
    assert np.corrcoef(frames[10_000 + lag : 100_000 + lag], expected[10_000:100_000])[0, 1] > 0.9


@pytest.mark.parametrize("kind", ["mp3", "opus", "webm", "m4a"])
def test_a_lossy_format_is_gapless_where_the_file_says_so(kind: str) -> None:
    frames = np.concatenate([piece.frames for piece in pieces(encoded(kind, 3.0))])[:, 0]
    expected = music(48_000, 3.0)[:, 0]
    correlation = np.correlate(frames[:60_000], expected[6_000:48_000], "valid")
    assert int(np.argmax(correlation)) == 6_000


@pytest.mark.parametrize("kind", ["mka", "webm", "wv", "aiff", "au", "caf", "mp3", "aac", "flac", "oga", "opus", "wav"])
def test_a_pipe_gives_what_a_file_gives(kind: str) -> None:
    data = encoded(kind, 2.0)
    # Only a file that can be sought has its padding at the end removed.
    assert seconds(Pipe(data)) == pytest.approx(seconds(data), abs=0.03)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2), (384_000, 1), (48_000, 6), (48_000, 8)])
def test_any_rate_and_channels(rate: int, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(rate, 2.0, channels), rate)
    assert len(heard(FileSource(path, SESSION_RATE, fast=True))) == 2 * SESSION_RATE
    (one,) = {piece.frames.shape[1] for piece in pieces(path.read_bytes())}
    assert one == channels


def test_an_mp3_without_a_header_is_as_long_as_its_frames() -> None:
    quiet, loud = bare_mp3(4.0), bare_mp3(8.0)
    # A variable rate: FFmpeg's guess from the first frames is far off.
    data = b"".join(frame for frame in mp3_frames(quiet)) + loud
    assert seconds(data) == pytest.approx(mp3_seconds(len(mp3_frames(data))), abs=0.001)


def test_joined_mp3s_play_to_the_end() -> None:
    first, second = encoded("mp3", 3.0, rate=44_100), encoded("mp3", 5.0, rate=44_100)
    assert seconds(first + second) == pytest.approx(8.0, abs=0.1)
    assert seconds(first + b"TAG" + bytes(125) + second) == pytest.approx(8.0, abs=0.1)
    assert seconds(first + encoded("mp3", 5.0, rate=48_000)) == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(
    "tail",
    [
        bytes(4_000),
        b"LYRICSBEGIN" + b"x" * 3_000 + b"003011LYRICS200TAG" + bytes(125),
        b"<html>not found</html>" * 100,
        b"APETAGEX" + bytes(300),
    ],
)
def test_bytes_after_the_last_frame_are_no_music(tail: bytes) -> None:
    data = bare_mp3(5.0)
    assert seconds(data + tail) == pytest.approx(seconds(data), abs=0.03)
    assert damaged(data + tail) == 0.0


def test_bytes_between_two_frames_are_passed_over() -> None:
    frames = mp3_frames(bare_mp3(5.0))
    data = b"".join(frames[:90]) + bytes(20_000) + b"".join(frames[90:])
    assert seconds(data) == pytest.approx(mp3_seconds(len(frames)), abs=0.03)


def overwritten(data: bytes, count: int) -> bytes:
    """Return `data` with noise instead of `count` bytes in its middle."""
    middle = len(data) // 2
    return data[:middle] + np.random.default_rng(1).bytes(count) + data[middle + count :]


@pytest.mark.parametrize("kind", ["flac", "oga", "opus", "m4a", "mka"])
def test_damage_is_silent_and_counted_and_the_beats_after_it_are_in_time(kind: str) -> None:
    data = encoded(kind, 10.0, rate=48_000)
    broken = overwritten(data, 4_000)
    assert 0.01 < damaged(broken) < 2.0
    assert damaged(data) == 0.0
    before = np.concatenate([piece.frames for piece in pieces(data)])
    after = np.concatenate([piece.frames for piece in pieces(broken)])
    assert len(after) == pytest.approx(len(before), abs=0.05 * 48_000)
    np.testing.assert_allclose(after[: 4 * 48_000], before[: 4 * 48_000], atol=1e-4)
    np.testing.assert_allclose(
        after[9 * 48_000 : 9 * 48_000 + 20_000], before[9 * 48_000 : 9 * 48_000 + 20_000], atol=0.05
    )


@pytest.mark.parametrize("kind", ["flac", "oga", "opus", "m4a", "mka", "webm", "wma", "ts", "mpg", "flv"])
def test_a_second_that_is_lost_is_counted(kind: str) -> None:
    containers = {"ts": ("mpegts", "aac"), "mpg": ("mpeg", "mp2"), "flv": ("flv", "aac")}
    samples = music(48_000, 20.0)[:, 0]
    data = encode(samples, *containers[kind], rate=48_000) if kind in containers else encoded(kind, 20.0)
    assert damaged(data) == 0.0
    broken = overwritten(data, len(data) // 20)
    assert damaged(broken) > 0.8
    assert seconds(broken) == pytest.approx(seconds(data), abs=0.1)


def test_a_frame_of_an_mp3_that_is_missing_costs_no_more_than_its_neighbours() -> None:
    data = bare_mp3(10.0)
    middle = len(data) // 2
    spliced = data[:middle] + data[middle + 333 :]
    assert seconds(spliced) == pytest.approx(10.0, abs=0.1)
    assert 0.0 < damaged(spliced) < 0.1


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus", "wav", "aiff", "webm"])
def test_a_file_that_is_broken_off_ends_there(kind: str) -> None:
    data = encoded(kind, 9.0)
    assert seconds(data[: len(data) // 3]) == pytest.approx(3.0, abs=0.5)


def vorbis(seconds: float, rate: int, channels: int = 1) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, music(rate, seconds, channels), rate, format="OGG", subtype="VORBIS")
    return file.getvalue()


def test_every_link_of_an_ogg_file_is_music() -> None:
    links = [
        vorbis(2.0, 44_100),
        vorbis(3.0, 44_100),
        vorbis(1.0, 48_000, 2),
        encoded("opus", 2.0),
        encoded("oga", 2.0),
    ]
    found = pieces(b"".join(links))
    assert sum(len(piece.frames) / piece.rate for piece in found) == pytest.approx(10.0, abs=0.01)
    assert [rate for rate in (44_100, 48_000) if any(piece.rate == rate for piece in found)] == [44_100, 48_000]
    assert seconds(Pipe(b"".join(links))) == pytest.approx(10.0, abs=0.01)


@pytest.mark.parametrize("damaged_link", [b"OggS\0\2" + bytes(40), b"OggS\0\2" + b"\x9c" * 9_000 + b"OggS\0\0"])
def test_a_damaged_link_costs_itself_alone(damaged_link: bytes) -> None:
    assert seconds(vorbis(2.0, 44_100) + damaged_link) == pytest.approx(2.0)
    assert seconds(vorbis(2.0, 44_100) + damaged_link + vorbis(1.0, 48_000)) == pytest.approx(3.0)


def test_music_before_nothing_but_damage_is_kept() -> None:
    whole = encoded("wv", 2.0)
    assert seconds(whole + b"\x5a" * 400_000) == seconds(whole + whole) == pytest.approx(2.0)


@pytest.mark.parametrize(("first", "second"), [(2, 1), (1, 2)])
def test_a_stream_may_change_its_channels(first: int, second: int) -> None:
    data = encoded("aac", 2.0, channels=first) + encoded("aac", 2.0, channels=second)
    found = pieces(data)
    assert sum(len(piece.frames) for piece in found) / 48_000 == pytest.approx(4.0, abs=0.1)
    assert found[0].frames.shape[1] == first
    assert found[-1].frames.shape[1] == second
    assert float(np.abs(found[-1].frames).max()) > 0.01


def test_joined_flac_files_are_music_to_the_end() -> None:
    assert seconds(encoded("flac", 2.0) + encoded("flac", 3.0)) == pytest.approx(5.0, abs=0.01)


def test_a_flac_without_a_length() -> None:
    data = bytearray(encoded("flac", 3.0))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert seconds(bytes(data)) == pytest.approx(3.0)
    assert seconds(Pipe(bytes(data))) == pytest.approx(3.0)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFE])
def test_a_wav_whose_size_is_unknown(size: int, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(44_100, 3.0), 44_100, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", size)
    assert seconds(bytes(data)) == seconds(Pipe(bytes(data))) == 3.0


@pytest.mark.parametrize("sizes", [(0, 0, 0), (1, 1, 1)])
def test_an_rf64_whether_or_not_its_writer_returned_to_its_sizes(sizes: tuple[int, int, int]) -> None:
    samples = (music(44_100, 3.0) * 32_767).astype("<i2").tobytes()
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 44_100, 88_200, 2, 16)
    whole, length, count = sizes[0] * (len(samples) + 72), sizes[1] * len(samples), sizes[2] * len(samples) // 2
    header = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, whole, length, count, 0)
    assert seconds(header + form + b"data\xff\xff\xff\xff" + samples) == 3.0


def cover_only() -> bytes:
    """Return a picture."""
    return b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda: b"This is no music.\n" * 100, id="text"),
        pytest.param(lambda: np.random.default_rng(2).bytes(1_000_000), id="noise"),
        pytest.param(lambda: bytes(100_000), id="zeros"),
        pytest.param(lambda: b"\xff" * 100_000, id="ones"),
        pytest.param(lambda: b"x", id="a byte"),
        pytest.param(lambda: b"RIFF\0\0", id="half a header"),
        pytest.param(cover_only, id="a picture"),
        pytest.param(lambda: b"\0\0\0\x20ftypM4A \0\0\2\0" + bytes(200), id="an m4a without music"),
        pytest.param(lambda: encoded("m4a")[:40_000], id="an m4a that is broken off"),
    ],
)
def test_what_is_no_music_is_one_line(data: Callable[[], bytes]) -> None:
    with pytest.raises(SourceError, match=r"^song: (is not audio|holds no audio)") as error:
        pieces(data())
    one_line(error)
    assert error.value.code == "source.unreadable"


def test_an_error_of_the_file_is_no_damage() -> None:
    class Failing(Pipe):
        def read(self, size: int) -> bytes:
            if self._data.tell() > 20_000:
                raise OSError(5, "Input/output error")
            return super().read(min(size, 4_096))

    with pytest.raises(SourceError, match=r"song: cannot be read as audio \(Input/output error\)"):
        pieces(Failing(bare_mp3(60.0)))


def test_tags_of_the_container_and_of_its_streams() -> None:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 44_100, 1, format="OGG", subtype="VORBIS") as sound:
        sound.title = "Café"
        sound.write(music(44_100, 1.0))
    decoder = Decoder(io.BytesIO(file.getvalue()), name="song")
    assert decoder.tags["title"] == "Café"
    decoder.close()


def test_silence_stands_for_damage_in_a_source(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    path.write_bytes(overwritten(encoded("flac", 10.0), 4_000))
    blocks = list(FileSource(path, SESSION_RATE, fast=True).blocks())
    assert all(block.dropped == 0 for block in blocks)
    lost = sum(block.damaged for block in blocks)
    assert 0.05 * SESSION_RATE < lost < SESSION_RATE
    (block,) = (block for block in blocks if block.damaged)
    silent = np.convolve(np.abs(block.samples) < 1e-3, np.ones(block.damaged - 200), "valid")
    assert silent.max() == block.damaged - 200
