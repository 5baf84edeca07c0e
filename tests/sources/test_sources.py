"""Every source gives the same samples for the same music, and one line for what it cannot read."""

import io
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paces_live import sources
from paces_live.errors import SourceError, UsageError
from paces_live.sources import ArraySource, Block, FileSource, PipeSource, Source, open_source, reconnect
from paces_live.sources.resample import MonoResampler
from tests.support.soundfakes import pactl, tool

ENGINE_RATE = 22_050


def music(rate: int, seconds: float, channels: int = 1) -> NDArray[np.float32]:
    """Return decaying noise bursts at 150 a minute over a tone, shape (n, channels); the same at every call."""
    rng = np.random.default_rng(7)
    count = round(rate * seconds)
    t = np.arange(count) / rate
    bursts = rng.normal(size=count) * np.exp(-30 * (t % 0.4))
    mono = 0.2 * np.sin(2 * np.pi * 220 * t) + 0.1 * bursts
    gains = np.linspace(1.0, 0.5, channels)
    return (mono[:, None] * gains).astype(np.float32)


def heard(source: Source) -> NDArray[np.float32]:
    """Return all samples of `source` in one array."""
    return joined(source.blocks())


def joined(blocks: Iterable[Block]) -> NDArray[np.float32]:
    taken = list(blocks)
    for block in taken:
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 1
        assert block.dropped == 0
    return np.concatenate([np.empty(0, np.float32), *(block.samples for block in taken)])


def one_line(error: pytest.ExceptionInfo[Exception]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


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


# Resampling


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_gives_the_same_music_at_the_engine_rate(rate: int) -> None:
    seconds = 2.0
    t = np.arange(round(rate * seconds)) / rate
    out = heard(ArraySource(np.sin(2 * np.pi * 441 * t), rate, ENGINE_RATE))
    assert len(out) == round(ENGINE_RATE * seconds)
    expected = np.sin(2 * np.pi * 441 * np.arange(len(out)) / ENGINE_RATE)
    middle = slice(2_000, -2_000)
    np.testing.assert_allclose(out[middle], expected[middle], atol=1e-4)


@settings(deadline=None, max_examples=40)
@given(
    rate=st.sampled_from([11_025, 22_050, 44_100, 48_000]),
    channels=st.integers(1, 3),
    cuts=st.lists(st.integers(0, 12_000), max_size=12),
)
def test_any_split_gives_the_same_samples_bit_for_bit(rate: int, channels: int, cuts: list[int]) -> None:
    frames = music(rate, 12_000 / rate, channels)
    whole = MonoResampler(rate, ENGINE_RATE, name="x")
    expected = np.concatenate([whole.push(frames), whole.flush()])
    split = MonoResampler(rate, ENGINE_RATE, name="x")
    parts = [split.push(part) for part in np.split(frames, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate([*parts, split.flush()]), expected)


def test_channels_are_averaged() -> None:
    frames = np.array([[1.0, 0.0], [0.5, -0.5], [0.25, 0.75]], dtype=np.float32)
    np.testing.assert_array_equal(heard(ArraySource(frames, ENGINE_RATE, ENGINE_RATE)), [0.5, 0.0, 0.5])


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
@pytest.mark.parametrize("rate", [8_000, 11_025, 48_000, 192_000])
def test_any_rate_and_channels_from_file_and_pipe(tmp_path: Path, rate: int, channels: int) -> None:
    """A tone in one channel and another in all the others: each is heard as loud as its share."""
    t = np.arange(round(rate * 1.5)) / rate
    frames = np.repeat(0.5 * np.sin(2 * np.pi * 900 * t)[:, None], channels, axis=1)
    frames[:, -1] = 0.5 * np.sin(2 * np.pi * 300 * t)
    path = tmp_path / "song.wav"
    soundfile.write(path, frames, rate, subtype="PCM_16")
    raw = io.BytesIO(pcm(frames.astype(np.float32), "s16le"))
    file = heard(FileSource(path, ENGINE_RATE, fast=True))
    piped = heard(PipeSource(raw, rate, channels=channels, sample_rate=ENGINE_RATE))
    np.testing.assert_allclose(piped, file, atol=1e-4)
    assert len(file) == pytest.approx(1.5 * ENGINE_RATE, abs=1)
    middle = file[ENGINE_RATE // 4 : ENGINE_RATE // 4 + ENGINE_RATE]
    amplitude = 2 * np.abs(np.fft.rfft(middle)) / ENGINE_RATE
    assert amplitude[300] == pytest.approx(0.5 / channels, abs=2e-3)
    assert amplitude[900] == pytest.approx(0.5 * (channels - 1) / channels, abs=2e-3)


def test_equal_rates_pass_unchanged_into_an_array_of_their_own() -> None:
    samples = music(ENGINE_RATE, 0.1)[:, 0]
    resampler = MonoResampler(ENGINE_RATE, ENGINE_RATE, name="x")
    out = resampler.push(samples)
    np.testing.assert_array_equal(out, samples)
    assert not np.shares_memory(out, samples)
    assert len(resampler.flush()) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("channels", [1, 2])
def test_broken_samples_are_an_error(value: float, channels: int) -> None:
    frames = music(44_100, 0.1, channels)
    frames[1_000, -1] = value
    with pytest.raises(SourceError, match="array: the samples are broken") as error:
        heard(ArraySource(frames, 44_100, ENGINE_RATE))
    one_line(error)


@pytest.mark.parametrize("rate", [0, 7_999, 192_001])
def test_rate_out_of_range_is_an_error(rate: int) -> None:
    with pytest.raises(SourceError, match="out of range") as error:
        MonoResampler(rate, ENGINE_RATE, name="song.wav")
    one_line(error)


# Files


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [("wav", "PCM_16", 5e-5), ("wav", "FLOAT", 0.0), ("flac", "PCM_24", 1e-6), ("ogg", None, 0.2), ("mp3", None, 0.2)],
)
def test_file_formats(tmp_path: Path, suffix: str, subtype: str | None, tolerance: float) -> None:
    frames = music(44_100, 3.0, 2)
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, frames, 44_100, subtype=subtype)
    source = FileSource(path, ENGINE_RATE, fast=True)
    assert source.name == f"file:song.{suffix}"
    out = heard(source)
    expected = heard(ArraySource(frames, 44_100, ENGINE_RATE))
    if suffix == "mp3":  # its encoder pads whole frames
        assert abs(len(out) - len(expected)) <= 1_152 * 2
        out = out[: len(expected)]
    assert len(out) == len(expected)
    # Loudest difference of the compressed ones is in the noise bursts, which they are free to alter.
    np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance)
    assert np.corrcoef(out, expected)[0, 1] > 0.97


