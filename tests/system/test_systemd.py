"""The units for headless systems: systemd accepts them, and the files that they name exist."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest

from paces_live.errors import PacesError, UsageError
from paces_live.storage import APP

ROOT = Path(__file__).parents[2]
UNITS = {
    "paces-live.service": "--system",
    "paces-live-serve.service": "--system",
    "paces-live-user.service": "--user",
}
SYSTEM_UNITS = [name for name, manager in UNITS.items() if manager == "--system"]
PROGRAM = "/opt/paces-live/bin/paces-live"
EXPOSURE = 2.0
"""Highest exposure, of 10: `systemd-analyze security` calls 2 and more OK, and less safe."""


def service(name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "systemd" / name, "utf-8")
    return dict(parser["Service"])


@pytest.fixture
def analyze(tmp_path: Path) -> Path:
    """Return a folder with the units, which start a program that this machine has."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt install systemd")
    for name in UNITS:
        text = (ROOT / "systemd" / name).read_text("utf-8")
        assert PROGRAM in text
        (tmp_path / name).write_text(text.replace(PROGRAM, sys.executable), "utf-8")
    return tmp_path


def systemd_analyze(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"}
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_every_line(analyze: Path, name: str) -> None:
    done = systemd_analyze(analyze, "verify", "--man=no", UNITS[name], str(analyze / name))
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if name in line]
    assert not complaints
    assert done.returncode == 0, done.stderr


def test_systemd_rejects_a_mistake(analyze: Path) -> None:
    unit = analyze / "paces-live.service"
    unit.write_text(unit.read_text("utf-8").replace("ProtectSystem=strict", "ProtectSistem=strict"), "utf-8")
    assert "ProtectSistem" in systemd_analyze(analyze, "verify", "--man=no", str(unit)).stderr


@pytest.mark.parametrize("name", SYSTEM_UNITS)
def test_a_system_unit_is_sandboxed(analyze: Path, name: str) -> None:
    arguments = ("security", "--offline=yes", f"--threshold={round(10 * EXPOSURE)}", "--no-pager")
    done = systemd_analyze(analyze, *arguments, str(analyze / name))
    assert done.returncode == 0, done.stdout + done.stderr
    (exposure,) = re.findall(r"Overall exposure level .*: ([\d.]+)", done.stdout)
    assert float(exposure) < EXPOSURE


@pytest.mark.parametrize("name", UNITS)
def test_units_have_a_watchdog_and_restart(name: str) -> None:
    settings = service(name)
    assert (settings["Type"], settings["Restart"]) == ("notify", "on-failure")
    assert int(settings["WatchdogSec"]) >= 10
    assert settings["RestartPreventExitStatus"] == str(UsageError.exit_status) != str(PacesError.exit_status)


@pytest.mark.parametrize("name", UNITS)
def test_units_have_valid_command_lines(name: str) -> None:
    program, *arguments = shlex.split(service(name)["ExecStart"])
    assert program == PROGRAM
    # What follows is only heard where all before it was understood.
    command = [sys.executable, "-m", "paces_live", *arguments, "--model", "nowhere.tflite"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "nowhere" in done.stderr) == (1, True), done.stderr


def test_the_server_keeps_everything_in_its_own_folder() -> None:
    """The manager makes it, and replaces ``%S`` by the folder above."""
    text = (ROOT / "systemd" / "paces-live-serve.service").read_text("utf-8")
    variables = dict(re.findall(r"(XDG_\w+)=(\S+)", text))
    above = {"XDG_STATE_HOME": "%S", "XDG_CONFIG_HOME": "%S"}
    assert variables == above
    assert service("paces-live-serve.service")["StateDirectory"] == APP


@pytest.mark.parametrize("name", SYSTEM_UNITS)
def test_a_system_unit_hears_the_device_that_its_configuration_defines(tmp_path: Path, name: str) -> None:
    """With ALSA's null device in the card's place, for there may be no card."""
    if find_library("portaudio") is None:
        pytest.skip("PortAudio is not installed: apt install libportaudio2")
    text = (ROOT / "systemd" / "asound.conf").read_text("utf-8")
    real = "        type hw\n        card Device\n"
    assert real in text
    (tmp_path / "asound.conf").write_text(text.replace(real, "        type null\n"), "utf-8")
    unit = service(name)
    assert "ALSA_CONFIG_PATH=/etc/paces-live/asound.conf" in unit["Environment"].split()
    done = subprocess.run(
        [sys.executable, "-m", "paces_live", "devices"],
        env=os.environ | {"ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (microphone,) = (line.split() for line in done.stdout.splitlines() if "microphone" in line)
    assert microphone[-1] == shlex.split(unit["ExecStart"])[3] == "mic"


def test_the_document_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "raspberry-pi.md").read_text("utf-8")
    named = set(re.findall(r"\b(?:systemd|requirements)/[\w-]+(?:\.\w+)+", text))
    assert {f"systemd/{name}" for name in UNITS} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []
