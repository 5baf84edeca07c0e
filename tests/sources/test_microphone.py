"""The microphone on a double of PortAudio."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources import MicrophoneSource, reconnect
from paces_live.sources.portaudio import Device
from tests.support.soundfakes import CARD, DEVICES, PULSE, USB, install, no_portaudio
from tests.support.sources import message_of

__all__ = ["install", "no_portaudio"]


def numbered(start: int, count: int, channels: int) -> NDArray[np.float32]:
    """Return frames that hold their own number, in all channels."""
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], channels, axis=1)


def test_microphone_is_opened_at_its_own_rate(install: Any) -> None:
    fake = install(DEVICES, [(np.full((4_800, 2), 0.25, np.float32), False)])
    source = MicrophoneSource("scarlett", 24_000)
    assert source.name == "mic:scarlett"
    blocks = source.blocks()
    block = next(blocks)
    assert source.name == f"mic:{CARD.name}"
    assert 1_500 < len(block.samples) <= 2_400
    expected = {
        "device": 2,
        "samplerate": 48_000,
        "channels": 2,
        "dtype": "float32",
        "blocksize": 0,
        "latency": "high",
    }
    assert {key: fake.opened[key] for key in expected} == expected
    blocks.close()
    assert fake.closed == 2


@pytest.mark.parametrize("device", [USB, PULSE])
def test_overflow_cuts_the_samples_where_something_was_lost(install: Any, device: Device) -> None:
    channels = min(2, device.channels)
    calls = [(numbered(0, 500, channels), False), (numbered(700, 300, channels), True)]
    calls += [(numbered(1_000, 100, channels), False), (numbered(1_200, 50, channels), True)]
    install([device], calls)
    blocks = MicrophoneSource(device.name, device.rate).blocks()
    got = [next(blocks) for _ in range(5)]
    blocks.close()
    assert [(len(block.samples), block.dropped) for block in got] == [(500, 0), (0, 0), (400, 300), (0, 0), (50, 50)]
    joined = np.concatenate([block.samples for block in got])
    expected = np.concatenate([np.arange(500), np.arange(700, 1_100), np.arange(1_200, 1_250)])
    np.testing.assert_array_equal(joined, expected)


def test_overflow_before_the_first_sample_loses_nothing(install: Any) -> None:
    """Many devices report one when they start."""
    install([USB], [(numbered(0, 100, 1), True)])
    blocks = MicrophoneSource(USB.name, USB.rate).blocks()
    block = next(blocks)
    blocks.close()
    assert (len(block.samples), block.dropped) == (100, 0)


def test_samples_that_a_late_reader_missed_are_counted_at_the_session_rate(install: Any) -> None:
    seconds = [(np.full((44_100, 1), second / 100, np.float32), False) for second in range(30)]
    install([USB], seconds)
    blocks = MicrophoneSource(USB.name, 22_050).blocks()
    taken = [next(blocks), next(blocks)]
    blocks.close()
    assert sum(block.dropped for block in taken) == 5 * 22_050
    samples = np.concatenate([block.samples for block in taken])
    assert 24.9 * 22_050 < len(samples) <= 25 * 22_050
    assert samples[2_000] == pytest.approx(0.05, abs=1e-3)


def test_busy_microphone_is_one_line(install: Any) -> None:
    install(DEVICES, fault="Device unavailable")
    with pytest.raises(SourceError, match=r"cannot be opened \(Device unavailable\): close other") as error:
        next(MicrophoneSource(None, 22_050).blocks())
    assert "\n" not in str(error.value)


def test_microphone_that_never_delivers_is_one_line(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.sources.microphone.SILENT_S", 0.0)
    install(DEVICES)
    with pytest.raises(SourceError, match="stopped delivering"):
        list(MicrophoneSource(None, 22_050).blocks())


@pytest.mark.parametrize(("has", "opened"), [(1, 1), (2, 2), (6, 6), (8, 8), (32, 2), (128, 2)])
def test_the_number_of_channels_follows_the_device(install: Any, has: int, opened: int) -> None:
    fake = install([replace(USB, channels=has)], [(np.full((4_410, opened), 0.25, np.float32), False)])
    blocks = MicrophoneSource("USB", USB.rate).blocks()
    np.testing.assert_array_equal(next(blocks).samples, np.full(4_410, 0.25, np.float32))
    blocks.close()
    assert fake.opened["channels"] == opened


def test_an_unplugged_microphone_is_found_again_at_another_port(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default device goes; another is the default until it returns, at another place."""
    monkeypatch.setattr(reconnect, "BACKOFF_S", (0.05,))
    there = replace(USB, default=True)
    other = replace(CARD, default=True)
    fake = install([there], [(numbered(0, 500, 1), False)])
    source = MicrophoneSource(None, USB.rate)
    blocks = source.blocks()
    assert len(next(blocks).samples) == 500
    fake.plugged, fake.active = [other], False
    while (message := message_of(next(blocks))) is None:
        pass
    assert message == "microphone is gone, trying again in 0.05 s"
    for _ in range(3):
        assert len(next(blocks).samples) == 0
    fake.plugged, fake.active = [other, replace(USB, index=9, name="USB PnP Sound Device: Audio (hw:3,0)")], True
    while not len((block := next(blocks)).samples):
        pass
    assert block.dropped > 0
    assert block.condition is None
    assert fake.opened["device"] == 9
    assert source.name == "mic:USB PnP Sound Device: Audio (hw:3,0)"
    blocks.close()


@pytest.mark.usefixtures("no_portaudio")
def test_microphone_without_portaudio_names_the_package() -> None:
    with pytest.raises(SourceError, match="apt install libportaudio2"):
        next(MicrophoneSource(None, 22_050).blocks())