def test_file_in_real_time_comes_when_it_would_be_played(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(ENGINE_RATE, 0.6), ENGINE_RATE)
    start = time.monotonic()
    position = 0
    for block in FileSource(path, ENGINE_RATE).blocks():
        position += len(block.samples)
        assert time.monotonic() - start >= position / ENGINE_RATE
    assert position == round(0.6 * ENGINE_RATE)
    assert time.monotonic() - start < 5.0


def test_file_is_closed_with_the_iterator(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(44_100, 2.0), 44_100)
    before = len(list(Path("/proc/self/fd").iterdir()))
    blocks = FileSource(path, ENGINE_RATE, fast=True).blocks()
    next(blocks)
    blocks.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_tenth_of_a_second_is_read(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, music(44_100, 0.1), 44_100)
    assert len(heard(FileSource(path, ENGINE_RATE, fast=True))) == round(0.1 * ENGINE_RATE)


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
    blocks = FileSource(path, ENGINE_RATE, fast=True).blocks()
    next(blocks)
    tracemalloc.start()
    seconds = 0.0
    for block in blocks:
        seconds += len(block.samples) / ENGINE_RATE
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
    "text": ("bad.wav: is no audio that is known here: WAV", b"This is no music.\n" * 100),
    "header only": ("holds no samples", "wav"),
    "half a header": ("is no audio that is known here", b"RIFF\x00\x00"),
    "m4a": ("if it is music, convert it with: ffmpeg", b"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00" + bytes(200)),
    "slow": ("sample rate 4000 is out of range", "slow"),
    "nan": ("samples are broken", "nan"),
    "infinite": ("samples are broken", "infinite"),
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
    elif content is not None:
        frames = music(44_100, 1.0)
        frames[30_000] = np.nan if content == "nan" else np.inf
        soundfile.write(path, frames, 44_100, subtype="FLOAT")
    with pytest.raises(SourceError, match=message) as error:
        heard(FileSource(path, ENGINE_RATE, fast=True))
    assert str(path) in one_line(error)


