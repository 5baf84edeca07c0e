"""Doubles of the sound system: PortAudio, ``pactl`` and other tools."""

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.sources.portaudio import Device

USB = Device(index=1, name="USB PnP Sound Device: Audio (hw:1,0)", rate=44_100, channels=1, default=False)
CARD = Device(index=2, name="Scarlett Solo: USB Audio (hw:2,0)", rate=48_000, channels=2, default=True)
PULSE = Device(index=4, name="pulse", rate=44_100, channels=32, default=False)
DEVICES = [USB, CARD, PULSE]

Call = tuple[NDArray[np.float32], bool]


class FakePortAudio(types.ModuleType):
    """Stands in for sounddevice: lists `devices`, and calls back `calls` (frames, overflow) when started.

    `plugged` is what it lists after it starts again.
    """

    class PortAudioError(Exception):
        pass

    def __init__(self, devices: list[Device], calls: list[Call] | None = None, fault: str = "") -> None:
        super().__init__("sounddevice")
        self.opened: dict[str, Any] = {}
        self.closed = 0
        self.active = True
        self.plugged = devices
        self._devices = devices
        self._calls = calls or []
        self._fault = fault
        default = next((device.index for device in devices if device.default), -1)
        self.default = types.SimpleNamespace(device=[default, 0])

    def query_devices(self) -> list[dict[str, Any]]:
        playing = {"index": 0, "name": "HDMI", "default_samplerate": 48_000.0}
        playing |= {"max_input_channels": 0, "max_output_channels": 2 if self._devices else 0}
        return [playing] + [
            {
                "index": device.index,
                "name": device.name,
                "default_samplerate": float(device.rate),
                "max_input_channels": device.channels,
                "max_output_channels": 0,
            }
            for device in self._devices
        ]

    def get_portaudio_version(self) -> tuple[int, str]:
        return 1246976, "PortAudio V19.6.0-devel, revision 396fe4b"

    def InputStream(self, **options: Any) -> "FakePortAudio":  # noqa: N802 - sounddevice's name
        if self._fault:
            raise self.PortAudioError(f"Error opening InputStream: {self._fault}", -9985)
        self.opened = options
        return self

    def start(self) -> None:
        for frames, overflow in self._calls:
            status = types.SimpleNamespace(input_overflow=overflow)
            self.opened["callback"](frames, len(frames), None, status)

    def _terminate(self) -> None:
        self._devices = []

    def _initialize(self) -> None:
        self._devices = self.plugged

    def _exit_handler(self) -> None:
        raise AssertionError("this would wait for a frozen device")

    def abort(self) -> None:
        self.closed += 1

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def put(*arguments: Any, **options: Any) -> FakePortAudio:
        module = FakePortAudio(*arguments, **options)
        monkeypatch.setitem(sys.modules, "sounddevice", module)
        return module

    return put  # type: ignore[return-value]


@pytest.fixture
def no_portaudio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make the import of sounddevice fail as it does without libportaudio2."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)


def tools(monkeypatch: pytest.MonkeyPatch, folder: Path, **scripts: str) -> Path:
    """Put only `scripts` on the path; return their folder."""
    folder.mkdir()
    for name, script in scripts.items():
        tool(folder, name, script)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def pactl(folder: Path, *outputs: str, players: tuple[str, ...] = ()) -> None:
    """Let ``pactl`` list `outputs`, of which the first is the default; nothing ever changes."""
    sinks = [
        {
            "name": name,
            "description": name.title(),
            "monitor_source": f"{name}.monitor",
            "sample_specification": "s16le 2ch 48000Hz",
        }
        for name in outputs
    ]
    streams = [
        {"index": index, "properties": {"application.name": name}, "sample_specification": "s16le 1ch 44100Hz"}
        for index, name in enumerate(players)
    ]
    tool(
        folder,
        "pactl",
        f"""case "$*" in
            *info) echo '{{"default_sink_name": "{outputs[0]}", "server_name": "fake"}}' ;;
            *sinks) echo '{json.dumps(sinks)}' ;;
            *sink-inputs) echo '{json.dumps(streams)}' ;;
            subscribe) exec /bin/sleep 60 ;;
        esac""",
    )
