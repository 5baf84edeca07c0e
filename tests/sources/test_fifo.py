"""A named pipe whose writers come and go, and a real MPD that plays into one."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from paces_live.errors import SourceError, UsageError
from paces_live.sources import ArraySource, Block, FifoSource
from tests.support.sources import message_of, open_source

RATE = 22_050
WAIT_S = 20.0


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "music.fifo"
    os.mkfifo(path)
    return path


def tone(seconds: float, rate: int = 44_100, channels: int = 2) -> NDArray[np.int16]:
    wave = 10_000 * np.sin(2 * np.pi * 441 * np.arange(round(seconds * rate)) / rate)
    return np.repeat(np.round(wave).astype("<i2")[:, None], channels, axis=1)


def loud(block: Block) -> bool:
    return bool(np.any(block.samples))


def until_loud(blocks: Iterator[Block]) -> list[Block]:
    """Return the blocks up to the first that is not silent, that included."""
    deadline = time.monotonic() + WAIT_S
    taken = []
    for block in blocks:
        taken.append(block)
        if loud(block):
            return taken
        assert time.monotonic() < deadline
    pytest.fail("the source ended")


@pytest.mark.slow
def test_writers_come_and_go_with_silence_between(pipe: Path) -> None:
    source = open_source(str(pipe), sample_rate=RATE)
    assert isinstance(source, FifoSource)
    assert source.name == "fifo:music.fifo"
    blocks = source.blocks()
    start = time.monotonic()
    first = next(blocks)
    assert not loud(first)
    assert message_of(first) == "waiting for a program that writes into music.fifo"
    assert len(first.samples) <= (time.monotonic() - start) * RATE
    for _ in range(2):
        with pipe.open("wb") as stream:
            stream.write(tone(0.3).tobytes() + b"\x01")  # and half a sample, which must not shift the next writer
        heard = until_loud(blocks)
        assert heard[-1].condition is None
        while len(heard[-1].samples) == 0 or loud(heard[-1]):
            heard.append(next(blocks))
        heard.append(next(blocks))
        assert message_of(heard[-1]) == "waiting for a program that writes into music.fifo"
        music = np.concatenate([block.samples for block in heard if loud(block)])
        assert len(music) == round(0.3 * RATE)
        assert np.abs(music[1_000:-1_000]).max() == pytest.approx(10_000 / 32_768, rel=0.01)
        assert all(block.dropped == 0 for block in heard)
    blocks.close()


@pytest.mark.slow
def test_silence_is_as_long_as_the_pause(pipe: Path) -> None:
    blocks = FifoSource(pipe, sample_rate=RATE).blocks()
    with os.fdopen(os.open(pipe, os.O_RDWR), "wb") as stream:
        stream.write(tone(0.2).tobytes())
        stream.flush()
        until_loud(blocks)
        start = time.monotonic()
        silent = [next(blocks) for _ in range(4)]
        passed = time.monotonic() - start
    assert 1.0 < passed < WAIT_S
    count = sum(len(block.samples) for block in silent)
    assert count / RATE == pytest.approx(passed, abs=0.6)
    blocks.close()


def test_a_pipe_that_is_created_again_is_found(pipe: Path) -> None:
    source = FifoSource(pipe, sample_rate=RATE)
    blocks = source.blocks()
    next(blocks)
    pipe.unlink()
    next(blocks)
    os.mkfifo(pipe)
    with os.fdopen(os.open(pipe, os.O_RDWR), "wb") as stream:
        stream.write(tone(0.2).tobytes())
        stream.flush()
        until_loud(blocks)
    blocks.close()


def test_rate_format_and_channels_are_as_described(pipe: Path) -> None:
    frames = np.tile(np.linspace(-0.5, 0.5, 4_800, dtype="<f4")[:, None], (1, 6))
    blocks = open_source(f"fifo:{pipe}", sample_rate=RATE, rate=48_000, format="f32le", channels=6).blocks()
    writer = threading.Thread(target=pipe.write_bytes, args=(frames.tobytes(),))
    writer.start()
    deadline = time.monotonic() + WAIT_S
    heard = np.empty(0, np.float32)
    expected = np.concatenate([block.samples for block in ArraySource(frames, 48_000, RATE).blocks()])
    for block in blocks:
        if loud(block):
            heard = np.concatenate([heard, block.samples])
        if len(heard) >= len(expected):
            break
        assert time.monotonic() < deadline
    writer.join()
    np.testing.assert_allclose(heard, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda _: None, "no such named pipe: start the program that writes it"), (Path.touch, "is not a named pipe")],
)
def test_a_path_that_is_not_a_pipe_is_one_line(tmp_path: Path, make: object, message: str) -> None:
    path = tmp_path / "x"
    make(path)  # type: ignore[operator]
    with pytest.raises(SourceError, match=message) as error:
        next(FifoSource(path, sample_rate=RATE).blocks())
    assert "\n" not in str(error.value)


def test_a_name_may_hold_anything(tmp_path: Path) -> None:
    source = FifoSource(tmp_path / os.fsdecode(b"a\x1b[2J\xe9.fifo"), sample_rate=RATE)
    assert source.name == "fifo:a\ufffd[2J\ufffd.fifo"
    with pytest.raises(SourceError, match="no such named pipe") as error:
        next(source.blocks())
    assert str(error.value).isprintable()


def test_a_path_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        next(iter(open_source(str(tmp_path / ("x" * 300)), sample_rate=RATE).blocks()))


def test_a_wrong_description_is_wrong_usage(pipe: Path) -> None:
    with pytest.raises(UsageError, match="0 channels are out of range"):
        open_source(str(pipe), sample_rate=RATE, channels=0)


@contextmanager
def mpd(folder: Path, pipe: Path) -> Iterator[Callable[[str], str]]:
    """Run an MPD of our own that plays into `pipe`; give a function that sends it a command."""
    path = folder / "socket"
    configuration = folder / "mpd.conf"
    configuration.write_text(
        f'music_directory "{folder}"\nbind_to_address "{path}"\ndb_file "{folder}/db"\n'
        f'audio_output {{\n type "fifo"\n name "pipe"\n path "{pipe}"\n format "44100:16:2"\n}}\n'
    )
    daemon = subprocess.Popen(["mpd", "--no-daemon", str(configuration)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + WAIT_S

    def ask(command: str) -> str:
        with socket.socket(socket.AF_UNIX) as channel, channel.makefile("rw") as stream:
            channel.connect(str(path))
            assert stream.readline().startswith("OK MPD")
            stream.write(command + "\n")
            stream.flush()
            answer = ""
            while not answer.endswith("OK\n"):
                answer += stream.readline()
                assert "ACK" not in answer, answer
            return answer

    try:
        while not path.exists():
            assert daemon.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield ask
    finally:
        daemon.terminate()
        daemon.wait(WAIT_S)
        path.unlink(missing_ok=True)


@pytest.mark.slow
def test_mpd_plays_pauses_and_comes_back(pipe: Path) -> None:
    if shutil.which("mpd") is None:
        pytest.skip("mpd is not installed: apt install mpd")
    # Not pytest's folder: the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="paces-") as name:
        folder = Path(name)
        soundfile.write(folder / "song.wav", tone(30.0), 44_100)
        source = FifoSource(pipe, sample_rate=RATE)
        with closing(source.blocks()) as blocks:
            next(blocks)
            for _ in range(2):
                with mpd(folder, pipe) as ask:
                    ask("update")
                    while "updating_db" in ask("status"):
                        time.sleep(0.05)
                    ask("clear")
                    ask('add "song.wav"')
                    ask("play")
                    until_loud(blocks)
                    music = np.concatenate([next(blocks).samples for _ in range(10)])
                    assert np.abs(music).max() == pytest.approx(10_000 / 32_768, rel=0.01)
                    ask("pause 1")
                    until_silent(blocks)


def until_silent(blocks: Iterator[Block]) -> None:
    deadline = time.monotonic() + WAIT_S
    for block in blocks:
        if len(block.samples) and not loud(block):
            return
        assert time.monotonic() < deadline
