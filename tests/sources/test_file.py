"""Files as a source: formats, pace, memory, and one line for a file that cannot be read."""

import os
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.demo import excerpt
from paces_live.errors import SourceError
from paces_live.sources import ArraySource, FileSource, file
from tests.support.encoded import bare_mp3, encoded
from tests.support.sources import SESSION_RATE, heard, music, one_line


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [("wav", "PCM_16", 5e-5), ("wav", "FLOAT", 0.0), ("flac", "PCM_24", 1e-6), ("ogg", None, 0.2), ("mp3", None, 0.2)],
)
def test_file_formats(tmp_path: Path, suffix: str, subtype: str | None, tolerance: float) -> None:
    frames = music(44_100, 3.0, 2)
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, frames, 44_100, subtype=subtype)
    source = FileSource(path, SESSION_RATE, fast=True)
    assert source.name == f"file:song.{suffix}"
    out = heard(source)
    expected = heard(ArraySource(frames, 44_100, SESSION_RATE))
    if suffix == "mp3":  # its encoder pads whole frames
        assert abs(len(out) - len(expected)) <= 1_152 * 2
        out = out[: len(expected)]
    assert len(out) == len(expected)
    # Loudest difference of the compressed ones is in the noise bursts, which they are free to alter.
    np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance)
    assert np.corrcoef(out, expected)[0, 1] > 0.97


def test_a_file_in_real_time_is_as_slow_as_its_playback(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(SESSION_RATE, 0.6), SESSION_RATE)
    start = time.monotonic()
    position = 0
    for block in FileSource(path, SESSION_RATE).blocks():
        position += len(block.samples)
        assert time.monotonic() - start >= position / SESSION_RATE
    assert position == round(0.6 * SESSION_RATE)
    assert time.monotonic() - start < 5.0


def test_file_is_closed_with_the_iterator(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(44_100, 2.0), 44_100)
    before = len(list(Path("/proc/self/fd").iterdir()))
    blocks = FileSource(path, SESSION_RATE, fast=True).blocks()
    next(blocks)
    blocks.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_tenth_of_a_second_is_read(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, music(44_100, 0.1), 44_100)
    assert len(heard(FileSource(path, SESSION_RATE, fast=True))) == round(0.1 * SESSION_RATE)


def test_three_hours_take_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    rate, hours = 8_000, 3
    soundfile.write(path, np.zeros(rate, dtype=np.float32), rate)
    # The header of a long file; what follows is a hole that takes no disk.
    size = rate * 3_600 * hours * 2
    header = bytearray(path.read_bytes()[:44])
    header[4:8] = (size + 36).to_bytes(4, "little")
    header[40:44] = size.to_bytes(4, "little")
    path.write_bytes(header)
    os.truncate(path, size + 44)
    blocks = FileSource(path, SESSION_RATE, fast=True).blocks()
    next(blocks)
    tracemalloc.start()
    seconds = 0.0
    for block in blocks:
        seconds += len(block.samples) / SESSION_RATE
        if seconds > 600:
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds > 600
    # What other threads do meanwhile counts too; ten minutes that were kept would be 53 MB.
    assert peak < 5_000_000


