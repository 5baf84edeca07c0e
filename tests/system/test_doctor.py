"""The checks of doctor: if all is well, if nothing is installed, and with a real sound server."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from paces_live.analysis import classifier
from paces_live.analysis.level import level_status
from paces_live.cli.doctor import FOR, doctor
from paces_live.cli.main import app
from paces_live.errors import ModelError, RuntimeMissingError
from paces_live.sources import devices, libsndfile, pulse
from paces_live.system.doctor import USES, Check, run_checks
from paces_live.system.doctor import sound as soundcheck
from tests.support.schemas import validated
from tests.support.soundfakes import CARD, DEVICES, install, no_portaudio, pactl, tools
from tests.support.soundserver import SoundServer, portaudio, sound_server

__all__ = ["install", "no_portaudio", "portaudio", "sound_server"]


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no MPD and no Bluetooth of the machine be found."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.setattr(devices, "MPD_CONFIGURATIONS", ())


def by_name(model: Path | None = None) -> dict[str, Check]:
    """Return the checks except those of tracks, the history and sensors, which have tests of their own."""
    elsewhere = ("tracks", "history", "sensors")
    checks = {check.name: check for check in run_checks(model) if not check.name.startswith(elsewhere)}
    for check in checks.values():
        assert "\n" not in check.detail + check.fix
        assert "paces-live doctor" not in check.detail + check.fix
        assert check.fix or check.ok is not False, check
    return checks


class SelfTested:
    runtime = "a runtime 1.0"

    def self_test(self) -> float:
        return 0.004


@pytest.mark.parametrize(
    ("amplitude", "word"), [(0.0, "silent"), (1e-5, "silent"), (1e-3, "too_quiet"), (0.1, "ok"), (3.0, "clipping")]
)
def test_level_statuses(amplitude: float, word: str) -> None:
    tone = amplitude * np.sin(np.arange(22_050) * 0.2).astype(np.float32)
    dbfs, status = level_status(np.clip(tone, -1, 1))
    assert status == word
    if word == "ok":
        assert dbfs == pytest.approx(-23.0, abs=0.1)


def test_no_samples_are_silent() -> None:
    assert level_status(np.empty(0, np.float32)) == (-120.0, "silent")


def test_doctor_without_a_problem(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(classifier, "load_classifier", lambda _model: SelfTested())
    tone = 0.1 * np.sin(np.arange(96_000) * 0.05).astype(np.float32)
    install(DEVICES, [(np.stack([tone, tone], axis=1), False)])
    folder = tools(monkeypatch, tmp_path / "bin", parec="exec /bin/cat /dev/zero")
    pactl(folder, "hdmi", "usb")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "mpd.conf").write_text(f'audio_output {{\ntype "fifo"\nname "x"\npath "{tmp_path}/pipe"\n}}\n')
    monkeypatch.setattr(devices, "MPD_CONFIGURATIONS", (str(tmp_path / "mpd.conf"),))
    checks = by_name()
    assert list(checks) == [
        *("system", "Python", "model", "files", "radio", "PortAudio", "microphone", "input level", "sound card"),
        *("sound server", "monitor", "outputs", "player", "listening"),
    ]
    assert all(check.ok for check in checks.values()), checks
    assert "a runtime 1.0" in checks["model"].detail
    assert "decodes them" in checks["files"].detail
    assert (
        checks["listening"].detail == "you can listen to a microphone, what this machine plays, files, radio stations"
    )
    assert checks["input level"].detail == f"mic:{CARD.name} gives -23 dBFS: fine"
    assert checks["sound server"].detail == "fake"
    assert checks["monitor"].detail == "captured with parec, -120 dBFS: silent"
    assert checks["outputs"].detail == "hdmi, usb: listen to one with --input monitor:NAME"
    assert checks["player"].detail == f"MPD: x: listen with --input fifo:{tmp_path}/pipe"


@pytest.mark.usefixtures("no_portaudio")
def test_doctor_if_nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(_model: Path | None) -> None:
        raise RuntimeMissingError("no TFLite runtime works here")

    monkeypatch.setattr(classifier, "load_classifier", missing)
    tools(monkeypatch, tmp_path / "bin")
    monkeypatch.setitem(sys.modules, "av", None)
    checks = by_name()
    assert {name: check.ok for name, check in checks.items()} == {
        "system": True,
        "Python": True,
        "model": False,
        "files": True,
        "radio": None,
        "PortAudio": None,
        "input level": None,
        "sound server": None,
        "monitor": None,
        "listening": False,
    }
    assert "apt install libportaudio2" in checks["PortAudio"].fix
    assert checks["files"].detail == libsndfile.MISSING
    assert "apt install pulseaudio-utils" in checks["monitor"].fix
    assert "Lite: sudo apt install pipewire-audio pulseaudio-utils" in checks["sound server"].fix


def test_doctor_reports_a_wrong_model_a_silent_microphone_and_a_dead_server(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_model: Path | None) -> None:
        raise ModelError("the model's hash does not match", hint="reinstall both")

    monkeypatch.setattr(classifier, "load_classifier", broken)
    monkeypatch.setattr(soundcheck, "ANSWER_S", 0.2)
    monkeypatch.setattr(pulse, "ANSWER_S", 0.2)
    install(DEVICES, [(np.zeros((96_000, 2), np.float32), False)])
    tools(monkeypatch, tmp_path / "bin", parec=":", pactl="exec /bin/sleep 5")
    checks = by_name(tmp_path / "other.tflite")
    assert checks["model"].detail == "the model's hash does not match"
    assert "silent" in checks["input level"].detail
    assert "alsamixer" in checks["input level"].fix
    assert checks["sound server"].ok is None
    assert checks["sound server"].detail == "the sound server gave no answer in 0.2 s"
    assert checks["monitor"].ok is None


@pytest.mark.parametrize(
    ("script", "ok", "detail"),
    [
        ("echo '  id: 0'", True, "PipeWire"),
        ("exec /bin/sleep 5", False, "pw-cli: no answer in 0.2 s"),
        ("echo 'Error: host is down' >&2; exit 1", False, "pw-cli: Error: host is down"),
    ],
)
def test_doctor_asks_pipewire_if_pulseaudio_has_no_tools(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, ok: bool | None, detail: str
) -> None:
    install([])
    monkeypatch.setattr(soundcheck, "ANSWER_S", 0.2)
    tools(monkeypatch, tmp_path / "bin", **{"pw-cli": script})
    check = next(check for check in soundcheck.sound_checks() if check.name == "sound server")
    assert (check.ok, check.detail) == (ok, detail)


def test_doctor_as_json(install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    install([])
    tools(monkeypatch, tmp_path / "bin")
    doctor(json=True)
    checks = {check["name"]: check for check in map(validated, capsys.readouterr().out.splitlines())}
    assert (checks["microphone"]["ok"], checks["microphone"]["needed_for"]) == (None, ["mic"])
    assert checks["Python"] == {"type": "check", "name": "Python", "ok": True, "fix": ""} | {
        "detail": checks["Python"]["detail"],
        "needed_for": ["mic", "monitor", "files", "radio", "play"],
    }


def test_every_use_can_be_asked_for() -> None:
    """The command names them itself, because importing the checks is slow."""
    assert ("everything", *USES) == FOR


def test_a_machine_without_a_microphone_can_listen_to_files(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install([])
    tools(monkeypatch, tmp_path / "bin")
    checks = by_name()
    assert not [check for check in checks.values() if check.ok is False]
    assert checks["listening"].detail == (
        "you can listen to files, radio stations, but not to a microphone or what this machine plays"
    )


@pytest.mark.parametrize(
    ("use", "fails", "others"),
    [
        ("mic", ["microphone"], {"PortAudio", "input level"}),
        ("monitor", ["sound server"], {"monitor"}),
        ("playback", ["sound server"], {"monitor"}),
        ("play", ["sound card"], {"files", "PortAudio"}),
        ("files", [], {"files"}),
        ("radio", [], {"radio"}),
    ],
)
def test_doctor_for_one_use_checks_what_it_needs_and_nothing_else(
    install: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, use: str, fails: list[str], others: set[str]
) -> None:
    install([])
    tools(monkeypatch, tmp_path / "bin", parec=":", pactl="exit 1")
    done = CliRunner().invoke(app, ["doctor", "--json", "--for", use])
    checks = {check["name"]: check["ok"] for check in map(validated, done.stdout.splitlines())}
    assert [name for name, ok in checks.items() if ok is False] == fails
    assert checks.keys() == {"system", "Python", "model", *fails, *others}
    assert done.exit_code == bool(fails)


@pytest.mark.usefixtures("portaudio")
def test_doctor_listens_to_a_real_server(sound_server: SoundServer) -> None:
    """In a child: PortAudio lists the devices once in a process."""
    code = (
        "from paces_live.system.doctor import run_checks\n"
        "for check in run_checks():\n"
        "    print(check.name, check.ok, check.detail)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=sound_server.env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[5].startswith("PortAudio True PortAudio V")
    assert lines[6:12] == [
        "microphone True pulse, music, other, default; the default is default at 44100 Hz",
        "input level None mic:default gives -120 dBFS: silent",
        "sound card True pulse, music, other, default; the default is default at 44100 Hz",
        "sound server True pulseaudio",
        "monitor True captured with parec, -120 dBFS: silent",
        "outputs True music: listen to one with --input monitor:NAME",
    ]
