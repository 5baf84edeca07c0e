"""The list of inputs."""

import io
import os
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from paces_live.cli.devices import devices as devices_command
from paces_live.errors import SourceError
from paces_live.render.devices import inputs_table
from paces_live.sources import devices
from paces_live.sources.devices import ListedInput, list_inputs, mpd_pipes
from tests.support.schemas import validated
from tests.support.soundfakes import DEVICES, USB, install, no_portaudio, pactl, tools

__all__ = ["install", "no_portaudio"]


@pytest.fixture(autouse=True)
def no_mpd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no MPD of the machine be found."""
    monkeypatch.setattr(devices, "MPD_CONFIGURATIONS", ())


def test_inputs_are_listed_with_their_specs(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(DEVICES)
    folder = tools(monkeypatch, tmp_path / "bin", parec="")
    pactl(folder, "hdmi", "usb.analog", players=("Music Player", "Music Player", "Firefox"))
    inputs = list_inputs()
    assert [(one.kind, one.spec, one.rate, one.channels, one.default) for one in inputs] == [
        ("microphone", "mic:USB PnP Sound Device: Audio", 44_100, 1, False),
        ("microphone", "mic", 48_000, 2, True),
        ("microphone", "mic:pulse", 44_100, 32, False),
        ("monitor", "monitor", 48_000, 2, True),
        ("monitor", "monitor:usb.analog", 48_000, 2, False),
        ("player", "player:Music Player", 44_100, 1, False),
        ("player", "player:Firefox", 44_100, 1, False),
    ]
    assert all(one.problem is None for one in inputs)


@pytest.mark.usefixtures("no_portaudio")
def test_without_portaudio_the_list_reports_it_and_continues(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tools(monkeypatch, tmp_path / "bin", **{"pw-record": ":"})
    microphone, played = list_inputs()
    assert microphone.problem is not None
    assert "apt install libportaudio2" in microphone.problem
    assert (played.name, played.problem) == ("default output (through pw-record)", None)


def test_without_devices_and_tools_the_list_reports_it(
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
def test_a_server_that_does_not_answer_is_listed_once(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, problem: str
) -> None:
    install(DEVICES)
    tools(monkeypatch, tmp_path / "bin", parec="", pactl=script)
    *_, played = list_inputs()
    assert len(list_inputs()) == len(DEVICES) + 1
    with pytest.raises(SourceError, match=problem):
        raise SourceError(str(played.problem))


def test_pipes_in_the_configuration_of_mpd_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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
        f"{tmp_path}/three does not exist: start MPD",
    ]


def test_list_is_shown_as_a_table() -> None:
    inputs = [
        ListedInput("Mic [1]", "microphone", 44_100, 1, default=True, spec="mic"),
        ListedInput("MPD", "player", 0, 0, default=False, spec="fifo:/tmp/a b", options="--channels 1"),
        ListedInput("–", "monitor", 0, 0, default=False, spec="", problem="apt install it"),
    ]
    out = io.StringIO()
    Console(width=100, color_system=None, file=out).print(inputs_table(inputs))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["Mic", "[1]", "(default)", "microphone", "44.1", "kHz", "1", "mic"]
    assert lines[2] == ["MPD", "player", "'fifo:/tmp/a", "b'", "--channels", "1"]
    assert lines[3] == ["–", "monitor", "apt", "install", "it"]


def test_list_as_json(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    install(DEVICES)
    tools(monkeypatch, tmp_path / "bin")
    devices_command(json=True)
    records = [validated(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["spec"] for one in records] == ["mic:USB PnP Sound Device: Audio", "mic", "mic:pulse", ""]
    assert records[0] == {
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
