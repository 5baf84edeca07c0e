"""The command ``listen`` with the tracks of files and players."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli import main as cli
from paces_live.errors import pip_install
from paces_live.now_playing.providers import CHOICES
from tests.support.players import Mpd, mpd_daemon, tagged
from tests.support.schemas import validated

__all__ = ["mpd_daemon"]


def listen(*args: str) -> Result:
    return CliRunner(env={"TERM": "dumb"}).invoke(cli.app, ["listen", *args])


@pytest.mark.slow
def test_listening_to_a_file_with_the_tracks_of_mpd(mpd_daemon: Mpd, tmp_path: Path) -> None:
    music = tagged(tmp_path / "a.flac", seconds=2.2, title="What the tags say")
    with mpd_daemon.client() as client:
        client.play(1)
    done = listen("-i", str(music), "--now-playing", f"mpd:{mpd_daemon.socket}", "--json")
    assert done.exit_code == 0
    events = [validated(line) for line in done.stdout.splitlines()]
    track = [event["track"] for event in events if event["type"] == "reading"][-1]
    assert (track["artist"], track["title"]) == ("The Steps", "Two")
    done = listen("-i", str(music), "--fast", "--json")
    assert '"title": "What the tags say"' in done.stdout


def test_a_missing_watcher_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    music = str(tagged(tmp_path / "a.flac", seconds=1.0))
    done = listen("-i", music, "--now-playing", "winamp")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"paces-live: 'winamp' does not say what is playing: choose {CHOICES}\n"
    monkeypatch.setitem(sys.modules, "mpd", None)
    monkeypatch.delitem(sys.modules, "paces_live.now_playing.mpd", raising=False)
    done = listen("-i", music, "--now-playing", "mpd")
    assert (done.exit_code, done.stdout) == (1, "")
    install = pip_install("python-mpd2")
    assert done.stderr == f"paces-live: --now-playing mpd needs python-mpd2: {install}, or choose --now-playing none\n"
