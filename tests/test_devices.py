"""Listing inputs, the checks of doctor, and the microphone against a stand-in for PortAudio."""

import io
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from paces_live import classifier, doctor
from paces_live.devices import Input, list_inputs, render, stable_name
from paces_live.doctor import Check, level_word, run_checks
from paces_live.errors import ModelError, RuntimeMissingError, SourceError
from paces_live.sources import MicrophoneSource
from paces_live.sources.microphone import Device, find_device
from tests.soundserver import SoundServer, portaudio, sound_server

__all__ = ["portaudio", "sound_server"]

USB = Device(index=1, name="USB PnP Sound Device: Audio (hw:1,0)", rate=44_100, channels=1, default=False)
CARD = Device(index=2, name="Scarlett Solo: USB Audio (hw:2,0)", rate=48_000, channels=2, default=True)
PULSE = Device(index=4, name="pulse", rate=44_100, channels=32, default=False)
DEVICES = [USB, CARD, PULSE]

Call = tuple[NDArray[np.float32], bool]


class FakePortAudio(types.ModuleType):
    """Stands in for sounddevice: lists `devices`, and calls back `calls` (frames, overflow) when started."""

    class PortAudioError(Exception):
        pass

    def __init__(self, devices: list[Device], calls: list[Call] | None = None, fault: str = "") -> None:
        super().__init__("sounddevice")
        self.opened: dict[str, Any] = {}
        self.closed = 0
        self._devices = devices
        self._calls = calls or []
        self._fault = fault
        default = next((device.index for device in devices if device.default), -1)
        self.default = types.SimpleNamespace(device=[default, -1])

    def query_devices(self) -> list[dict[str, Any]]:
        playing = {"index": 0, "name": "HDMI", "default_samplerate": 48_000.0, "max_input_channels": 0}
        return [playing] + [
            {
                "index": device.index,
                "name": device.name,
                "default_samplerate": float(device.rate),
                "max_input_channels": device.channels,
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


def tools(monkeypatch: pytest.MonkeyPatch, folder: Path, **scripts: str) -> None:
    """Let nothing but `scripts` be found on the path."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


# Choosing a device


@pytest.mark.parametrize(
    ("wanted", "device"),
    [(None, CARD), ("usb pnp", USB), ("Scarlett", CARD), ("PULSE", PULSE), (USB.name, USB)],
)
def test_device_is_found_by_name_or_part(wanted: str | None, device: Device) -> None:
    assert find_device(DEVICES, wanted) is device


def test_exact_name_wins_over_a_part() -> None:
    longer = Device(index=5, name="pulse monitor", rate=44_100, channels=2, default=False)
    assert find_device([longer, PULSE], "pulse") is PULSE


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
        find_device(devices, wanted)
    assert "\n" not in str(error.value)


# The microphone


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


def test_what_a_late_reader_missed_is_counted_at_the_engine_rate(install: Any) -> None:
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
    with pytest.raises(SourceError, match=r"cannot be opened \(.*Device unavailable\): close other") as error:
        next(MicrophoneSource(None, 22_050).blocks())
    assert "\n" not in str(error.value)


def test_microphone_that_never_delivers_is_one_line(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.sources.microphone.SILENT_S", 0.0)
    install(DEVICES)
    with pytest.raises(SourceError, match="stopped delivering"):
        list(MicrophoneSource(None, 22_050).blocks())


@pytest.mark.usefixtures("no_portaudio")
def test_microphone_without_portaudio_names_the_package() -> None:
    with pytest.raises(SourceError, match="apt install libportaudio2"):
        next(MicrophoneSource(None, 22_050).blocks())


# The list


def test_stable_name_leaves_out_where_the_device_is_plugged() -> None:
    assert stable_name(USB, DEVICES) == "USB PnP Sound Device: Audio"
    twin = Device(index=3, name="USB PnP Sound Device: Audio (hw:3,0)", rate=44_100, channels=1, default=False)
    assert stable_name(USB, [*DEVICES, twin]) == USB.name
    assert stable_name(PULSE, DEVICES) == "pulse"


def test_inputs_are_listed_with_what_to_type(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(DEVICES)
    tools(monkeypatch, tmp_path / "bin", parec="")
    inputs = list_inputs()
    assert [(one.type_this, one.rate, one.channels) for one in inputs] == [
        ("'mic:USB PnP Sound Device: Audio'", 44_100, 1),
        ("mic", 48_000, 2),
        ("mic:pulse", 44_100, 32),
        ("playback", 44_100, 1),
    ]
    assert [one.default for one in inputs] == [False, True, False, True]
    assert all(one.problem is None for one in inputs)


@pytest.mark.usefixtures("no_portaudio")
def test_without_portaudio_the_list_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tools(monkeypatch, tmp_path / "bin", **{"pw-record": ":"})
    microphone, played = list_inputs()
    assert microphone.problem is not None
    assert "apt install libportaudio2" in microphone.problem
    assert (played.name, played.problem) == ("what this machine plays (through pw-record)", None)


def test_without_devices_and_tools_the_list_says_so(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install([])
    tools(monkeypatch, tmp_path / "bin")
    microphone, played = list_inputs()
    assert "none was found" in cast(str, microphone.problem)
    assert "apt install pulseaudio-utils" in cast(str, played.problem)


def test_list_is_shown_as_a_table() -> None:
    inputs = [
        Input("Mic [1]", "microphone", 44_100, 1, default=True, type_this="mic"),
        Input("–", "playback", 0, 0, default=False, type_this="", problem="apt install it"),
    ]
    out = io.StringIO()
    Console(width=100, color_system=None, file=out).print(render(inputs))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["Mic", "[1]", "(default)", "microphone", "44.1", "kHz", "1", "mic"]
    assert lines[2] == ["–", "playback", "apt", "install", "it"]


# Doctor


def by_name(model: Path | None = None) -> dict[str, Check]:
    """Return the checks but those of titles and history, which have tests of their own."""
    checks = {check.name: check for check in run_checks(model) if not check.name.startswith(("titles", "history"))}
    for check in checks.values():
        assert "\n" not in check.detail + check.fix
        assert check.fix or check.ok is not False, check
    return checks


class SelfTested:
    runtime = "a runtime 1.0"

    def self_test(self) -> float:
        return 0.004


@pytest.mark.parametrize(
    ("amplitude", "word"), [(0.0, "silent"), (1e-5, "silent"), (1e-3, "too quiet"), (0.1, "fine"), (3.0, "clipping")]
)
def test_level_words(amplitude: float, word: str) -> None:
    tone = amplitude * np.sin(np.arange(22_050) * 0.2).astype(np.float32)
    dbfs, told = level_word(np.clip(tone, -1, 1))
    assert told == word
    if word == "fine":
        assert dbfs == pytest.approx(-23.0, abs=0.1)


def test_nothing_heard_is_silent() -> None:
    assert level_word(np.empty(0, np.float32)) == (-120.0, "silent")


def test_doctor_where_all_is_well(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(classifier, "load_classifier", lambda _model: SelfTested())
    tone = 0.1 * np.sin(np.arange(96_000) * 0.05).astype(np.float32)
    install(DEVICES, [(np.stack([tone, tone], axis=1), False)])
    tools(monkeypatch, tmp_path / "bin", parec="", pactl="echo 'Server Name: PulseAudio (on PipeWire 1.4.2)'")
    checks = by_name()
    assert list(checks) == [
        *("Python", "model", "files", "PortAudio", "microphone", "input level", "playback", "sound server"),
    ]
    assert all(check.ok for check in checks.values()), checks
    assert "a runtime 1.0" in checks["model"].detail
    assert "reads WAV, FLAC, OGG, MP3" in checks["files"].detail
    assert checks["input level"].detail == f"mic:{CARD.name} gives -23 dBFS: fine"
    assert checks["sound server"].detail == "PulseAudio (on PipeWire 1.4.2)"


@pytest.mark.usefixtures("no_portaudio")
def test_doctor_where_nothing_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(_model: Path | None) -> None:
        raise RuntimeMissingError("no TFLite runtime works here")

    monkeypatch.setattr(classifier, "load_classifier", missing)
    tools(monkeypatch, tmp_path / "bin")
    checks = by_name()
    assert {name: check.ok for name, check in checks.items()} == {
        "Python": True,
        "model": False,
        "files": True,
        "PortAudio": False,
        "input level": None,
        "playback": None,
        "sound server": None,
    }
    assert "apt install libportaudio2" in checks["PortAudio"].fix


def test_doctor_tells_of_a_wrong_model_a_silent_microphone_and_a_dead_server(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_model: Path | None) -> None:
        raise ModelError("the model's hash does not match")

    monkeypatch.setattr(classifier, "load_classifier", broken)
    monkeypatch.setattr(doctor, "ANSWER_S", 0.2)
    install(DEVICES, [(np.zeros((96_000, 2), np.float32), False)])
    script = "echo 'Connection failure: Connection refused' >&2; exit 1"
    tools(monkeypatch, tmp_path / "bin", pactl=script, **{"pw-cli": "exec /bin/sleep 5"})
    checks = by_name(tmp_path / "other.tflite")
    assert checks["model"].detail == "the model's hash does not match"
    assert "silent" in checks["input level"].detail
    assert "alsamixer" in checks["input level"].fix
    assert checks["sound server"].ok is None
    assert checks["sound server"].detail == "pw-cli: no answer in 0.2 s"


@pytest.mark.usefixtures("portaudio")
def test_doctor_listens_to_a_real_server(sound_server: SoundServer) -> None:
    """In a child: PortAudio looks at the devices once in a process."""
    code = (
        "from paces_live.doctor import run_checks\n"
        "for check in run_checks():\n"
        "    print(check.name, check.ok, check.detail)"
    )
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, env=sound_server.env, capture_output=True, text=True, check=True)
    assert told.stderr == ""
    lines = told.stdout.splitlines()
    assert lines[3].startswith("PortAudio True PortAudio V")
    assert lines[4] == "microphone True pulse, default; the default is default at 44100 Hz"
    assert lines[5] == "input level False mic:default gives -120 dBFS: silent"
    assert lines[6:8] == ["playback True captured with parec", "sound server True pulseaudio"]
