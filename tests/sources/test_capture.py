"""The real capture paths: what is played comes back through playback and microphone, sample for sample."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources import Block, FileSource, PlaybackSource
from tests.support.soundserver import LOUDNESS, RATE, Captured, SoundServer, portaudio, sound_server

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


def lag_of(part: NDArray[np.float32], whole: NDArray[np.float32]) -> float:
    """Return where `part` begins in `whole`, samples: the interpolated peak of their cross-correlation."""
    size = 1 << (len(part) + len(whole)).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    correlation = np.fft.irfft(spectrum, size)[: len(whole)]
    peak = int(correlation[1:-1].argmax()) + 1
    left, middle, right = correlation[peak - 1 : peak + 2]
    return peak + 0.5 * float((left - right) / (left - 2 * middle + right))


def delayed(samples: NDArray[np.float32], fraction: float) -> NDArray[np.float32]:
    """Return `samples` later by a fraction of a sample: what was captured began between two of the engine's."""
    spectrum = np.fft.rfft(samples)
    spectrum *= np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)) * fraction)
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def click_positions(captured: Captured, played: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Return where each click that was played is in what was captured, samples."""
    start = round(lag_of(played, captured.samples))
    positions = []
    for second in np.arange(0.2, SECONDS - 0.1, PERIOD_S):
        first = round((second - 0.01) * rate)
        click = played[first : first + round(0.1 * rate)]
        around = captured.samples[max(0, start + first - 200) : start + first + len(click) + 200]
        positions.append(max(0, start + first - 200) + lag_of(click, around))
    return np.array(positions)


@pytest.mark.usefixtures("portaudio")
def test_what_is_played_is_captured(sound_server: SoundServer, clicks: Path) -> None:
    """Playback, the default microphone and one by name listen at once, at two engine rates, to one file."""
    inputs = (("playback", RATE), ("mic", RATE), ("playback", 22_050), ("mic:pulse", 22_050))
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
def test_unknown_microphone_lists_those_there_are(sound_server: SoundServer) -> None:
    told = sound_server.capture("mic:USB Turntable", sample_rate=22_050, seconds=0.1).failure()
    assert "SourceError: no microphone is called 'USB Turntable': choose one of: pulse, default" in told


@pytest.mark.usefixtures("portaudio")
def test_what_is_unplugged_comes_back(sound_server: SoundServer) -> None:
    """The default microphone, the default output, one by name and a player, all at once."""
    sound_server.start_playing("tune")
    specs = ("mic", "playback", "playback:music", "player:tune")
    captures = [sound_server.capture(spec, sample_rate=RATE, seconds=3.0) for spec in specs]
    for capture in captures:
        capture.wait_started()
    start = time.monotonic()
    sound_server.unplug()
    time.sleep(1.5)  # later than the first try
    sound_server.plug("music")
    for spec, capture in zip(specs, captures, strict=True):
        captured = capture.result()
        what = spec.partition(":")[0].replace("mic", "microphone")
        assert captured.notes[0] == f"{what} is gone, trying again in 1 s"
        assert all(note.startswith(f"{what} is gone") for note in captured.notes), spec
        assert 1.0 < captured.dropped / RATE < time.monotonic() - start, spec
        end = captured.samples[-round(0.5 * RATE) :]
        assert np.sqrt(np.mean(end**2)) == pytest.approx(LOUDNESS, rel=0.1), spec


@pytest.mark.usefixtures("portaudio")
def test_microphone_that_stops_delivering_is_looked_for(sound_server: SoundServer) -> None:
    """Silence is delivered, nothing is not."""
    capture = sound_server.capture("mic", sample_rate=22_050, seconds=2.0)
    capture.wait_started()
    sound_server.suspend()
    time.sleep(4.0)
    sound_server.suspend(wake=True)
    captured = capture.result()
    assert captured.notes
    assert captured.dropped > 3.0 * 22_050


def test_another_output_is_not_taken_for_the_one_that_is_gone(sound_server: SoundServer) -> None:
    """The server moves captures to whatever is left; ours waits for its own, unless it follows the default."""
    sound_server.plug("other")
    sound_server.start_playing("tune", output="other")
    named, default = PlaybackSource(RATE, output="music"), PlaybackSource(RATE)
    with closing(named.blocks()) as ours, closing(default.blocks()) as theirs:
        assert not np.any(next(block for block in ours if len(block.samples)).samples)
        assert not np.any(next(block for block in theirs if len(block.samples)).samples)
        sound_server.unplug("music")
        until(theirs, lambda block: bool(np.any(block.samples)))
        until(ours, lambda _: named.note is not None)
        for _ in range(6):
            assert not np.any(next(ours).samples)
        sound_server.plug("music")
        block = until(ours, lambda block: len(block.samples) > 0)
        assert block.dropped > 0
        assert not np.any(block.samples)


def test_playback_survives_that_the_server_ends(sound_server: SoundServer) -> None:
    source = PlaybackSource(22_050)
    with closing(source.blocks()) as blocks:
        until(blocks, lambda block: len(block.samples) > 0)
        sound_server.stop()
        until(blocks, lambda _: source.note == "playback is gone, trying again in 2 s")


def test_playback_without_a_server_is_an_error_at_the_start(sound_server: SoundServer) -> None:
    sound_server.stop()
    with pytest.raises(SourceError, match="the sound server does not answer") as error:
        next(PlaybackSource(22_050).blocks())
    assert "\n" not in str(error.value)


def until(blocks: Iterator[Block], true: Callable[[Block], bool]) -> Block:
    """Return the first block for which it is `true`."""
    deadline = time.monotonic() + 20.0
    for block in blocks:
        if true(block):
            return block
        assert time.monotonic() < deadline
    pytest.fail("the source ended")
