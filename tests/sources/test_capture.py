"""The real capture paths: played sound returns through monitor and microphone, sample for sample."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources import Block, FileSource, MonitorSource
from tests.support.signals import lag_of
from tests.support.soundserver import LOUDNESS, RATE, Captured, SoundServer, portaudio, sound_server
from tests.support.sources import message_of

__all__ = ["portaudio", "sound_server"]

SECONDS = 4.5
MARGIN_S = 1.5
"""Captured beyond the music's length: the players' start and the buffers on the way."""
PERIOD_S = 0.35


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    """Return a stereo file of clicks, each another burst of noise so that none is taken for its neighbour."""
    rng = np.random.default_rng(3)
    music = np.zeros((round(SECONDS * RATE), 2))
    burst = round(0.05 * RATE)
    decay = np.exp(-np.arange(burst) / (0.01 * RATE))[:, None]
    for start in np.arange(0.2, SECONDS - 0.1, PERIOD_S):
        first = round(start * RATE)
        music[first : first + burst] = 0.5 * decay * rng.uniform(-1, 1, (burst, 2))
    path = tmp_path / "clicks.wav"
    soundfile.write(path, music, RATE, subtype="PCM_16")
    return path


def reference(path: Path, sample_rate: int) -> NDArray[np.float32]:
    return np.concatenate([block.samples for block in FileSource(path, sample_rate, fast=True).blocks()])


def delayed(samples: NDArray[np.float32], fraction: float) -> NDArray[np.float32]:
    """Return `samples` delayed by a fraction of a sample: the capture began between two samples of the session's."""
    spectrum = np.fft.rfft(samples)
    spectrum *= np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)) * fraction)
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def click_positions(captured: Captured, played: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Return the position of each played click in the captured sound, samples."""
    start = round(lag_of(played, captured.samples))
    positions = []
    for second in np.arange(0.2, SECONDS - 0.1, PERIOD_S):
        first = round((second - 0.01) * rate)
        click = played[first : first + round(0.1 * rate)]
        around = captured.samples[max(0, start + first - 200) : start + first + len(click) + 200]
        positions.append(max(0, start + first - 200) + lag_of(click, around))
    return np.array(positions)


@pytest.mark.usefixtures("portaudio")
def test_played_sound_is_captured(sound_server: SoundServer, clicks: Path) -> None:
    """A monitor, the default microphone and one by name listen to one file at the same time, at two rates."""
    inputs = (("monitor", RATE), ("mic", RATE), ("monitor", 22_050), ("mic:pulse", 22_050))
    captures = [sound_server.capture(spec, sample_rate=rate, seconds=SECONDS + MARGIN_S) for spec, rate in inputs]
    for capture in captures:
        capture.wait_started()
    sound_server.play(clicks)
    for (spec, rate), capture in zip(inputs, captures, strict=True):
        played = reference(clicks, rate)
        captured = capture.result()
        what = f"{spec} at {rate}"
        assert captured.dropped == 0, what
        start = round(lag_of(played, captured.samples))
        window = captured.samples[start : start + len(played)]
        assert len(window) == len(played), what
        if rate == RATE:  # no resampling on the way: the very samples, but for rounding to 16 bits
            np.testing.assert_allclose(window, played, atol=1e-4, err_msg=what)
        fraction = lag_of(played, captured.samples) - start
        assert np.corrcoef(window, delayed(played, fraction))[0, 1] > 0.999, what
        periods = np.diff(click_positions(captured, played, rate)) / rate
        np.testing.assert_allclose(periods, PERIOD_S, rtol=1e-3, err_msg=what)
        np.testing.assert_allclose(periods.mean(), PERIOD_S, rtol=1e-4, err_msg=what)


@pytest.mark.usefixtures("portaudio")
def test_an_unknown_microphone_lists_the_known_ones(sound_server: SoundServer) -> None:
    errors = sound_server.capture("mic:USB Turntable", sample_rate=22_050, seconds=0.1).failure()
    assert "SourceError: no microphone is called 'USB Turntable': choose one of: pulse, music, other, default" in errors


@pytest.mark.usefixtures("portaudio")
def test_an_input_that_is_unplugged_returns(sound_server: SoundServer) -> None:
    """The default microphone, the default output, one by name and a player, all at once."""
    sound_server.start_playing("tune")
    specs = ("mic", "monitor", "monitor:music", "player:tune")
    captures = [sound_server.capture(spec, sample_rate=RATE, seconds=3.0) for spec in specs]
    for capture in captures:
        capture.wait_started()
    start = time.monotonic()
    sound_server.unplug()
    time.sleep(1.5)  # later than the first try
    sound_server.plug("music")
    for spec, capture in zip(specs, captures, strict=True):
        captured = capture.result()
        what = {"mic": "microphone", "monitor": "output", "player": "player"}[spec.partition(":")[0]]
        assert captured.conditions[0] == f"{what} is gone, trying again in 1 s"
        assert all(condition.startswith(f"{what} is gone") for condition in captured.conditions), spec
        assert 1.0 < captured.dropped / RATE < time.monotonic() - start, spec
        end = captured.samples[-round(0.5 * RATE) :]
        assert np.sqrt(np.mean(end**2)) == pytest.approx(LOUDNESS, rel=0.1), spec


@pytest.mark.usefixtures("portaudio")
def test_a_microphone_that_stops_delivering_is_opened_again(sound_server: SoundServer) -> None:
    """Silence is sound, nothing is not."""
    capture = sound_server.capture("mic", sample_rate=22_050, seconds=2.0)
    capture.wait_started()
    sound_server.suspend()
    time.sleep(4.0)
    sound_server.suspend(wake=True)
    captured = capture.result()
    assert captured.conditions
    assert captured.dropped > 3.0 * 22_050


@pytest.mark.usefixtures("portaudio")
def test_searching_for_a_microphone_does_not_stop_another_one(sound_server: SoundServer) -> None:
    """Two microphones in one process; PortAudio would have to close both to see the one that returns."""
    sound_server.plug("other")
    sound_server.start_playing("tune")
    sound_server.start_playing("air", output="other")
    capture = sound_server.capture("mic:music", "mic:other", sample_rate=RATE, seconds=6.0)
    capture.wait_started()
    sound_server.suspend("other")
    time.sleep(4.0)
    sound_server.suspend("other", wake=True)
    staying, returning = capture.results()
    assert returning.conditions[0] == "microphone is gone, trying again in 1 s"
    assert returning.dropped > 3.0 * RATE
    assert (staying.conditions, staying.dropped) == ([], 0)
    for captured in (staying, returning):
        end = captured.samples[-round(0.5 * RATE) :]
        assert np.sqrt(np.mean(end**2)) == pytest.approx(LOUDNESS, rel=0.1)


def test_a_missing_output_is_not_replaced_by_another(sound_server: SoundServer) -> None:
    """The server moves captures to any other output; ours waits for its own, unless it follows the default."""
    sound_server.plug("other")
    sound_server.start_playing("tune", output="other")
    named, default = MonitorSource(RATE, output="music"), MonitorSource(RATE)
    with closing(named.blocks()) as ours, closing(default.blocks()) as theirs:
        assert not np.any(next(block for block in ours if len(block.samples)).samples)
        assert not np.any(next(block for block in theirs if len(block.samples)).samples)
        sound_server.unplug("music")
        until(theirs, lambda block: bool(np.any(block.samples)))
        until(ours, lambda block: block.condition is not None)
        for _ in range(6):
            assert not np.any(next(ours).samples)
        sound_server.plug("music")
        block = until(ours, lambda block: len(block.samples) > 0)
        assert block.dropped > 0
        assert not np.any(block.samples)


def test_a_monitor_survives_the_end_of_the_server(sound_server: SoundServer) -> None:
    source = MonitorSource(22_050)
    with closing(source.blocks()) as blocks:
        until(blocks, lambda block: len(block.samples) > 0)
        sound_server.stop()
        until(blocks, lambda block: message_of(block) == "output is gone, trying again in 2 s")


def test_a_monitor_without_a_server_is_an_error_at_the_start(sound_server: SoundServer) -> None:
    sound_server.stop()
    with pytest.raises(SourceError, match="the sound server does not answer") as error:
        next(MonitorSource(22_050).blocks())
    assert "\n" not in str(error.value)


def until(blocks: Iterator[Block], true: Callable[[Block], bool]) -> Block:
    """Return the first block for which it is `true`."""
    deadline = time.monotonic() + 20.0
    for block in blocks:
        if true(block):
            return block
        assert time.monotonic() < deadline
    pytest.fail("the source ended")
