"""Choosing a device, the microphone against a stand-in for PortAudio, and the list of inputs."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from paces_live.cli.devices import devices as devices_command
from paces_live.errors import SourceError
from paces_live.sources import MicrophoneSource, devices, reconnect
from paces_live.sources.devices import Input, list_inputs, mpd_pipes, render
from paces_live.sources.microphone import Device, find_device, stable_name
from tests.support.soundfakes import CARD, DEVICES, PULSE, USB, install, no_portaudio, pactl, tools

__all__ = ["install", "no_portaudio"]


@pytest.fixture(autouse=True)
def no_mpd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no MPD of the machine be found."""
    monkeypatch.setattr(devices, "MPD_CONFIGURATIONS", ())


# Choosing a device


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        *((None, CARD), ("usb pnp", USB), ("Scarlett", CARD), ("PULSE", PULSE), (USB.name, USB)),
        ("USB PnP Sound Device: Audio (hw:7,0)", USB),  # as it was called where it was plugged before
    ],
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
    with pytest.raises(SourceError, match=r"cannot be opened \(Device unavailable\): close other") as error:
        next(MicrophoneSource(None, 22_050).blocks())
    assert "\n" not in str(error.value)


def test_microphone_that_never_delivers_is_one_line(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.sources.microphone.SILENT_S", 0.0)
    install(DEVICES)
    with pytest.raises(SourceError, match="stopped delivering"):
        list(MicrophoneSource(None, 22_050).blocks())


@pytest.mark.parametrize(("has", "opened"), [(1, 1), (2, 2), (6, 6), (8, 8), (32, 2), (128, 2)])
def test_microphone_opens_at_most_what_the_device_has(install: Any, has: int, opened: int) -> None:
    fake = install([replace(USB, channels=has)], [(np.full((4_410, opened), 0.25, np.float32), False)])
    blocks = MicrophoneSource("USB", USB.rate).blocks()
    np.testing.assert_array_equal(next(blocks).samples, np.full(4_410, 0.25, np.float32))
    blocks.close()
    assert fake.opened["channels"] == opened


def test_microphone_that_is_unplugged_is_found_again_elsewhere(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default device goes; another is the default until it comes back, at another place."""
    monkeypatch.setattr(reconnect, "BACKOFF_S", (0.05,))
    there = replace(USB, default=True)
    other = replace(CARD, default=True)
    fake = install([there], [(numbered(0, 500, 1), False)])
    source = MicrophoneSource(None, USB.rate)
    blocks = source.blocks()
    assert len(next(blocks).samples) == 500
    fake.plugged, fake.active = [other], False
    while source.note is None:
        next(blocks)
    assert source.note == "microphone is gone, trying again in 0.05 s"
    for _ in range(3):
        assert len(next(blocks).samples) == 0
    fake.plugged, fake.active = [other, replace(USB, index=9, name="USB PnP Sound Device: Audio (hw:3,0)")], True
    while not len((block := next(blocks)).samples):
        pass
    assert block.dropped > 0
    assert source.note is None
    assert fake.opened["device"] == 9
    assert source.name == "mic:USB PnP Sound Device: Audio (hw:3,0)"
    blocks.close()


@pytest.mark.usefixtures("no_portaudio")
def test_microphone_without_portaudio_names_the_package() -> None:
    with pytest.raises(SourceError, match="apt install libportaudio2"):
        next(MicrophoneSource(None, 22_050).blocks())


# The list


def test_stable_name_leaves_out_where_the_device_is_plugged() -> None:
    names = [device.name for device in DEVICES]
    assert stable_name(USB.name, names) == "USB PnP Sound Device: Audio"
    assert stable_name(USB.name, [*names, "USB PnP Sound Device: Audio (hw:3,0)"]) == USB.name
    assert stable_name(PULSE.name, names) == "pulse"


def test_inputs_are_listed_with_what_to_type(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(DEVICES)
    folder = tools(monkeypatch, tmp_path / "bin", parec="")
    pactl(folder, "hdmi", "usb.analog", players=("Music Player", "Music Player", "Firefox"))
    inputs = list_inputs()
    assert [(one.kind, one.spec, one.rate, one.channels, one.default) for one in inputs] == [
        ("microphone", "mic:USB PnP Sound Device: Audio", 44_100, 1, False),
        ("microphone", "mic", 48_000, 2, True),
        ("microphone", "mic:pulse", 44_100, 32, False),
        ("playback", "playback", 48_000, 2, True),
        ("playback", "playback:usb.analog", 48_000, 2, False),
        ("player", "player:Music Player", 44_100, 1, False),
        ("player", "player:Firefox", 44_100, 1, False),
    ]
    assert all(one.problem is None for one in inputs)


@pytest.mark.usefixtures("no_portaudio")
def test_without_portaudio_the_list_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tools(monkeypatch, tmp_path / "bin", **{"pw-record": ":"})
    microphone, played = list_inputs()
    assert microphone.problem is not None
    assert "apt install libportaudio2" in microphone.problem
    assert (played.name, played.problem) == ("default output (through pw-record)", None)


def test_without_devices_and_tools_the_list_says_so(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install([])
    tools(monkeypatch, tmp_path / "bin")
    microphone, played = list_inputs()
    assert "none was found" in cast(str, microphone.problem)
    assert "apt install pulseaudio-utils" in cast(str, played.problem)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (
            "echo 'Connection failure: Connection refused' >&2; exit 1",
            "does not answer .Connection failure",
        ),
        ("echo 'Server Name: old'", "does not answer in JSON: install version 16"),
    ],
)
def test_server_that_does_not_answer_is_told_of_once(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, problem: str
) -> None:
    install(DEVICES)
    tools(monkeypatch, tmp_path / "bin", parec="", pactl=script)
    *_, played = list_inputs()
    assert len(list_inputs()) == len(DEVICES) + 1
    with pytest.raises(SourceError, match=problem):
        raise SourceError(played.problem)


def test_pipes_that_mpd_is_configured_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "one")
    os.mkfifo(tmp_path / "two")
    (tmp_path / "mpd.conf").write_text(f"""
        #audio_output {{
        #   type "fifo"
        #   path "/nowhere"
        #}}
        audio_output {{
            type "pulse"
            name "sound"
        }}
        audio_output {{
            type "fifo"
            name "for others"
            path "{tmp_path}/one"
        }}
        audio_output {{
            type "fifo"
            name "odd"
            path "{tmp_path}/two"
            format "48000:f:1"
        }}
        audio_output {{
            type "fifo"
            name "deep"
            path "{tmp_path}/two"
            format "44100:24:2"
        }}
        audio_output {{
            type "fifo"
            name "none"
            path "{tmp_path}/three"
        }}
    """)
    monkeypatch.setattr(devices, "MPD_CONFIGURATIONS", (str(tmp_path / "missing"), str(tmp_path / "mpd.conf")))
    pipes = list(mpd_pipes())
    assert [(one.name, one.rate, one.channels, one.spec, one.options) for one in pipes[:2]] == [
        ("MPD: for others", 44_100, 2, f"fifo:{tmp_path}/one", ""),
        ("MPD: odd", 48_000, 1, f"fifo:{tmp_path}/two", "--rate 48000 --format f32le --channels 1"),
    ]
    assert [one.problem for one in pipes] == [
        *(None, None),
        'write format "44100:16:2" into this output in mpd.conf',
        f"{tmp_path}/three is not there: start MPD",
    ]


def test_list_is_shown_as_a_table() -> None:
    inputs = [
        Input("Mic [1]", "microphone", 44_100, 1, default=True, spec="mic"),
        Input("MPD", "player", 0, 0, default=False, spec="fifo:/tmp/a b", options="--channels 1"),
        Input("–", "playback", 0, 0, default=False, spec="", problem="apt install it"),
    ]
    out = io.StringIO()
    Console(width=100, color_system=None, file=out).print(render(inputs))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["Mic", "[1]", "(default)", "microphone", "44.1", "kHz", "1", "mic"]
    assert lines[2] == ["MPD", "player", "'fifo:/tmp/a", "b'", "--channels", "1"]
    assert lines[3] == ["–", "playback", "apt", "install", "it"]


def test_list_as_json(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    install(DEVICES)
    tools(monkeypatch, tmp_path / "bin")
    devices_command(json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["spec"] for one in told] == ["mic:USB PnP Sound Device: Audio", "mic", "mic:pulse", ""]
    assert told[0] == {
        "type": "input",
        "name": USB.name,
        "kind": "microphone",
        "rate": 44_100,
        "channels": 1,
        "default": False,
        "spec": "mic:USB PnP Sound Device: Audio",
        "options": "",
        "problem": None,
    }
