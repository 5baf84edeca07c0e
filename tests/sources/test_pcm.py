"""Raw PCM on standard input: the same samples however the reads cut them, and one line for wrong data."""

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.errors import SourceError, UsageError
from paces_live.sources import ArraySource, FileSource, PipeSource
from paces_live.sources.pcm import pcm_format
from tests.support.encoded import bare_mp3, encoded
from tests.support.sources import SESSION_RATE, heard, joined, music, one_line, open_source, pcm_bytes


class Trickle(io.RawIOBase):
    """A binary stream without a descriptor that gives the sizes asked for, one read at a time."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = data
        self._sizes = sizes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        take = min(size, self._sizes.pop(0)) if self._sizes else size
        chunk, self._data = self._data[:take], self._data[take:]
        return chunk


@pytest.mark.parametrize("form", ["s16le", "f32le"])
@pytest.mark.parametrize("channels", [1, 2])
@settings(max_examples=15)
@given(sizes=st.lists(st.integers(1, 3_000), max_size=20))
def test_frames_cut_by_a_read_are_joined(form: str, channels: int, sizes: list[int]) -> None:
    frames = music(44_100, 0.2, channels)
    stream = cast(BinaryIO, Trickle(pcm_bytes(frames, form), sizes))
    source = PipeSource(stream, 44_100, pcm_format(form), channels, sample_rate=SESSION_RATE)
    expected = heard(ArraySource(frames, 44_100, SESSION_RATE))
    np.testing.assert_allclose(heard(source), expected, atol=5e-5 if form == "s16le" else 0)


def test_half_a_frame_at_the_end_is_ignored() -> None:
    stream = io.BytesIO(pcm_bytes(music(SESSION_RATE, 0.1), "s16le") + b"\x01")
    assert len(heard(PipeSource(stream, SESSION_RATE, sample_rate=SESSION_RATE))) == SESSION_RATE // 10


def test_file_and_pipe_give_the_same_samples(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    frames = music(48_000, 1.0, 2)
    soundfile.write(path, frames, 48_000, subtype="PCM_16")
    raw = soundfile.read(path, dtype="int16")[0].astype("<i2").tobytes()
    piped = heard(PipeSource(io.BytesIO(raw), 48_000, channels=2, sample_rate=SESSION_RATE))
    np.testing.assert_array_equal(piped, heard(FileSource(path, SESSION_RATE, fast=True)))


def test_a_live_pipe_gives_its_data_immediately_and_then_empty_blocks() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        blocks = PipeSource(stream, SESSION_RATE, sample_rate=SESSION_RATE).blocks()
        os.write(writer, bytes(201))
        start = time.monotonic()
        assert len(next(blocks).samples) == 100
        assert time.monotonic() - start < 0.4
        os.write(writer, bytes(1))
        assert len(next(blocks).samples) == 1
        assert len(next(blocks).samples) == 0
        assert 0.4 < time.monotonic() - start < 5.0
        os.close(writer)
        assert list(blocks) == []


def test_pipe_from_another_process(tmp_path: Path) -> None:
    path = tmp_path / "song.raw"
    frames = music(44_100, 4.0)
    path.write_bytes(pcm_bytes(frames, "s16le"))
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        out = heard(PipeSource(cast(BinaryIO, process.stdout), 44_100, sample_rate=SESSION_RATE))
    np.testing.assert_allclose(out, heard(ArraySource(frames, 44_100, SESSION_RATE)), atol=5e-5)


def test_redirected_file_is_read_as_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "song.raw"
    path.write_bytes(pcm_bytes(music(44_100, 1.0), "f32le"))
    with path.open("rb") as stream:
        assert len(heard(PipeSource(stream, 44_100, "f32le", sample_rate=SESSION_RATE))) == SESSION_RATE


def test_a_slow_reader_of_a_pipe_loses_nothing() -> None:
    """The pipe paces its writer: data that was not taken waits there."""
    reader, writer = os.pipe()
    data = pcm_bytes(music(SESSION_RATE, 12.0), "s16le")

    def write() -> None:
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    count = 0
    with os.fdopen(reader, "rb") as stream:
        for block in PipeSource(stream, SESSION_RATE, sample_rate=SESSION_RATE).blocks():
            count += len(block.samples)
            time.sleep(0.01)
    thread.join()
    assert count == 12 * SESSION_RATE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ended before any data came"),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(100), "stdin: is not audio, or damaged from the start"),
        (b"fLaC\0\0\0\x22" + bytes(100), "stdin: is not audio, or damaged from the start"),
    ],
)
def test_a_pipe_without_sound_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as error:
        heard(PipeSource(io.BytesIO(data), 44_100, sample_rate=SESSION_RATE))
    one_line(error)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "aac", "flac", "opus", "wav", "aiff", "mka", "wma", "wv"])
@pytest.mark.parametrize("redirected", [False, True])
def test_an_encoded_file_is_decoded(kind: str, redirected: bool, tmp_path: Path) -> None:
    path = tmp_path / "song"
    path.write_bytes(encoded(kind, 3.0))
    if redirected:
        with path.open("rb") as stream:
            out = heard(PipeSource(stream, 8_000, channels=2, sample_rate=SESSION_RATE))
    else:
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as process:
            out = heard(PipeSource(cast(BinaryIO, process.stdout), 8_000, channels=2, sample_rate=SESSION_RATE))
    expected = heard(FileSource(path, SESSION_RATE, fast=True))
    assert abs(len(out) - len(expected)) < 0.05 * SESSION_RATE
    np.testing.assert_allclose(out[: 2 * SESSION_RATE], expected[: 2 * SESSION_RATE], atol=1e-5)


def test_an_mp4_whose_index_is_at_its_end_is_awaited() -> None:
    data = encoded("m4a", 3.0)
    assert data.index(b"moov") > 60_000
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        os.write(writer, data[:60_000])
        blocks = PipeSource(stream, SESSION_RATE, sample_rate=SESSION_RATE).blocks()
        assert not len(next(blocks).samples)
        os.write(writer, data[60_000:])
        os.close(writer)
        assert len(joined(blocks)) == pytest.approx(3 * SESSION_RATE, abs=0.05 * SESSION_RATE)


def test_a_pipe_that_stalls_in_an_encoded_file_can_be_left() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        os.write(writer, bare_mp3(1.0))
        blocks = PipeSource(stream, SESSION_RATE, sample_rate=SESSION_RATE).blocks()
        begun = time.monotonic()
        assert not len(next(blocks).samples)
        blocks.close()
        assert time.monotonic() - begun < 3.0
        os.close(writer)


def test_bytes_that_may_begin_a_file_are_heard_once_it_is_sure_that_they_are_samples() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        blocks = PipeSource(stream, SESSION_RATE, sample_rate=SESSION_RATE).blocks()
        os.write(writer, b"RIFF")
        assert len(next(blocks).samples) == 0
        os.write(writer, bytes(8))
        assert next(blocks).samples.tolist() == pytest.approx([0x4952 / 32768, 0x4646 / 32768, 0, 0, 0, 0])
        os.close(writer)
        assert list(blocks) == []


def test_nan_in_a_pipe_is_one_line() -> None:
    frames = music(44_100, 1.0)
    frames[40_000] = np.nan
    with pytest.raises(SourceError, match="stdin: the samples are broken") as error:
        heard(PipeSource(io.BytesIO(pcm_bytes(frames, "f32le")), 44_100, "f32le", sample_rate=SESSION_RATE))
    one_line(error)


def test_a_terminal_as_standard_input_is_wrong_usage() -> None:
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as stream, pytest.raises(UsageError, match="is a terminal"):
        heard(PipeSource(cast(BinaryIO, stream), 44_100, sample_rate=SESSION_RATE))
    os.close(controller)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 5_999}, "rate 5999 is out of range"),
        ({"rate": 384_001}, "rate 384001 is out of range"),
        ({"rate": 0}, "rate 0 is out of range"),
        ({"channels": 0}, "0 channels are out of range"),
        ({"format": "s24le"}, "format s24le is unknown: choose s16le or f32le"),
    ],
)
def test_a_wrong_description_of_a_pipe_is_wrong_usage(
    options: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(UsageError, match=message) as error:
        open_source("-", sample_rate=SESSION_RATE, **options)  # type: ignore[arg-type]
    one_line(error)