def test_what_is_no_mp3_is_told_in_our_own_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_text("hello\n")
    program = (
        "import sys; from paces_live.sources.file import FileSource\n"
        "try: FileSource(sys.argv[1], 22_050).open()\n"
        "except Exception as error: print(error, file=sys.stderr)\n"
    )
    # Its decoder prints on the descriptor itself, which only a process of its own has to itself.
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr.startswith(f"{path}: is no audio that is known here")
    assert done.stderr.count("\n") == 1


def test_raw_samples_in_a_file_are_refused_with_the_way_to_pipe_them(tmp_path: Path) -> None:
    path = tmp_path / "samples.RAW"
    path.write_bytes(bytes(4000))
    source = FileSource(path, ENGINE_RATE, fast=True)
    for ask in (lambda: heard(source), lambda: source.duration):
        with pytest.raises(SourceError, match="no header: pipe it") as error:
            ask()
        assert str(path) in one_line(error)


def test_directory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a directory") as error:
        heard(FileSource(tmp_path, ENGINE_RATE))
    one_line(error)


def test_fifo_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "mpd.fifo"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="not a regular file: a named pipe is the input fifo:"):
        heard(FileSource(path, ENGINE_RATE))


def test_flac_that_breaks_off_is_one_line_after_its_good_part(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, music(44_100, 5.0), 44_100)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)
    good = 0
    try:
        for block in FileSource(path, ENGINE_RATE, fast=True).blocks():
            good += len(block.samples)
    except SourceError as error:
        assert "cannot be read to its end" in str(error)  # noqa: PT017 - libsndfile may also just end
    assert good > ENGINE_RATE


# Pipes


def pcm(frames: NDArray[np.float32], form: str) -> bytes:
    if form == "f32le":
        return frames.astype("<f4").tobytes()
    return np.round(frames * 32_768).astype("<i2").tobytes()


@pytest.mark.parametrize("form", ["s16le", "f32le"])
@pytest.mark.parametrize("channels", [1, 2])
@settings(deadline=None, max_examples=15)
@given(sizes=st.lists(st.integers(1, 3_000), max_size=20))
def test_pipe_joins_what_reads_cut(form: str, channels: int, sizes: list[int]) -> None:
    frames = music(44_100, 0.2, channels)
    stream = cast(BinaryIO, Trickle(pcm(frames, form), sizes))
    source = PipeSource(stream, 44_100, sources.pcm.pcm_format(form), channels, sample_rate=ENGINE_RATE)
    expected = heard(ArraySource(frames, 44_100, ENGINE_RATE))
    np.testing.assert_allclose(heard(source), expected, atol=5e-5 if form == "s16le" else 0)


def test_pipe_leaves_half_a_frame_at_the_end_out() -> None:
    stream = io.BytesIO(pcm(music(ENGINE_RATE, 0.1), "s16le") + b"\x01")
    assert len(heard(PipeSource(stream, ENGINE_RATE, sample_rate=ENGINE_RATE))) == ENGINE_RATE // 10


def test_file_and_pipe_give_the_same_samples(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    frames = music(48_000, 1.0, 2)
    soundfile.write(path, frames, 48_000, subtype="PCM_16")
    raw = soundfile.read(path, dtype="int16")[0].astype("<i2").tobytes()
    piped = heard(PipeSource(io.BytesIO(raw), 48_000, channels=2, sample_rate=ENGINE_RATE))
    np.testing.assert_array_equal(piped, heard(FileSource(path, ENGINE_RATE, fast=True)))


def test_live_pipe_gives_at_once_what_is_there_and_then_empty_blocks() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        blocks = PipeSource(stream, ENGINE_RATE, sample_rate=ENGINE_RATE).blocks()
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
    path.write_bytes(pcm(frames, "s16le"))
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        out = heard(PipeSource(cast(BinaryIO, process.stdout), 44_100, sample_rate=ENGINE_RATE))
    np.testing.assert_allclose(out, heard(ArraySource(frames, 44_100, ENGINE_RATE)), atol=5e-5)


def test_redirected_file_is_read_as_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "song.raw"
    path.write_bytes(pcm(music(44_100, 1.0), "f32le"))
    with path.open("rb") as stream:
        assert len(heard(PipeSource(stream, 44_100, "f32le", sample_rate=ENGINE_RATE))) == ENGINE_RATE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ended before anything came"),
        (b"RIFF" + bytes(100), "carries a WAV file"),
        (b"fLaC" + bytes(100), "carries a FLAC file"),
    ],
)
def test_pipe_without_raw_pcm_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as error:
        heard(PipeSource(io.BytesIO(data), 44_100, sample_rate=ENGINE_RATE))
    one_line(error)


