"""Mixing to one channel and resampling: any rate, any number of channels, any way of cutting."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from paces_live.errors import SourceError
from paces_live.sources import ArraySource, FileSource, PipeSource
from paces_live.sources.resample import MonoResampler
from tests.support.sources import SESSION_RATE, heard, music, one_line, pcm_bytes


@pytest.mark.parametrize("rate", [6_000, 8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000, 384_000])
def test_any_rate_gives_the_same_music_at_the_session_rate(rate: int) -> None:
    seconds = 2.0
    t = np.arange(round(rate * seconds)) / rate
    out = heard(ArraySource(np.sin(2 * np.pi * 441 * t), rate, SESSION_RATE))
    assert len(out) == round(SESSION_RATE * seconds)
    expected = np.sin(2 * np.pi * 441 * np.arange(len(out)) / SESSION_RATE)
    middle = slice(2_000, -2_000)
    np.testing.assert_allclose(out[middle], expected[middle], atol=1e-4)


@settings(max_examples=40)
@given(
    rate=st.sampled_from([11_025, 22_050, 44_100, 48_000]),
    channels=st.integers(1, 3),
    cuts=st.lists(st.integers(0, 12_000), max_size=12),
)
def test_any_split_gives_the_same_samples_bit_for_bit(rate: int, channels: int, cuts: list[int]) -> None:
    frames = music(rate, 12_000 / rate, channels)
    whole = MonoResampler(rate, SESSION_RATE, name="x")
    expected = np.concatenate([whole.push(frames), whole.flush()])
    split = MonoResampler(rate, SESSION_RATE, name="x")
    parts = [split.push(part) for part in np.split(frames, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate([*parts, split.flush()]), expected)


def test_channels_are_averaged() -> None:
    frames = np.array([[1.0, 0.0], [0.5, -0.5], [0.25, 0.75]], dtype=np.float32)
    np.testing.assert_array_equal(heard(ArraySource(frames, SESSION_RATE, SESSION_RATE)), [0.5, 0.0, 0.5])


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
@pytest.mark.parametrize("rate", [8_000, 11_025, 48_000, 192_000])
def test_any_rate_and_channels_from_file_and_pipe(tmp_path: Path, rate: int, channels: int) -> None:
    """A tone in one channel and another in all the others: each is heard as loud as its share."""
    t = np.arange(round(rate * 1.5)) / rate
    frames = np.repeat(0.5 * np.sin(2 * np.pi * 900 * t)[:, None], channels, axis=1)
    frames[:, -1] = 0.5 * np.sin(2 * np.pi * 300 * t)
    path = tmp_path / "song.wav"
    soundfile.write(path, frames, rate, subtype="PCM_16")
    raw = io.BytesIO(pcm_bytes(frames.astype(np.float32), "s16le"))
    file = heard(FileSource(path, SESSION_RATE, fast=True))
    piped = heard(PipeSource(raw, rate, channels=channels, sample_rate=SESSION_RATE))
    np.testing.assert_allclose(piped, file, atol=1e-4)
    assert len(file) == pytest.approx(1.5 * SESSION_RATE, abs=1)
    middle = file[SESSION_RATE // 4 : SESSION_RATE // 4 + SESSION_RATE]
    amplitude = 2 * np.abs(np.fft.rfft(middle)) / SESSION_RATE
    assert amplitude[300] == pytest.approx(0.5 / channels, abs=2e-3)
    assert amplitude[900] == pytest.approx(0.5 * (channels - 1) / channels, abs=2e-3)


def test_equal_rates_copy_the_samples_unchanged() -> None:
    samples = music(SESSION_RATE, 0.1)[:, 0]
    resampler = MonoResampler(SESSION_RATE, SESSION_RATE, name="x")
    out = resampler.push(samples)
    np.testing.assert_array_equal(out, samples)
    assert not np.shares_memory(out, samples)
    assert len(resampler.flush()) == 0


@pytest.mark.parametrize("rate", [0, 5_999, 384_001])
def test_rate_out_of_range_is_an_error(rate: int) -> None:
    with pytest.raises(SourceError, match="out of range") as error:
        MonoResampler(rate, SESSION_RATE, name="song.wav")
    one_line(error)
