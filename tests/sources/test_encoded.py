"""Encoded files are known by their first bytes, however they are cut; raw PCM never is taken for one."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from paces_live.sources.encoded import SIGNATURES, encoded_kind
from tests.support.encoded import encode
from tests.support.signals import rock
from tests.support.sources import music, pcm_bytes

RATE = 44_100
ENOUGH = 1 << 15
"""First bytes that are enough in any case."""


def by_soundfile(format: str, subtype: str | None = None) -> bytes:  # noqa: A002 - soundfile's name
    out = io.BytesIO()
    soundfile.write(out, music(RATE, 1.0, 2), RATE, format=format, subtype=subtype)
    return out.getvalue()


def by_ffmpeg(container: str, codec: str) -> bytes:
    return encode(np.zeros(48_000, np.float32), container, codec, rate=48_000, bit_rate=64_000)


def untagged(data: bytes) -> bytes:
    """Return an MP3 without its first frame, which states the length and the encoder."""
    return data[data.index(data[:2], 4) :]


def transport_stream() -> bytes:
    """Return a transport stream that begins with the table of programs, as those that streamlink pipes."""
    data = by_ffmpeg("mpegts", "aac")
    return data[data.index(b"\x47\x40\x00") :]


FILES = {
    "WAV": (lambda: by_soundfile("WAV"), "a WAV file"),
    "RF64": (lambda: by_soundfile("RF64"), "a WAV file"),
    "W64": (lambda: by_soundfile("W64"), "a Wave64 file"),
    "AIFF": (lambda: by_soundfile("AIFF"), "an AIFF file"),
    "AU": (lambda: by_soundfile("AU"), "an AU file"),
    "CAF": (lambda: by_soundfile("CAF"), "a CAF file"),
    "FLAC": (lambda: by_soundfile("FLAC"), "a FLAC file"),
    "Vorbis": (lambda: by_soundfile("OGG", "VORBIS"), "an OGG file"),
    "Opus": (lambda: by_ffmpeg("ogg", "libopus"), "an OGG file"),
    "MP3": (lambda: by_soundfile("MP3"), "an MP3 file"),
    "MP3 without tags": (lambda: untagged(by_soundfile("MP3")), "an MP3 file"),
    "MP3 with ID3": (lambda: b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + by_soundfile("MP3"), "an MP3 file"),
    "silent MP3": (lambda: by_ffmpeg("mp3", "libmp3lame"), "an MP3 file"),
    "MP2": (lambda: by_ffmpeg("mp2", "mp2"), "an MP3 file"),
    "ADTS": (lambda: by_ffmpeg("adts", "aac"), "an AAC file"),
    "m4a": (lambda: by_ffmpeg("ipod", "aac"), "an MP4 file"),
    "WebM": (lambda: by_ffmpeg("webm", "libopus"), "a Matroska or WebM file"),
    "WMA": (lambda: by_ffmpeg("asf", "wmav2"), "a WMA file"),
    "WavPack": (lambda: by_ffmpeg("wv", "wavpack"), "a WavPack file"),
    "MPEG-TS": (lambda: by_ffmpeg("mpegts", "aac"), "an MPEG transport stream"),
    "MPEG-TS of a broadcaster": (transport_stream, "an MPEG transport stream"),
    "AVI": (lambda: by_ffmpeg("avi", "libmp3lame"), "an AVI file"),
    "FLV": (lambda: by_ffmpeg("flv", "aac"), "an FLV file"),
    "RealMedia": (lambda: by_ffmpeg("rm", "ac3"), "a RealMedia file"),
    "True Audio": (lambda: by_ffmpeg("tta", "tta"), "a True Audio file"),
}


@pytest.mark.parametrize(("make", "kind"), FILES.values(), ids=FILES)
def test_an_encoded_file_is_known_as_soon_as_it_can_be(make: Callable[[], bytes], kind: str) -> None:
    data = make()
    counts = [*range(64), *range(64, min(len(data), ENOUGH), 61)]
    answers = [encoded_kind(data[:count]) for count in counts]
    first = answers.index(kind)
    assert answers == [None] * first + [kind] * (len(answers) - first)
    assert encoded_kind(data, complete=True) == kind


@pytest.mark.parametrize("signature", [signature for signature, _ in SIGNATURES])
def test_samples_that_spell_a_part_of_a_signature_are_no_file(signature: bytes) -> None:
    for count in range(1, len(signature)):
        start = signature[:count].replace(b"?", b"\x40") + bytes([signature[count] ^ 0x55]) * 64
        if signature[count : count + 1] != b"?":
            assert encoded_kind(start) == ""


def test_two_frames_are_a_file_only_if_it_ends_with_them() -> None:
    data = untagged(by_soundfile("MP3"))
    second = data.index(data[:2], 4)
    third = data.index(data[:2], second + 4)
    assert encoded_kind(data[:third]) is None
    assert encoded_kind(data[:third], complete=True) == "an MP3 file"
    assert encoded_kind(data[:second], complete=True) == ""
    assert encoded_kind(data[:third] + bytes(100)) == ""


def pcm(frames: NDArray[np.float64] | NDArray[np.float32]) -> Iterator[bytes]:
    """Yield sound as 16-bit integers and as floats."""
    clipped = np.clip(frames, -1.0, 1.0).astype(np.float32)
    yield (clipped * 32_767).astype("<i2").tobytes()
    yield clipped.astype("<f4").tobytes()


def sounds() -> Iterator[bytes]:
    rng = np.random.default_rng(5)
    for _ in range(2_000):
        yield rng.bytes(4_096)
        # All that looks like the first header of a stream, and then loud noise.
        yield b"\xff" + bytes([rng.choice([0xFB, 0xFA, 0xF3, 0xF1, 0xF9, 0xE3])]) + rng.bytes(4_094)
    for level in (1e-5, 1e-4, 1e-2, 0.3, 3.0):
        for _ in range(100):
            yield from pcm(rng.normal(0.0, level, 2_000))
    for value in range(-32_768, 32_768, 17):
        yield np.full(500, value, "<i2").tobytes()
    song = rock(168.0, 8.0)
    for start in range(0, len(song) - 2_000, 397):
        yield from pcm(song[start : start + 2_000])
        # Quiet and almost silent passages have many bytes of all ones.
        yield from pcm(3e-4 * song[start : start + 2_000])


def test_raw_pcm_is_no_file() -> None:
    assert {encoded_kind(data, complete=True) for data in sounds()} == {""}


def test_a_sound_that_repeats_itself_is_no_file() -> None:
    rng = np.random.default_rng(6)
    for period in (4, 8, 16, 24, 48, 96, 128, 192):
        for _ in range(200):
            start = b"\xff\xfb" + bytes([rng.integers(0x10, 0xE0) & 0xF0]) + rng.bytes(period - 3)
            assert encoded_kind(start * (8_192 // period)) == ""


@pytest.mark.parametrize("form", ["s16le", "f32le"])
def test_raw_pcm_is_known_at_its_first_samples(form: str) -> None:
    assert encoded_kind(pcm_bytes(music(RATE, 0.1), form)[:16]) == ""
    assert encoded_kind(bytes(8)) == ""