def test_nan_in_a_pipe_is_one_line() -> None:
    frames = music(44_100, 1.0)
    frames[40_000] = np.nan
    with pytest.raises(SourceError, match="stdin: the samples are broken") as error:
        heard(PipeSource(io.BytesIO(pcm(frames, "f32le")), 44_100, "f32le", sample_rate=ENGINE_RATE))
    one_line(error)


def test_terminal_as_standard_input_is_misuse() -> None:
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as stream, pytest.raises(UsageError, match="is a terminal"):
        heard(PipeSource(cast(BinaryIO, stream), 44_100, sample_rate=ENGINE_RATE))
    os.close(controller)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 7_999}, "rate 7999 is out of range"),
        ({"rate": 192_001}, "rate 192001 is out of range"),
        ({"rate": 0}, "rate 0 is out of range"),
        ({"channels": 0}, "0 channels are out of range"),
        ({"format": "s24le"}, "format s24le is unknown: choose s16le or f32le"),
    ],
)
def test_wrong_description_of_a_pipe_is_misuse(
    options: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(UsageError, match=message) as error:
        open_source("-", sample_rate=ENGINE_RATE, **options)  # type: ignore[arg-type]
    one_line(error)


# Names


def test_open_source_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    names = {
        "mic": "mic:default",
        "mic:USB": "mic:USB",
        "mic:USB: Audio (hw:1,0)": "mic:USB: Audio (hw:1,0)",
        "playback": "playback",
        "playback:hdmi": "playback:hdmi",
        "player:Spotify": "player:Spotify",
        "fifo:/tmp/mpd.fifo": "fifo:mpd.fifo",
        "https://radio.example:8000/live?key=1": "radio:radio.example/live",
        "file:http://x": "file:x",
        "-": "stdin",
        "a/song.wav": "file:song.wav",
        "file:a/song.wav": "file:song.wav",
        "file:mic": "file:mic",
        "C:song.wav": "file:C:song.wav",
    }
    assert {spec: open_source(spec, sample_rate=ENGINE_RATE).name for spec in names} == names


@pytest.mark.parametrize("spec", ["", " ", "mic:", "file:", "mic: ", "playback:", "player:", "fifo:"])
def test_input_that_names_nothing_is_misuse(spec: str) -> None:
    with pytest.raises(UsageError):
        open_source(spec, sample_rate=ENGINE_RATE)


def test_array_source_name_and_checks() -> None:
    assert ArraySource([0.0], 44_100, ENGINE_RATE, name="clicks").name == "clicks"
    with pytest.raises(ValueError, match="block"):
        ArraySource([0.0], 44_100, ENGINE_RATE, block=0)
    with pytest.raises(ValueError, match="shape"):
        ArraySource(0.0, 44_100, ENGINE_RATE)


def test_importing_sources_loads_no_audio_library() -> None:
    code = (
        "import sys, paces_live.sources\n"
        "print([m for m in ('soundfile', 'soxr', 'sounddevice', 'scipy', 'av', 'urllib.request') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_public_names() -> None:
    assert sorted(sources.__all__) == sources.__all__
    assert all(hasattr(sources, name) for name in sources.__all__)


def test_playback_without_a_tool_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="apt install pulseaudio-utils") as error:
        heard(open_source("playback", sample_rate=ENGINE_RATE))
    one_line(error)


def test_playback_tells_the_last_words_of_a_tool_that_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "parec", "echo warming up >&2; echo 'Connection failure: Connection refused' >&2; exit 1")
    pactl(tmp_path, "music")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=r"parec ended \(Connection failure: Connection refused\)") as error:
        heard(open_source("playback", sample_rate=ENGINE_RATE))
    one_line(error)


