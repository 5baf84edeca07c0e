"""Devices of PortAudio: chosen by name, and frozen."""

import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest

from paces_live.errors import SourceError
from paces_live.sources import portaudio
from paces_live.sources.deadline import Deadline
from paces_live.sources.portaudio import Device, find, stable_name
from tests.support.soundfakes import CARD, DEVICES, PULSE, USB, install

__all__ = ["install"]


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        *((None, CARD), ("usb pnp", USB), ("Scarlett", CARD), ("PULSE", PULSE), (USB.name, USB)),
        ("USB PnP Sound Device: Audio (hw:7,0)", USB),  # its name at the place where it was plugged in before
    ],
)
def test_device_is_found_by_name_or_part(wanted: str | None, device: Device) -> None:
    assert find(DEVICES, wanted, "input") is device


def test_exact_name_wins_over_a_part() -> None:
    longer = Device(index=5, name="pulse monitor", rate=44_100, channels=2, default=False)
    assert find([longer, PULSE], "pulse", "input") is PULSE


@pytest.mark.parametrize(
    ("devices", "wanted", "message"),
    [
        ([], None, "no microphone was found"),
        ([], "USB", "no microphone was found"),
        ([USB], None, "no default microphone: choose one with --input mic:NAME, of: USB PnP"),
        (DEVICES, "Jabra", "no microphone is called 'Jabra': choose one of: USB PnP.*, Scarlett.*, pulse"),
        (DEVICES, "audio", "several microphones are called 'audio': give more.*: USB PnP.*, Scarlett"),
    ],
)
def test_device_that_cannot_be_chosen_is_one_line(devices: list[Device], wanted: str | None, message: str) -> None:
    with pytest.raises(SourceError, match=message) as error:
        find(devices, wanted, "input")
    assert "\n" not in str(error.value)


def test_a_stable_name_omits_the_port_of_the_device() -> None:
    names = [device.name for device in DEVICES]
    assert stable_name(USB.name, names) == "USB PnP Sound Device: Audio"
    assert stable_name(USB.name, [*names, "USB PnP Sound Device: Audio (hw:3,0)"]) == USB.name
    assert stable_name(PULSE.name, names) == "pulse"


@pytest.mark.parametrize("frozen", ["abort", "InputStream"])
def test_a_frozen_device_does_not_freeze_the_program(
    frozen: str, install: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, release = install(DEVICES), threading.Event()
    monkeypatch.setattr(portaudio, "_deadline", Deadline("test"))
    monkeypatch.setattr(portaudio, "_open_streams", 0)
    monkeypatch.setattr(portaudio, "OPEN_S", 0.1)
    monkeypatch.setattr(portaudio, "CLOSE_S", 0.1)
    monkeypatch.setattr(module, frozen, lambda **_: release.wait(30.0))
    options: dict[str, Any] = {"channels": 1, "latency": "high", "callback": lambda *_: None, "name": "mic:USB"}
    start = time.monotonic()
    with ExitStack() as stack:
        if frozen == "InputStream":
            stack.enter_context(
                pytest.raises(SourceError, match=r"mic:USB cannot be opened \(no answer within 0.1 s\)")
            )
        stack.enter_context(portaudio.stream("input", USB, **options))
    assert time.monotonic() - start < 10.0
    # A stream that is still open: PortAudio would wait for it, too, if it started again.
    assert portaudio.refresh() == (frozen == "InputStream")
    release.set()
