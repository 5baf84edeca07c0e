"""The checks of players and of the history."""

import importlib.util
from pathlib import Path

import pytest

from paces_live.errors import pip_install
from paces_live.system.doctor.tracks import history_check, now_playing_checks
from tests.support.history import kept
from tests.support.players import MPRIS, MPRIS_PATH, Bus, Mpd, bus, mpd_daemon, mpris_player

__all__ = ["bus", "kept", "mpd_daemon"]


def test_doctor_asks_the_players(bus: Bus, mpd_daemon: Mpd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.system.doctor.tracks.ANSWER_S", 0.2)
    monkeypatch.setenv("MPD_HOST", str(mpd_daemon.socket))
    bus.connect(f"{MPRIS}.first", MPRIS_PATH, mpris_player("Playing", title="One"))
    checks = [(check.name, check.ok, check.detail) for check in now_playing_checks()]
    assert checks == [
        ("tracks from mpris", True, "plays One"),
        ("tracks from bluetooth", True, "nothing plays"),
        ("tracks from mpd", True, "nothing plays"),
    ]
    bus.stop()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mpd" else name)
    _, bluetooth, mpd = now_playing_checks()
    assert (bluetooth.ok, "does not answer" in bluetooth.detail) == (None, True)
    assert bluetooth.fix == "apt install bluez, then: systemctl start bluetooth"
    assert (mpd.ok, mpd.fix) == (None, pip_install("python-mpd2"))


def test_doctor_checks_the_history(kept: Path) -> None:
    assert (history_check().ok, history_check().detail) == (True, f"3 songs heard, kept in {kept}")
    kept.write_bytes(b"dear diary")
    assert (history_check().ok, "XDG_STATE_HOME" in history_check().fix) == (None, True)
    kept.unlink()
    assert (history_check().ok, kept.exists()) == (True, False)