@pytest.mark.parametrize("raw", [False, True])
def test_pw_record_is_the_second_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, raw: bool) -> None:
    help_text = "echo '  -a, --raw  RAW mode'" if raw else ":"
    tool(tmp_path, "pw-record", f'if [ "$1" = --help ]; then {help_text}; exit; fi; echo "$@" >&2')
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"stream\.capture\.sink=true") as error:
        heard(open_source("playback", sample_rate=ENGINE_RATE))
    assert ("--raw" in str(error.value)) == raw
    with pytest.raises(SourceError, match="playback:music needs parec and pactl: apt install pulseaudio-utils"):
        heard(open_source("playback:music", sample_rate=ENGINE_RATE))


def test_playback_ends_its_tools_when_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "parec", f"echo $$ > {tmp_path}/pid; exec cat /dev/zero")
    pactl(tmp_path, "music")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    blocks = open_source("playback", sample_rate=ENGINE_RATE).blocks()
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("playback:usb", "no output is called 'usb': choose one of: hdmi, headphones, headset"),
        ("playback:head", "several outputs are called 'head': give more of the name of one of: headphones, headset"),
        ("player:Spotify", "no player is called 'Spotify': start it first; playing now: none"),
    ],
)
def test_output_or_player_that_cannot_be_chosen_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str, message: str
) -> None:
    tool(tmp_path, "parec", "exit 1")
    pactl(tmp_path, "hdmi", "headphones", "headset")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=message) as error:
        heard(open_source(spec, sample_rate=ENGINE_RATE))
    one_line(error)


@pytest.mark.parametrize(
    ("spec", "monitor"),
    [("playback", "hdmi"), ("playback:PHONE", "headphones"), ("playback:headset.monitor", "headset")],
)
def test_output_is_found_by_name_or_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str, monitor: str
) -> None:
    tool(tmp_path, "parec", 'echo "$@" >&2')
    pactl(tmp_path, "hdmi", "headphones", "headset")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=f"--device={monitor}.monitor "):
        heard(open_source(spec, sample_rate=ENGINE_RATE))


# What goes away


class Fickle:
    """Sessions that each give one block of a tenth of a second, or fail."""

    def __init__(self, *works: bool) -> None:
        self._works = iter(works)
        self.tried: list[float] = []

    def session(self) -> Generator[Block, None, None]:
        self.tried.append(time.monotonic())
        if next(self._works):
            yield Block(np.full(ENGINE_RATE // 10, 0.5, np.float32))
        raise SourceError("it is gone")


def test_what_goes_away_is_tried_again_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "BACKOFF_S", (0.1, 0.2, 0.4))
    fickle = Fickle(True, False, False, False, False, True, True)
    connection = reconnect.Reconnection("radio", ENGINE_RATE)
    taken, notes = [], []
    for block in connection.blocks(fickle.session):
        if len(block.samples):
            taken.append((time.monotonic(), block))
            assert connection.note is None
        elif connection.note not in notes:
            notes.append(connection.note)
        if len(taken) == 3:
            break
    pauses = np.diff(fickle.tried)
    assert np.all(pauses >= np.array([0.1, 0.2, 0.4, 0.4, 0.4, 0.1]) - 1e-3)
    assert notes == [f"radio is gone, trying again in {wait} s" for wait in (0.1, 0.2, 0.4)]
    (first, one), (second, two), (third, three) = taken
    assert one.dropped == 0
    assert two.dropped == pytest.approx((second - first - 0.1) * ENGINE_RATE, abs=0.05 * ENGINE_RATE)
    assert three.dropped == pytest.approx(max(0.0, third - second - 0.1) * ENGINE_RATE, abs=0.05 * ENGINE_RATE)
    assert three.dropped >= 1


def test_what_never_gave_a_sample_is_an_error_at_once() -> None:
    with pytest.raises(SourceError, match="it is gone"):
        next(reconnect.Reconnection("radio", ENGINE_RATE).blocks(Fickle(False).session))


def test_first_pauses_are_those_that_are_told() -> None:
    assert reconnect.BACKOFF_S == (1.0, 2.0, 5.0, 10.0)


def test_a_slow_reader_of_a_pipe_loses_nothing() -> None:
    """The pipe paces its writer: what was not taken waits there."""
    reader, writer = os.pipe()
    data = pcm(music(ENGINE_RATE, 12.0), "s16le")

    def write() -> None:
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    count = 0
    with os.fdopen(reader, "rb") as stream:
        for block in PipeSource(stream, ENGINE_RATE, sample_rate=ENGINE_RATE).blocks():
            count += len(block.samples)
            time.sleep(0.01)
    thread.join()
    assert count == 12 * ENGINE_RATE