BAD_FILES = {
    "missing": ("no such file", None),
    "empty": ("is empty", b""),
    "text": ("bad.wav: is not audio, or damaged from the start: check that it is music", b"This is no music.\n" * 100),
    "header only": ("holds no samples", "wav"),
    "half a header": ("is not audio", b"RIFF\x00\x00"),
    "m4a": ("is not audio", b"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00" + bytes(200)),
    "slow": ("sample rate 4000 is out of range", "slow"),
    "nan": ("samples are broken", "nan"),
    "infinite": ("samples are broken", "infinite"),
    "too large for 32 bits": ("samples are broken", "large"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_is_one_line(tmp_path: Path, case: str) -> None:
    message, content = BAD_FILES[case]
    path = tmp_path / "bad.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "wav":
        soundfile.write(path, np.zeros((0, 1)), 44_100)
    elif content == "slow":
        soundfile.write(path, np.zeros(4_000), 4_000)
    elif content == "large":
        soundfile.write(path, music(44_100, 1.0).astype(np.float64) * 1e300, 44_100, subtype="DOUBLE")
    elif content is not None:
        frames = music(44_100, 1.0)
        frames[30_000] = np.nan if content == "nan" else np.inf
        soundfile.write(path, frames, 44_100, subtype="FLOAT")
    with pytest.raises(SourceError, match=message) as error:
        heard(FileSource(path, SESSION_RATE, fast=True))
    assert str(path) in one_line(error)


def test_ffmpeg_prints_nothing_about_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(bare_mp3(2.0)[1_000:] + bytes(3_000))
    program = (
        "import sys; from pathlib import Path; from paces_live.sources.file import read_audio\n"
        "list(read_audio(Path(sys.argv[1])))\n"
    )
    # It would print on the descriptor itself, which only a process of its own has to itself.
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("leads_nowhere", [False, True])
def test_libsndfile_prints_nothing_about_a_broken_file(tmp_path: Path, *, leads_nowhere: bool) -> None:
    path = tmp_path / "song.mp3"
    path.write_text("hello\n")
    if leads_nowhere:
        soundfile.write(path, music(44_100, 1.0), 44_100, format="W64", subtype="PCM_16")
        data = path.read_bytes()
        at = data.index(b"data") + 16
        path.write_bytes(data[:at] + b"\xff" * 7 + b"\x7f" + data[at + 8 :])
    program = (
        "import sys; from paces_live.sources import libsndfile\n"
        "try: list(libsndfile.read(open(sys.argv[1], 'rb'), name='song.mp3'))\n"
        "except Exception as error: print(error, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("song.mp3: cannot be read as audio") or leads_nowhere
    assert done.stderr.count("\n") <= 1


def test_without_pyav_a_file_is_read_by_libsndfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav, m4a = tmp_path / "song.wav", tmp_path / "song.m4a"
    soundfile.write(wav, music(44_100, 2.0, 2), 44_100)
    m4a.write_bytes(encoded("m4a", 2.0))
    expected = heard(FileSource(wav, SESSION_RATE, fast=True))
    monkeypatch.setattr(file, "has_decoder", lambda: False)
    np.testing.assert_array_equal(heard(FileSource(wav, SESSION_RATE, fast=True)), expected)
    with pytest.raises(
        SourceError, match="this system has no PyAV, so paces-live reads only WAV, FLAC, OGG and MP3"
    ) as error:
        heard(FileSource(m4a, SESSION_RATE, fast=True))
    assert str(m4a) in one_line(error)


def test_without_any_decoder_a_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "has_decoder", lambda: False)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(SourceError, match="neither PyAV nor soundfile can be loaded") as error:
        heard(FileSource(excerpt(), SESSION_RATE, fast=True))
    assert error.value.code == "source.decoder_missing"


def test_a_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "album.flac"
    path.write_bytes(encoded("flac", 5.0))
    whole = heard(FileSource(path, 48_000, fast=True))
    for start, end in ((0.0, 1.25), (1.25, 3.0), (3.0, None)):
        part = heard(FileSource(path, 48_000, fast=True, start=start, end=end))
        np.testing.assert_array_equal(part, whole[round(start * 48_000) : None if end is None else round(end * 48_000)])
    with pytest.raises(SourceError, match="holds no samples"):
        heard(FileSource(path, 48_000, fast=True, start=6.0))


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n.wav")
    source = FileSource(path, SESSION_RATE, fast=True)
    with pytest.raises(SourceError, match=re.escape("caf\ufffd\ufffd.wav: no such file")) as error:
        heard(source)
    one_line(error)
    soundfile.write(os.fsencode(path), music(44_100, 1.0), 44_100)
    assert source.name == "file:caf\ufffd\ufffd.wav"
    assert len(heard(source)) == SESSION_RATE


def test_a_raw_file_is_refused_and_the_message_says_how_to_pipe_it(tmp_path: Path) -> None:
    path = tmp_path / "samples.RAW"
    path.write_bytes(bytes(4000))
    source = FileSource(path, SESSION_RATE, fast=True)
    with pytest.raises(SourceError, match="no header: pipe it") as error:
        heard(source)
    assert str(path) in one_line(error)


def test_directory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a directory") as error:
        heard(FileSource(tmp_path, SESSION_RATE))
    one_line(error)


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "mpd.fifo"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="not a regular file: for a named pipe use the input fifo:"):
        heard(FileSource(path, SESSION_RATE))


def test_a_truncated_flac_gives_its_good_part(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, music(44_100, 5.0), 44_100)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)
    assert len(heard(FileSource(path, SESSION_RATE, fast=True))) == pytest.approx(2.5 * SESSION_RATE, rel=0.1)
