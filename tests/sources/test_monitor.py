"""Monitors and players on doubles of the capture tools: how an output is chosen, and one line for each fault."""

import os
from pathlib import Path

import pytest

from paces_live.errors import SourceError
from tests.support.soundfakes import pactl, tool
from tests.support.sources import SESSION_RATE, heard, one_line, open_source


def test_a_monitor_without_a_tool_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="apt install pulseaudio-utils") as error:
        heard(open_source("monitor", sample_rate=SESSION_RATE))
    one_line(error)


def test_a_monitor_reports_the_last_line_of_a_tool_that_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "parec", "echo warming up >&2; echo 'Connection failure: Connection refused' >&2; exit 1")
    pactl(tmp_path, "music")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=r"parec ended \(Connection failure: Connection refused\)") as error:
        heard(open_source("monitor", sample_rate=SESSION_RATE))
    one_line(error)


@pytest.mark.parametrize("raw", [False, True])
def test_pw_record_is_the_second_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, raw: bool) -> None:
    help_text = "echo '  -a, --raw  RAW mode'" if raw else ":"
    tool(tmp_path, "pw-record", f'if [ "$1" = --help ]; then {help_text}; exit; fi; echo "$@" >&2')
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"stream\.capture\.sink=true") as error:
        heard(open_source("monitor", sample_rate=SESSION_RATE))
    assert ("--raw" in str(error.value)) == raw
    with pytest.raises(SourceError, match="monitor:music needs parec and pactl: apt install pulseaudio-utils"):
        heard(open_source("monitor:music", sample_rate=SESSION_RATE))


def test_a_monitor_ends_its_tools_when_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "parec", f"echo $$ > {tmp_path}/pid; exec cat /dev/zero")
    pactl(tmp_path, "music")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    blocks = open_source("monitor", sample_rate=SESSION_RATE).blocks()
    next(blocks)
    blocks.close()
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("monitor:usb", "no output is called 'usb': choose one of: hdmi, headphones, headset"),
        ("monitor:head", "several outputs are called 'head': give more of the name of one of: headphones, headset"),
        ("player:Spotify", "no player is called 'Spotify': start it first; playing now: none"),
    ],
)
def test_an_unknown_or_ambiguous_output_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str, message: str
) -> None:
    tool(tmp_path, "parec", "exit 1")
    pactl(tmp_path, "hdmi", "headphones", "headset")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=message) as error:
        heard(open_source(spec, sample_rate=SESSION_RATE))
    one_line(error)


@pytest.mark.parametrize(
    ("spec", "monitor"),
    [("monitor", "hdmi"), ("monitor:PHONE", "headphones"), ("monitor:headset.monitor", "headset")],
)
def test_output_is_found_by_name_or_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str, monitor: str
) -> None:
    tool(tmp_path, "parec", 'echo "$@" >&2')
    pactl(tmp_path, "hdmi", "headphones", "headset")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=f"--device={monitor}.monitor "):
        heard(open_source(spec, sample_rate=SESSION_RATE))
